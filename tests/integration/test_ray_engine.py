"""Features as tasks of a real Ray cluster of two nodes on this machine: equal to the same in this process."""

import warnings

import polars as pl
import pytest

from event_example import AS_OF, event, table
from puhui.batch.engines import in_turn
from puhui.batch.ray_engine import ray_tasks
from puhui.credit.features.files import Job, PartTask, features_of_file, run_part
from puhui.kernel.refusals import Refusal

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'puhui[ray]'")


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each; workers begin with the first task."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own, about what it will do in other versions
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        node = {"num_cpus": 1, "object_store_memory": 100 * 2**20}
        nodes = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        nodes.add_node(**node)
        ray.init(address=nodes.address, log_to_driver=False)
        nodes.wait_for_nodes()
        yield nodes
        ray.shutdown()
        nodes.shutdown()


@pytest.mark.parametrize("address", ["127.0.0.1:1", "somewhere", "ray://127.0.0.1:1"])
def test_a_cluster_that_does_not_answer_is_refused_at_once(address):
    with pytest.raises(Refusal) as refused:
        list(ray_tasks(address)(str, [1]))
    assert refused.value.code == "RAY_UNREACHABLE"
    assert not ray.is_initialized()


def test_two_nodes_make_the_same_features(cluster, tmp_path):
    events = table(
        *(
            event("sale", f"2026-{month:02d}-{day:02d}", 100 * day + month, party=f"P{day}", counterparty=f"C{month}")
            for month in (1, 2, 3)
            for day in range(1, 15)
        )
    )
    source = tmp_path / "events.parquet"
    events.write_parquet(source)
    targets = [tmp_path / "alone.parquet", tmp_path / "cluster.parquet"]
    made = [
        features_of_file(Job(source, target, AS_OF, part_events=10, folder=str(tmp_path)), engine)
        for target, engine in zip(targets, (in_turn, ray_tasks()), strict=True)
    ]
    alone, spread = map(pl.read_parquet, targets)
    assert spread.equals(alone)
    assert alone.height == made[0].parties == made[1].parties == 14

    def where(_task):
        # Long enough that both nodes must take a share.
        import time

        time.sleep(0.2)
        return ray.get_runtime_context().get_node_id()

    nodes = list(ray_tasks()(where, range(12)))
    assert len(set(nodes)) == len(cluster.list_all_nodes()) == 2
    assert ray.is_initialized(), "a cluster that was joined before is not left"

    # what a node refuses is refused here, with its words
    wrong = tmp_path / "wrong.parquet"
    events.drop("consent").write_parquet(wrong)
    task = PartTask((str(wrong),), str(tmp_path / "f.parquet"), AS_OF, ())
    with pytest.raises(Refusal) as refused:
        list(ray_tasks()(run_part, [task]))
    assert refused.value.code == "EVENTS_COLUMNS_WRONG"
    assert "consent" in refused.value.message("en")
    # results come in the order of the tasks
    assert list(ray_tasks()(str, range(7))) == ["0", "1", "2", "3", "4", "5", "6"]
