"""A small run of benchmarks/http_requests.py: nothing fails, and what was repaid is in the books."""

import importlib
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def test_small_run(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    monkeypatch.setenv("PUHUI_MASTER_KEY", "")
    monkeypatch.delenv("PUHUI_DATABASE_URL", raising=False)
    monkeypatch.syspath_prepend(str(FOLDER))
    benchmark = importlib.import_module("http_requests")
    monkeypatch.setattr(benchmark, "LOANS", 5)
    benchmark.main(seconds=2, rate=20)
    out = capsys.readouterr().out
    assert len(re.findall(r", 0 errors \[\]", out)) == 3, out
    assert "repaid in all: 20 of 20" in out
