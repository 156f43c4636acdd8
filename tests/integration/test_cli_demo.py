"""`puhui demo`, the main job, on several days; and every benchmark, small."""

import importlib.util
import json
from pathlib import Path

import pytest

from puhui.cli.app import run

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
# By tests of their own: test_features_benchmark, test_funding_allocate, test_policy_benchmark, test_credit_model_*.
ELSEWHERE = {"features", "plans", "policy", "credit"}


@pytest.mark.parametrize("today", ["2026-11-24", "2028-02-29"])
def test_three_legal_offers_at_their_true_cost(capsys, monkeypatch, today):
    monkeypatch.setenv("PUHUI_TODAY", today)
    with pytest.raises(SystemExit) as stop:
        run(["demo", "--json"])
    assert not stop.value.code
    result = json.loads(capsys.readouterr().out)
    assert all(product["ok"] for product in result["products"])
    farmer, car, shop = result["offers"]
    assert all(offer["may_be_made"] for offer in result["offers"])
    # The advertised 2.5 % flat over 36 months is 4.7552 % without the registry fee of 200 yuan.
    assert 47_552 < car["annual_cost"]["irr_x12_ppm"] < 50_000
    assert shop["annual_cost"]["irr_x12_ppm"] == 60_000
    assert {row["due_on"][5:7] for row in farmer["instalments"] if row["principal_minor"]} == {"06", "10"}


def test_a_person_sees_the_harvest(capsys):
    with pytest.raises(SystemExit) as stop:
        run(["demo"])
    assert not stop.value.code
    out = capsys.readouterr().out
    for text in ("虚构", "CAP.FACILITATION.24", "█", "新能源车贷"):
        assert text in out


def test_every_benchmark_is_run_small():
    assert {path.stem for path in BENCHMARKS} - {"measure"} == SMALL.keys() | ELSEWHERE


@pytest.mark.parametrize("path", [p for p in BENCHMARKS if p.stem in SMALL], ids=lambda path: path.stem)
def test_benchmark_runs_small(path, capsys, monkeypatch):
    monkeypatch.setattr("os.sched_setaffinity", lambda *_: None)  # or the tests to come share one core
    monkeypatch.syspath_prepend(str(path.parent))
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(*SMALL[path.stem])
    assert "hash" in capsys.readouterr().out
