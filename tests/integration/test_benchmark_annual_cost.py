"""A small run of benchmarks/annual_cost.py: it prints its lines, and the peers agree with us."""

import importlib
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def test_small_run(monkeypatch, capsys):
    pytest.importorskip("pyxirr")
    pytest.importorskip("numpy_financial")
    monkeypatch.syspath_prepend(str(FOLDER))
    benchmark = importlib.import_module("annual_cost")
    monkeypatch.setattr(benchmark, "one_core", lambda: None)
    benchmark.main(loans=300, times=3, peers=40)
    out = capsys.readouterr().out
    assert len(re.findall(r"hash [0-9a-f]{16}", out)) == 4
    differences = [float(text) for text in re.findall(r"at most (\S+) from ours", out)]
    assert len(differences) == 3
    assert max(differences) < 1e-10
