"""Expected losses worked by hand, at the edges of each table, and against exact fractions."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from puhui.kernel.refusals import Refusal
from puhui.risk.expected_loss import Exposure, expected_loss_minor, loss_model, loss_rate_ppb
from puhui.risk.loss_tables import LOSS_FILE, OWN_FILE, loss_tables_on, read_tables

WORDS = {"zh": "示例", "en": "illustrative"}
PLAIN = {
    "code": "plain",
    "title": WORDS,
    "all_tags": [],
    "default_ppm": [10_000, 100_000, 300_000, 500_000],
    "watched_ppm": 100_000,
    "later_ppm": [500_000],
    "loss_ppm": 400_000,
    "drawn_ppm": 250_000,
    "recovery_months": 12,
}
FARM = {**PLAIN, "code": "farm", "all_tags": ["farmer"], "loss_ppm": 600_000}
TABLES = read_tables({"tables": [{"effective_from": "2018-01-01", "source": WORDS, "segments": [FARM, PLAIN]}]})[0]
MODEL = loss_model(TABLES)
LOAN = {
    "exposure_minor": 1_000_000,
    "undrawn_minor": 0,
    "segment": 1,
    "stage": 1,
    "bucket": 0,
    "remaining_months": 12,
    "effective_rate_ppm": 0,
    "amortising": 0,
}

# What differs, the loss in fen of 10,000 yuan, and how it comes about.
ROWS = [
    ({}, 4_000),  # 1 % x 40 %
    ({"segment": 0}, 6_000),  # a farm loses 60 %
    ({"remaining_months": 6}, 2_000),  # half a year of the hazard
    ({"remaining_months": 0}, 333),  # never less than a month: 4,000 / 12
    ({"remaining_months": 13}, 4_000),  # stage 1 looks twelve months ahead, no further
    ({"remaining_months": 120}, 4_000),
    ({"undrawn_minor": 400_000}, 4_400),  # a quarter of 4,000 yuan is drawn by then
    ({"amortising": 1}, 2_000),  # half of it is repaid by the middle of its last year
    ({"amortising": 1, "remaining_months": 24}, 3_000),  # three quarters are owed in the middle of the first of two
    ({"bucket": 1}, 40_000),
    ({"bucket": 3}, 200_000),
    ({"effective_rate_ppm": 120_000}, 3_774),  # 4,000 / 1.06
    # Stage 2: all years. The second has half the hazard, on the 90 % that survive.
    ({"stage": 2, "bucket": 1, "remaining_months": 24}, 58_000),  # 40 % x (10 % + 90 % x 5 %)
    ({"stage": 2, "bucket": 1, "remaining_months": 12}, 40_000),
    ({"stage": 2, "bucket": 1, "remaining_months": 13}, 41_500),  # a month of the second: 40 % x 90 % x 5 % / 12
    ({"stage": 2, "bucket": 0}, 40_000),  # never less than the hazard of what is watched
    ({"stage": 2, "bucket": 1, "remaining_months": 24, "amortising": 1}, 34_500),  # 3/4 of 40,000, 1/4 of 18,000
    ({"stage": 2, "bucket": 1, "remaining_months": 24, "effective_rate_ppm": 120_000}, 52_898),
    # Stage 3: the default has happened; what is lost, a year from now.
    ({"stage": 3, "bucket": 5}, 400_000),
    ({"stage": 3, "bucket": 0, "remaining_months": 1}, 400_000),
    ({"stage": 3, "effective_rate_ppm": 250_000}, 320_000),
    ({"exposure_minor": 0}, 0),
    ({"exposure_minor": 125}, 1),  # 0.5 goes up
    ({"exposure_minor": 124}, 0),
    ({"exposure_minor": 9 * 10**17, "stage": 3}, 36 * 10**16),  # no overflow
]


@pytest.mark.parametrize(("differs", "loss_minor"), ROWS)
def test_by_hand(differs, loss_minor):
    assert expected_loss_minor(Exposure(**{**LOAN, **differs}), MODEL) == loss_minor


def test_columns_are_the_rows():
    columns = Exposure(*map(np.array, zip(*(Exposure(**{**LOAN, **differs}) for differs, _ in ROWS), strict=True)))
    assert expected_loss_minor(columns, MODEL).tolist() == [loss for _, loss in ROWS]


def exact_rate(segment, loan):
    """The same model in exact fractions, written apart."""
    if loan.stage == 3:
        return Fraction(segment.loss_ppm, 10**6) / (
            1 + Fraction(loan.effective_rate_ppm * segment.recovery_months, 12 * 10**6)
        )
    hazard = max(segment.default_ppm[min(loan.bucket, 3)], segment.watched_ppm if loan.stage == 2 else 0)
    alive, total, rate = Fraction(1), Fraction(0), Fraction(loan.effective_rate_ppm, 10**6)
    last = loan.remaining_months if loan.stage == 2 else min(12, loan.remaining_months)
    for year in range(-(-last // 12)):
        months = min(12, last - 12 * year)
        times = 10**6 if year == 0 else segment.later_ppm[min(year, len(segment.later_ppm)) - 1]
        default = alive * Fraction(hazard * times, 10**12) * Fraction(months, 12)
        middle = 12 * year + Fraction(months, 2)
        owed = 1 - middle / loan.remaining_months if loan.amortising else 1
        worth = 1 / ((1 + rate) ** year * (1 + rate * Fraction(months, 24)))
        total += default * owed * Fraction(segment.loss_ppm, 10**6) * worth
        alive -= default
    return total


def test_rates_against_exact_fractions():
    random = np.random.default_rng(20261124)
    tables = loss_tables_on(date(2026, 1, 1))
    model = loss_model(tables)
    for _ in range(400):
        loan = Exposure(
            1,
            0,
            int(random.integers(len(tables.segments))),
            int(random.integers(1, 4)),
            int(random.integers(8)),
            int(random.integers(1, 360)),
            int(random.integers(0, 240_000)),
            int(random.integers(2)),
        )
        years = -(-loan.remaining_months // 12)
        difference = loss_rate_ppb(loan, model) - exact_rate(tables.segments[loan.segment], loan) * 10**9
        assert abs(difference) <= 10 * years


# Product tags, with what they imply -> segment
SEGMENTS = [
    (("credit_card", "personal_loan"), "card"),
    (("auto", "auto_used"), "auto"),
    (("enterprise", "business_credit"), "receivables"),
    (("farmer", "rural", "business_credit"), "farm"),
    (("business_credit",), "business"),
    ((), "other"),
    (("personal_consumer",), "other"),
]


@pytest.mark.parametrize(("tags", "code"), SEGMENTS)
def test_segment(tags, code):
    tables = loss_tables_on(date(2026, 1, 1))
    assert tables.segments[tables.segment_of(tags)].code == code


def test_tables_of_a_day():
    assert "illustrative" in loss_tables_on(date(2018, 1, 1)).source.en
    with pytest.raises(Refusal) as refused:
        loss_tables_on(date(2017, 12, 31))
    assert refused.value.code == "LOSS_TABLE_MISSING"


WRONG = [
    ({"all_tags": ["auto"]}, "LOSS_TABLE_INVALID"),  # the last segment must take the rest
    ({"default_ppm": [2, 1, 3, 4]}, "LOSS_TABLE_INVALID"),  # a longer delay is never safer
    ({"default_ppm": [1, 1, 1, 1_000_001]}, "LOSS_TABLE_INVALID"),
    ({"default_ppm": [1, 2, 3]}, "INPUT_INVALID"),
    ({"loss_ppm": 1_000_001}, "INPUT_INVALID"),
]


@pytest.mark.parametrize(("differs", "code"), WRONG)
def test_wrong_tables(differs, code):
    table = {"effective_from": "2018-01-01", "source": WORDS, "segments": [{**PLAIN, **differs}]}
    with pytest.raises(Refusal) as refused:
        read_tables({"tables": [table]})
    assert refused.value.code == code


def test_an_institutions_own_tables(tmp_path, monkeypatch):
    own = LOSS_FILE.read_text(encoding="utf-8").replace("loss_ppm: 450000", "loss_ppm: 410000")
    (tmp_path / OWN_FILE).write_text(own, encoding="utf-8")
    monkeypatch.setenv("PUHUI_HOME", str(tmp_path))
    assert loss_tables_on(date(2026, 1, 1)).segments[1].loss_ppm == 410_000
