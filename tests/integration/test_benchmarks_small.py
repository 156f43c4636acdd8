"""Every benchmark, small."""

import importlib.util
from pathlib import Path

import pytest

BENCHMARKS = sorted(Path(__file__).resolve().parents[2].joinpath("benchmarks").glob("*.py"))


SMALL = {
    "schedules": (1000, 5),
    "startup": (1,),
    "annual_cost": (1000,),
    "rule_check": (20,),
    "merkle_log": (1000, 50, 50),
    "repayments": (20, 0),
    "night": (2000, 1000, 1, 20),
    "http_requests": (1, 20),
    "import_files": (20_000,),
}
# By tests of their own: test_features_benchmark, test_funding_allocate, test_policy_benchmark, test_credit_model_*,
# test_decide_benchmark, test_api_benchmark.
ELSEWHERE = {"features", "plans", "policy", "credit", "decide", "decide_http"}
# What benchmarks share.
SHARED = {"measure", "http_load"}


def test_every_benchmark_is_run_small():
    assert {path.stem for path in BENCHMARKS} - SHARED == SMALL.keys() | ELSEWHERE


@pytest.mark.parametrize("path", [p for p in BENCHMARKS if p.stem in SMALL], ids=lambda path: path.stem)
def test_benchmark_runs_small(path, capsys, monkeypatch):
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)  # or the tests to come share one core
    monkeypatch.syspath_prepend(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(*SMALL[path.stem])
    assert "hash" in capsys.readouterr().out
