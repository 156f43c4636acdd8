"""Small runs of the benchmarks over HTTP: nothing fails; what was repaid is in the books, each wish is decided."""

import importlib
import re
from pathlib import Path

import pytest

from county_example import champion

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def benchmark_of(monkeypatch, tmp_path):
    """Give what imports a benchmark; the environment that it sets is put back."""
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_MASTER_KEY", "")
    monkeypatch.setenv("PUHUI_TODAY", "2026-09-10")
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def test_a_small_run_of_decisions(benchmark_of, capsys, monkeypatch):
    benchmark = benchmark_of("decide_http")
    monkeypatch.setattr(benchmark, "train", lambda _: champion())
    monkeypatch.setattr(benchmark.postgres, "answers", lambda: False)
    benchmark.main(seconds=3, rate=4, people=300)
    out = capsys.readouterr().out
    assert len(re.findall(r", 0 errors \[\]", out)) == 2, out
    counts = map(int, re.findall(r"'(?:approve|refer|decline)': (\d+)", out))
    assert sum(counts) == 12


def test_a_small_run_of_repayments(benchmark_of, capsys, monkeypatch):
    monkeypatch.delenv("PUHUI_TODAY")
    benchmark = benchmark_of("http_requests")
    monkeypatch.setattr(benchmark, "LOANS", 5)
    benchmark.main(seconds=2, rate=20)
    out = capsys.readouterr().out
    assert len(re.findall(r", 0 errors \[\]", out)) == 3, out
    assert "repaid in all: 20 of 20" in out
