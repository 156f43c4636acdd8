"""The benchmark of the policies runs: no row differs, all outcomes occur, and the same answers come twice."""

from importlib import import_module
from pathlib import Path

from puhui.credit.policy.engine import PolicyEngine
from puhui.credit.policy.shipped import shipped

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_a_small_run_agrees_and_is_the_same_twice(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    monkeypatch.setattr("measure.one_core", lambda: None)
    benchmark = import_module("policy")
    engine = PolicyEngine(shipped().values())
    for graph in shipped().values():
        people = benchmark.population(graph, 300)
        differ, _, online = benchmark.alike(graph, engine, people)
        assert differ == 0
        assert {decision.outcome for decision in online} == {"approve", "refer", "decline"}
        answers, _ = benchmark.columns_of(graph, people)
        assert answers["outcome"].to_list() == [decision.outcome for decision in online]
        assert benchmark.digest(answers) == benchmark.digest(benchmark.columns_of(graph, people)[0])
