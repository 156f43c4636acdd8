"""A small run of benchmarks/decide.py on made-up people: nobody is decided otherwise online, and twice is the same."""

import importlib
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def test_a_small_run_agrees_and_is_the_same_twice(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setenv("POLARS_MAX_THREADS", "1")
    monkeypatch.setattr("measure.one_core", lambda: None)
    benchmark = importlib.import_module("decide")
    monkeypatch.setattr(benchmark, "GMSC", FOLDER / "absent")
    monkeypatch.setattr(benchmark, "RUNS", 1)
    monkeypatch.setattr(benchmark, "KINDS", ("scorecard",))  # fitting the other takes longer than it tells
    hashes = set()
    for _ in range(2):
        benchmark.main(2_000, 100)
        out = capsys.readouterr().out
        assert re.search(r"made up: 3,000 to learn from, 3,000 to decide", out)
        assert re.findall(r"(\d+) of 100 differ", out) == ["0"]
        hashes |= set(re.findall(r"hash ([0-9a-f]{16})", out))
    assert len(hashes) == 1
