"""A small run of benchmarks/night.py: it prints its lines, and the hash does not hang on how many workers there are."""

import importlib
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def test_small_run(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    night = importlib.import_module("night")
    hashes = []
    for workers in (1, 2):
        night.main(loans=3000, shard_loans=1000, workers=workers, sample=12)
        out = capsys.readouterr().out
        hashes += re.findall(r"hash ([0-9a-f]{16})", out)
        assert re.search(r"night / bare Polars pass: \d", out)
        assert re.search(r"night is \d+ x", out)
    assert len(hashes) == 2
    assert len(set(hashes)) == 1
