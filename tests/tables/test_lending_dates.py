"""Reset days, due days beyond the plan, and due rows for columns."""

from datetime import date

import pytest

from loan_example import Life, agreement_body, day
from puhui.kernel.dates import to_date
from puhui.lending.agreement import agreement_of
from puhui.lending.dates_ahead import Rhythm, first_day_after, following_days, nominal_day
from puhui.lending.due_rows import DueRow, due_rows
from puhui.lending.resets import next_reset_on, reset_to

TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 120_000,
    "method": "equal_principal",
    "day_count": "30/360",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
}


def floating(first_on, every=12, spread=30_000):
    rule = {"series": "lpr_1y", "spread_ppm": spread, "first_on": first_on, "every_months": every}
    return agreement_of(agreement_body(TERMS, floating=rule))


# first reset day, every so many months, asked on, next reset day
RESETS = [
    ("2024-03-01", 12, "2024-02-01", "2024-03-01"),
    ("2024-03-01", 12, "2024-03-01", "2024-03-01"),
    ("2024-03-01", 12, "2024-03-02", "2025-03-01"),
    ("2024-03-01", 12, "2025-02-28", "2025-03-01"),
    ("2024-08-31", 1, "2024-09-01", "2024-09-30"),
    ("2024-08-31", 1, "2024-09-30", "2024-09-30"),
    ("2024-08-31", 1, "2024-10-01", "2024-10-31"),
    ("2024-08-31", 3, "2024-12-01", "2025-02-28"),
    ("2024-01-01", 3, "2030-05-15", "2030-07-01"),
]


@pytest.mark.parametrize(("first", "every", "asked", "expected"), RESETS)
def test_next_reset_day(first, every, asked, expected):
    assert to_date(next_reset_on(floating(first, every), day(asked))).isoformat() == expected


def test_a_fixed_rate_has_no_reset_day():
    assert next_reset_on(agreement_of(agreement_body(TERMS)), day("2024-01-01")) is None


# spread, value of the series, rate; a rate is never negative
@pytest.mark.parametrize(
    ("spread", "value", "rate"), [(30_000, 31_000, 61_000), (-30_000, 31_000, 1_000), (-30_000, 20_000, 0)]
)
def test_the_rate_that_is_reset_to(spread, value, rate):
    body = reset_to(floating("2024-03-01", spread=spread), value)
    assert (body["annual_rate_ppm"], body["value_ppm"] + body["spread_ppm"]) == (rate, rate)
    life = Life(TERMS, floating={"series": "lpr_1y", "spread_ppm": spread, "first_on": "2024-03-01"})
    assert life.on("2024-03-01", "rate_reset", **body).annual_rate_ppm == rate


MONTHLY_31, WEEKLY = Rhythm(31, 1, "month"), Rhythm(0, 2, "week")
# day after a roll, its day of the rhythm
NOMINAL = [
    ("2024-02-29", "2024-02-29"),
    ("2024-03-02", "2024-02-29"),
    ("2024-04-01", "2024-03-31"),
    ("2024-03-29", "2024-03-31"),
]


@pytest.mark.parametrize(("rolled", "nominal"), NOMINAL)
def test_the_day_before_the_roll(rolled, nominal):
    assert to_date(nominal_day(day(rolled), MONTHLY_31)).isoformat() == nominal


def test_days_that_follow():
    days = following_days(day("2024-01-31"), MONTHLY_31, 3)
    assert [to_date(each).isoformat() for each in days] == ["2024-02-29", "2024-03-31", "2024-04-30"]
    weeks = following_days(day("2024-01-31"), WEEKLY, 2)
    assert [to_date(each) for each in weeks] == [date(2024, 2, 14), date(2024, 2, 28)]
    assert nominal_day(day("2024-02-13"), WEEKLY) == day("2024-02-13")


# asked on, rhythm, first due day after it
FIRST = [
    ("2024-02-28", MONTHLY_31, "2024-02-29"),
    ("2024-02-29", MONTHLY_31, "2024-03-31"),
    ("2024-02-28", Rhythm(15, 3, "month"), "2024-03-15"),
    ("2024-02-28", WEEKLY, "2024-03-13"),
    ("2024-02-28", Rhythm(0, 10, "day"), "2024-03-09"),
]


@pytest.mark.parametrize(("asked", "rhythm", "expected"), FIRST)
def test_the_first_day_after(asked, rhythm, expected):
    assert to_date(first_day_after(day(asked), rhythm)).isoformat() == expected


def test_due_rows_of_a_plain_plan():
    life = Life({**TERMS, "instalments": 2})
    life.on("2024-01-15", "disbursement", amount_minor=12_000_000)
    feb, mar = day("2024-02-15"), day("2024-03-15")
    assert due_rows(life.position) == [
        DueRow(1, feb, 6_000_000, 120_000, 0, mar, mar, 60_000),
        DueRow(2, mar, 6_000_000, 60_000, 0, 0, 0, 0),
    ]


def test_due_rows_while_interest_is_deferred():
    """A span that runs across a row without interest runs on: no other begins there."""
    life = Life({**TERMS, "instalments": 3, "grace": {"interest_payment": 2}})
    life.on("2024-01-15", "disbursement", amount_minor=12_000_000)
    rows = due_rows(life.position)
    assert [(row.interest_minor, row.accrual_to, row.accrual_minor) for row in rows] == [
        (0, 0, 0),
        (0, 0, 0),
        (240_000, 0, 0),
    ]
    assert (life.position.accrual_to, life.position.accrual_minor) == (day("2024-04-15"), 240_000)


def test_an_interest_free_period_bears_none():
    life = Life({**TERMS, "instalments": 3, "grace": {"interest_free": 1}})
    life.on("2024-01-15", "disbursement", amount_minor=12_000_000)
    assert (life.position.accrual_to, life.position.accrual_minor) == (day("2024-02-15"), 0)
    assert due_rows(life.position)[0][-2:] == (day("2024-03-15"), 80_000)
