"""Laws of the score of one row: to the last bit what a table of rows gives."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from puhui.credit.models.additive import Pair, Scorecard
from puhui.credit.models.bins import CategoryBins, NumberBins
from puhui.credit.models.calibrate import Calibration
from puhui.credit.models.setting import Scale
from puhui.credit.score import score_of
from puhui.kernel.rates import PPM

BINS = (
    NumberBins("income", (-1.5, 0.0, 0.1, 3.0), (-99.0, 3.0)),
    NumberBins("months", (6.0, 12.0)),
    NumberBins("owner", (0.0,)),
    CategoryBins("shop", (("a'b", "县城"), ("",), ("true",))),
    CategoryBins("floor", (("1",), ("2.0",))),
)
# Nothing known, special codes, both sides of every cut and the cut itself, and what no training had.
INCOMES = (None, float("nan"), float("inf"), -99.0, 3.0, -1.5, -0.0, 0.1, 0.1 + 1e-17, np.nextafter(0.1, 1), 2, 1e300)
VALUES = {
    "income": st.sampled_from(INCOMES) | st.floats() | st.integers(-100, 100),
    "months": st.sampled_from((None, 6, 7, 12, 13, -1)) | st.integers(-(2**62), 2**62),
    "owner": st.sampled_from((None, True, False)),
    "shop": st.sampled_from((None, "a'b", "县城", "", "new", "true")),
    "floor": st.sampled_from((None, 1, 2, 3)),
}
ROWS = st.fixed_dictionaries(VALUES)


def columns(rows):
    """Return rows as a table in which each column has one type."""
    income = pl.Series("income", [each["income"] for each in rows], dtype=pl.Float64, strict=False)
    types = {"months": pl.Int64, "owner": pl.Boolean, "shop": pl.String, "floor": pl.Int64}
    return pl.DataFrame([income, *(pl.Series(n, [each[n] for each in rows], dtype=d) for n, d in types.items())])


def card(seed, knots):
    """Return a scorecard with any tables and two pairs, calibrated by a curve."""
    random = np.random.default_rng(seed)
    tables = tuple(random.normal(size=each.count) for each in BINS)
    pairs = tuple(
        Pair(
            a, b, random.integers(0, 3, BINS[a].count), random.integers(0, 4, BINS[b].count), random.normal(size=(3, 4))
        )
        for a, b in ((0, 3), (1, 0))
    )
    counts = tuple(np.ones(each.count, np.int64) for each in BINS)
    curve = Calibration("isotonic", tuple(np.arange(knots) / 3 - 2), tuple(random.normal(size=knots)), 0.7)
    return Scorecard("scorecard", BINS, tables, -1.3, curve, Scale(), counts, counts, pairs)


@settings(max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=6), st.integers(0, 2**32), st.integers(1, 9))
def test_one_row_is_what_a_table_gives_to_the_last_bit(rows, seed, knots):
    model, table = card(seed, knots), columns(rows)
    whole = _scores(model, table)
    for place, row in enumerate(rows):
        assert [model.score_row(row)] == [whole[place]] == _scores(model, table[place : place + 1])


def _scores(model, table):
    parts = (model.pd(table), model.points(table), map(tuple, model.contributions(table)))
    return list(zip(*parts, strict=True))


@given(ROWS, st.sampled_from(list(VALUES)))
def test_a_feature_that_is_left_out_is_missing(row, name):
    model = card(7, 3)
    left_out = {key: value for key, value in row.items() if key != name}
    assert score_of(model, left_out) == score_of(model, row | {name: None})


@given(ROWS)
def test_a_score_is_whole_and_names_every_feature(row):
    model = card(7, 3)
    score, found = score_of(model, row), model.score_row(row)
    assert (score.pd_ppm, score.points) == (round(found.pd * PPM), found.points)
    assert score.adds == dict(zip(model.features, found.adds, strict=True))
