"""Measures, bins, calibration and preparation of models: figures worked out by hand."""

import doctest
from datetime import date

import numpy as np
import polars as pl
import pytest

from puhui.credit import reasons as reasons_module
from puhui.credit.models import bins as bins_module
from puhui.credit.models import measures
from puhui.credit.models.bins import CategoryBins, NumberBins, quantile_cuts, short_between
from puhui.credit.models.calibrate import IDENTITY, calibrate, log_odds, logistic
from puhui.credit.models.monotone import found_sign
from puhui.credit.models.prepare import prepare
from puhui.credit.models.setting import Setting
from puhui.kernel.refusals import Refusal

LABEL = np.array([0.0, 0, 1, 0, 1, 1])
RISK = np.array([0.1, 0.2, 0.2, 0.4, 0.5, 0.9])


@pytest.mark.parametrize("module", [measures, bins_module, reasons_module])
def test_examples(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed


def test_auc_and_ks_by_hand():
    # Bad .2 beats .1, ties .2, loses to .4: 1.5 of 3. Bad .5 and .9 beat all three: 7.5 of 9.
    assert measures.auc(LABEL, RISK) == pytest.approx(7.5 / 9)
    # At >= .5: two of three bad, no good.
    assert measures.ks(LABEL, RISK) == pytest.approx(2 / 3)
    assert measures.brier(np.array([0.0, 1.0]), np.array([0.5, 0.8])) == pytest.approx((0.25 + 0.04) / 2)


def test_auc_interval_holds_the_auc_and_shrinks_with_rows():
    low, high = measures.auc_interval(LABEL, RISK)
    assert low < 7.5 / 9 < high
    many_low, many_high = measures.auc_interval(np.tile(LABEL, 50), np.tile(RISK, 50))
    assert many_high - many_low < (high - low) / 3
    low, high = measures.auc_interval(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9]))
    assert (low, high) == (0.0, 1.0)


def test_psi_by_hand():
    assert measures.psi(np.array([50.0, 50]), np.array([50.0, 50])) == 0
    expected = (0.6 - 0.5) * np.log(0.6 / 0.5) + (0.4 - 0.5) * np.log(0.4 / 0.5)
    assert measures.psi(np.array([50.0, 50]), np.array([60.0, 40])) == pytest.approx(expected)


def test_bands_count_everyone_once():
    rows = measures.band_rows(LABEL, RISK, np.array([0.2, 0.45]))
    assert [row["rows"] for row in rows] == [3, 1, 2]
    assert [row["bad"] for row in rows] == [1, 0, 2]
    assert rows[-1]["bad_found_share"] == 1


@pytest.mark.parametrize(
    ("value", "code"),
    [(-5.0, 0), (1.0, 0), (1.0000001, 1), (2.0, 1), (2.5, 2), (-99.0, 3), (None, 4), (float("nan"), 4)],
)
def test_codes_on_each_side_of_each_cut(value, code):
    bins = NumberBins("x", (1.0, 2.0), (-99.0,))
    assert bins.count == 5
    assert bins.codes(pl.Series("x", [value], dtype=pl.Float64)).tolist() == [code]


@pytest.mark.parametrize(("value", "code"), [("a", 0), ("c", 1), ("new", 2), ("", 2), (None, 3)])
def test_codes_of_categories(value, code):
    bins = CategoryBins("x", (("a", "b"), ("c",)))
    assert bins.codes(pl.Series("x", [value], dtype=pl.String)).tolist() == [code]


def test_cuts_part_their_neighbours():
    values = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 9.0])
    assert quantile_cuts(values, 10) == (1.5, 2.0, 6.0)
    assert len(quantile_cuts(np.arange(1000.0), 10)) == 9
    assert quantile_cuts(np.array([4.0, 4.0]), 10) == ()


@pytest.mark.parametrize(("low", "high"), [(0.0, 5e-324), (1.0, 1.0000000000000002), (-1e300, 1e300), (-0.5, -0.4)])
def test_a_cut_lies_between(low, high):
    assert low <= short_between(low, high) < high


def test_platt_mends_level_and_slope():
    random = np.random.default_rng(0)
    raw = random.normal(size=20_000)
    label = (random.random(raw.size) < logistic(0.5 * raw - 1)).astype(float)
    pd = calibrate(raw, label).pd(raw)
    assert np.abs(pd - logistic(0.5 * raw - 1)).max() < 0.05
    assert (np.diff(pd[np.argsort(raw)]) >= 0).all()


@pytest.mark.parametrize(("bad", "way"), [(29, "level"), (30, "platt"), (1999, "platt"), (2000, "isotonic")])
def test_the_way_hangs_on_how_many_are_bad(bad, way):
    random = np.random.default_rng(1)
    label = np.concatenate([np.ones(bad), np.zeros(3 * bad + 5)])
    raw = random.normal(size=label.size) + label
    assert calibrate(raw, label).way == way


def test_isotonic_keeps_order_and_identity_changes_nothing():
    random = np.random.default_rng(2)
    raw = np.sort(random.normal(size=12_000))
    label = (random.random(raw.size) < logistic(raw)).astype(float)
    pd = calibrate(raw, label).pd(raw)
    assert (np.diff(pd) >= 0).all()
    assert np.abs(pd - logistic(raw)).mean() < 0.03
    assert np.allclose(log_odds(IDENTITY.pd(raw)), raw)


def test_a_sign_is_found_only_where_it_is_clear():
    random = np.random.default_rng(0)
    codes = random.integers(0, 20, 5000)
    for rate, sign in ((codes / 30, 1), (0.7 - codes / 30, -1), (np.abs(codes - 10) / 12, 0), (codes * 0 + 0.3, 0)):
        label = (random.random(codes.size) < rate).astype(float)
        assert found_sign(codes, label) == sign


def raw_table(rows=200):
    random = np.random.default_rng(0)
    bad = np.tile([0, 1], rows // 2)
    return pl.DataFrame(
        {
            "id": [f"K{number:05}" for number in range(rows)],
            "row": np.arange(rows),
            "same": [1] * rows,
            "empty": pl.Series([None] * rows, dtype=pl.Float64),
            "twin": np.where(bad, "坏", "好"),
            "opened": [date(2020, 1, 1 + number % 28) for number in range(rows)],
            "text_day": [f"{1 + number % 12}/{1 + number % 28}/2020" for number in range(rows)],
            "good": random.normal(size=rows) + bad,
            "bad": bad,
        }
    )


def test_what_cannot_honestly_predict_is_left_out_with_a_word():
    table = raw_table()
    preparation, setting = prepare(table, Setting("bad"))
    why = {name: text.en.split(":")[0] for name, text in preparation.dropped.items()}
    assert why == {
        "id": "it looks like an id",
        "row": "it looks like an id",
        "same": "it has one value only",
        "empty": "it is always missing",
        "twin": "a suspected leak",
    }
    assert setting.features == ("opened", "text_day", "good")
    ready = preparation.apply(table)
    assert ready["opened"].to_list()[:2] == [27.0, 26.0]
    assert ready["text_day"].min() == 0


def test_a_table_with_nothing_left_is_refused():
    with pytest.raises(Refusal) as refused:
        prepare(raw_table().select("id", "same", "twin", "bad"), Setting("bad"))
    assert refused.value.code == "NO_FEATURES"
