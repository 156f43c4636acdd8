"""The benchmark of the check runs, and gives the same outcomes every time."""

from importlib import import_module
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_a_small_run_is_the_same_twice(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    benchmark = import_module("rule_check")
    seconds, outcomes = benchmark.run(60)
    again, same = benchmark.run(60)
    assert len(seconds) == len(again) == 60
    assert outcomes == same
    said = {line.split(":")[1] for row in outcomes.decode().split("\n") if row for line in row.split(",")}
    assert {"passed", "broken", "warned", "cannot_evaluate", "for_people"} <= said
