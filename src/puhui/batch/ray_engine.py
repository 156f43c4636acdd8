"""Tasks on a Ray cluster: one plain task a part, no dataframe engine around it (the extra `ray`).

The parts' files must be seen by every node, at the same paths. Refusals travel as data and are raised here again.
"""

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from types import ModuleType
from typing import Any, TypeVar

from puhui.batch.engines import Engine
from puhui.kernel.refusals import KINDS, Refusal, declare

Given = TypeVar("Given")
Result = TypeVar("Result")

RAY_ABSENT = declare(
    "RAY_ABSENT",
    503,
    "未安装 Ray。请安装可选组件：pip install 'puhui[ray]'，或改用 --engine threads。",
    "Ray is not installed. Install the extra: pip install 'puhui[ray]', or use --engine threads.",
)
RAY_UNREACHABLE = declare(
    "RAY_UNREACHABLE",
    503,
    "无法连接 Ray 集群 {address}：{problem}。请检查地址与集群状态（ray status）。",
    "Cannot reach the Ray cluster {address}: {problem}. Check the address and: ray status.",
)

# Each task has one core, so that its columns are worked on by one thread.
_ONE_THREAD = {"env_vars": {"POLARS_MAX_THREADS": "1"}}
# So many tasks for each core are handed out ahead.
AHEAD = 2
ANSWER_S = 5


def ray_tasks(address: str = "") -> Engine:
    """Return an engine of tasks on a Ray cluster; results come in the order of the tasks.

    address: of the cluster ("host:6379"); without one, that which the process is joined to already, else one is
    begun on this machine and ended with the work. A task that fails with its node is run again elsewhere, up to
    three times. Refuses RAY_ABSENT and RAY_UNREACHABLE.
    """

    def run_all(run: Callable[[Given], Result], tasks: Iterable[Given]) -> Iterator[Result]:
        ray = _ray()
        begun = _joined(ray, address)
        try:
            yield from _spread(ray, run, tasks)
        finally:
            if begun:
                ray.shutdown()

    return run_all


def _ray() -> ModuleType:
    # What a cluster does is nobody else's to know.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise RAY_ABSENT.refuse("engine") from None
    module: ModuleType = ray
    return module


def _joined(ray: Any, address: str) -> bool:
    """Join the cluster; return whether it was this call that did."""
    if ray.is_initialized():
        return False
    if address:
        _knock(address)
    try:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (ConnectionError, ValueError) as error:
        problem = str(error).splitlines()[0]
        raise RAY_UNREACHABLE.refuse("ray", address=address, problem=problem) from None
    return True


def _knock(address: str) -> None:
    """Refuse RAY_UNREACHABLE where nobody answers within seconds: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_S).close()
    except (OSError, ValueError) as error:
        raise RAY_UNREACHABLE.refuse("ray", address=address, problem=str(error)) from None


def _spread(ray: Any, run: Callable[[Given], Result], tasks: Iterable[Given]) -> Iterator[Result]:
    task = ray.remote(num_cpus=1, max_retries=3, runtime_env=_ONE_THREAD)(_outcome)
    most = max(1, int(ray.cluster_resources().get("CPU", 1))) * AHEAD
    waiting = iter(tasks)
    under_way = deque(task.remote(run, given) for given in islice(waiting, most))
    while under_way:
        refused, outcome = ray.get(under_way.popleft())
        if refused:
            code, fields, details = outcome
            raise KINDS[code].refuse(*fields, **details)
        under_way.extend(task.remote(run, given) for given in islice(waiting, 1))
        yield outcome


def _outcome(run: Callable[[Given], Result], given: Given) -> tuple[bool, Any]:
    """Return whether the task was refused, with its result or what the refusal says."""
    try:
        return False, run(given)
    except Refusal as refusal:
        return True, (refusal.code, refusal.fields, refusal.details)
