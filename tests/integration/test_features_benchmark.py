"""A small run of benchmarks/features.py, and its real invoices against the same figures in plain Python."""

import importlib
import re
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import mean, pstdev

import numpy as np
import polars as pl
import pytest

from puhui.credit.features.compute import features_of, features_of_party

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
LEAP_DAY = datetime(2020, 2, 29, 15, 59, 59, tzinfo=UTC)  # the last second of February in Beijing
# Large and small firms, one with two hundred invoices, one with none void.
FIRMS = ("E1", "E20", "E108", "E397")


@pytest.fixture
def features(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    module = importlib.import_module("features")
    # Spawned processes would start Python again for a second each.
    monkeypatch.setattr(module, "alone", lambda function, *arguments: (function(*arguments), module.peak_mb()))
    return module


@pytest.fixture
def invoices(features):
    if not features.INVOICES.is_dir():
        pytest.skip("the invoices of cumcm2020c are not here")
    return features


def test_small_run(features, monkeypatch, capsys):
    """The hash does not hang on the number of parts."""
    monkeypatch.setattr(features, "INVOICES", FOLDER / "absent")
    hashes = []
    for part_events in (3_000, 700):
        features.main(events=2_000, part_events=part_events)
        out = capsys.readouterr().out
        hashes += re.findall(r"hash ([0-9a-f]{16})", out)
        assert re.search(r"features, threads: \d.* 20 parties", out)
        assert re.search(r"bare Polars, 3 aggregates: \d", out)
    assert len(hashes) == 2
    assert len(set(hashes)) == 1


def test_real_invoices_of_425_firms(invoices):
    """Both sides of all firms, and four firms worked out again: alone, and row by row."""
    everything = features_of(invoices.invoice_events(), LEAP_DAY)
    assert everything.height == 425
    for firm in FIRMS:
        found = everything.row(by_predicate=pl.col("party") == firm, named=True)
        assert {"party": firm, **features_of_party(invoices.invoice_events(), firm, LEAP_DAY)} == found
        for stream, side, other in (
            ("invoice_sold", "销项", "购方单位代号"),
            ("invoice_bought", "进项", "销方单位代号"),
        ):
            expected = by_hand(rows_of(invoices.INVOICES, firm, side), other)
            for name, value in expected.items():
                wanted = value if value is None else pytest.approx(value, rel=1e-9)
                assert found[f"{stream}_{name}"] == wanted, (firm, stream, name)


def rows_of(folder, firm, side):
    """Return a firm's invoices of 24 months as dicts, with months back from February 2020."""
    rows = [
        row
        for firms in (123, 302)
        for row in pl.read_parquet(folder / f"{firms}家_{side}发票.parquet")
        .filter(pl.col("企业代号") == firm)
        .iter_rows(named=True)
    ]
    for row in rows:
        on = row["开票日期"]
        row["on"], row["month"] = on.date(), (2020 - on.year) * 12 + 2 - on.month
        row["minor"] = round(row["价税合计"] * 100)
    return [row for row in rows if row["month"] < 24]


def by_hand(rows, other):
    """Return some features of one side of one firm, from their meaning alone."""
    year = [row for row in rows if row["month"] < 12]
    good = [row for row in year if row["发票状态"] != "作废发票"]
    span = min(12, max(row["month"] for row in rows) + 1)
    sums = [sum(row["minor"] for row in good if row["month"] == month) for month in range(span)]
    trade = Counter()
    for row in good:
        trade[row[other]] += row["minor"]
    trade = {name: max(0, minor) for name, minor in trade.items()}
    days = sorted({row["on"] for row in good})
    gaps = [(after - before).days for before, after in pairwise(days)]
    slope = -np.polyfit(range(span), [float(each) for each in sums], 1)[0]
    return {
        "mean_12m": sum(sums) // span,
        "count_12m": len(good),
        "variation_12m": pstdev(sums) / mean(sums),
        "trend_12m": slope / mean(sums),
        "active_share_12m": len({row["month"] for row in good}) / span,
        "void_share_12m": 1 - len(good) / len(year),
        "red_share_12m": sum(row["minor"] < 0 for row in good) / len(good),
        "concentration_12m": sum((minor / sum(trade.values())) ** 2 for minor in trade.values()),
        "top_share_12m": max(trade.values()) / sum(trade.values()),
        "partners_12m": len(trade),
        "days_12m": len(days),
        "gap_mean_days_12m": mean(gaps),
        "gap_variation_12m": pstdev(gaps) / mean(gaps) if len(gaps) >= 3 else None,
        "gap_most_days_12m": max(gaps),
        "since_last_days": (LEAP_DAY.date() - days[-1]).days,
    }
