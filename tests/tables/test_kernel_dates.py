"""Months, odd days and day counts: month ends, 29 February, New Year, the first and the last day."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from puhui.kernel import dates
from puhui.kernel.dates import day_number, to_date, whole_months
from puhui.kernel.daycount import day_count, span


def number(text):
    return day_number(date.fromisoformat(text))


@pytest.mark.parametrize(
    ("day", "days"),
    [
        ("1970-01-01", 0),
        ("1970-02-01", 31),
        ("2000-02-29", 11_016),
        ("2000-03-01", 11_017),
        ("2199-12-31", 84_005),
    ],
)
def test_a_day_is_its_number_since_1970(day, days):
    assert number(day) == days
    assert to_date(days).isoformat() == day


# day, month number, day of month, the 31st of its month clamped
MONTHS = [
    ("1970-01-01", 0, 1, "1970-01-31"),
    ("1970-12-31", 11, 31, "1970-12-31"),
    ("1971-01-01", 12, 1, "1971-01-31"),
    ("2023-02-28", 637, 28, "2023-02-28"),
    ("2024-02-28", 649, 28, "2024-02-29"),
    ("2024-02-29", 649, 29, "2024-02-29"),
    ("2024-03-01", 650, 1, "2024-03-31"),
    ("2024-04-30", 651, 30, "2024-04-30"),
    ("2100-02-28", 1561, 28, "2100-02-28"),  # 2100 is no leap year
    ("2199-12-31", 2759, 31, "2199-12-31"),
]


@pytest.mark.parametrize(("day", "month", "of_month", "clamped"), MONTHS)
def test_a_day_lies_in_its_month(day, month, of_month, clamped):
    assert dates.month_of(number(day)) == month
    assert dates.day_of_month(number(day)) == of_month
    assert dates.day_in_month(month, of_month) == number(day)
    assert dates.day_in_month(month, 31) == number(clamped)


# from, to, whole months, odd days (对年对月对日)
PERIODS = [
    ("2024-01-15", "2024-01-15", 0, 0),
    ("2024-01-15", "2024-01-16", 0, 1),
    ("2024-01-15", "2024-02-14", 0, 30),
    ("2024-01-15", "2024-02-15", 1, 0),
    ("2024-01-15", "2024-02-16", 1, 1),
    ("2024-01-31", "2024-02-28", 0, 28),
    ("2024-01-31", "2024-02-29", 1, 0),  # February has no 31st: its last day ends the month
    ("2024-01-31", "2024-03-01", 1, 1),
    ("2023-01-31", "2023-02-28", 1, 0),
    ("2023-01-30", "2023-02-28", 1, 0),
    ("2023-01-29", "2023-02-28", 1, 0),
    ("2023-01-28", "2023-02-28", 1, 0),
    ("2024-01-31", "2024-04-30", 3, 0),
    ("2024-01-31", "2024-05-30", 3, 30),
    ("2024-01-31", "2024-05-31", 4, 0),
    ("2024-02-29", "2024-03-29", 1, 0),  # from the end of a short month: the 29th, not the 31st
    ("2024-02-29", "2024-03-31", 1, 2),
    ("2024-02-29", "2025-02-28", 12, 0),
    ("2024-02-29", "2028-02-28", 47, 30),
    ("2024-02-29", "2028-02-29", 48, 0),
    ("2023-12-12", "2024-01-12", 1, 0),
    ("2023-12-31", "2024-01-31", 1, 0),
    ("1970-01-01", "2199-12-31", 2759, 30),
]


@pytest.mark.parametrize(("start", "end", "months", "odd_days"), PERIODS)
def test_a_period_is_whole_months_and_odd_days(start, end, months, odd_days):
    assert whole_months(number(start), number(end)) == (months, odd_days)


def test_a_column_of_periods_is_its_rows():
    starts = np.array([number(row[0]) for row in PERIODS])
    ends = np.array([number(row[1]) for row in PERIODS])
    months, odd_days = whole_months(starts, ends)
    assert months.tolist() == [row[2] for row in PERIODS]
    assert odd_days.tolist() == [row[3] for row in PERIODS]


# from, to, the part of a year under 30/360, act/360, act/365, act/364, act/act
DAY_COUNTS = [
    ("2024-01-15", "2024-01-15", "0", "0", "0", "0", "0"),
    ("2024-01-15", "2024-01-16", "1/360", "1/360", "1/365", "1/364", "1/366"),
    ("2023-01-15", "2023-02-15", "30/360", "31/360", "31/365", "31/364", "31/365"),
    ("2023-02-15", "2023-03-15", "30/360", "28/360", "28/365", "28/364", "28/365"),
    ("2024-02-15", "2024-03-15", "30/360", "29/360", "29/365", "29/364", "29/366"),
    ("2024-01-31", "2024-02-29", "30/360", "29/360", "29/365", "29/364", "29/366"),
    ("2024-01-31", "2024-03-01", "31/360", "30/360", "30/365", "30/364", "30/366"),
    # Over New Year, cut at 31 December: 12 to 31 December is 19 days of 365, to 12 January 12 days of 366.
    ("2023-12-12", "2024-01-12", "30/360", "31/360", "31/365", "31/364", "19/365+12/366"),
    ("2023-12-31", "2024-01-01", "1/360", "1/360", "1/365", "1/364", "1/366"),
    ("2023-12-30", "2023-12-31", "1/360", "1/360", "1/365", "1/364", "1/365"),
    ("2024-12-31", "2025-01-01", "1/360", "1/360", "1/365", "1/364", "1/365"),
    ("2024-12-30", "2025-01-02", "3/360", "3/360", "3/365", "3/364", "1/366+2/365"),
    ("2023-12-31", "2024-12-31", "1", "366/360", "366/365", "366/364", "1"),
    ("2024-02-29", "2025-02-28", "1", "365/360", "1", "365/364", "306/366+59/365"),
    ("2023-06-30", "2025-06-30", "2", "731/360", "731/365", "731/364", "184/365+1+181/365"),
    ("2099-12-31", "2100-12-31", "1", "365/360", "1", "365/364", "1"),  # 2100 is no leap year
    ("1999-12-31", "2000-12-31", "1", "366/360", "366/365", "366/364", "1"),  # 2000 is one
]
NAMES = ["30/360", "act/360", "act/365", "act/364", "act/act"]


@pytest.mark.parametrize("row", DAY_COUNTS, ids=lambda row: f"{row[0]}..{row[1]}")
def test_a_period_is_its_part_of_a_year(row):
    period = span(number(row[0]), number(row[1]))
    for name, expected in zip(NAMES, row[2:], strict=True):
        convention = day_count(name)
        part = Fraction(convention.numerator(period), convention.denominator)
        assert part == sum(map(Fraction, expected.split("+"))), name


@pytest.mark.parametrize(
    ("unit", "start", "end", "part"),
    [
        ("month", "2024-01-31", "2024-02-29", "1/12"),
        ("month", "2023-01-31", "2023-02-28", "1/12"),
        ("month", "2024-01-15", "2025-01-15", "1"),
        ("week", "2024-02-26", "2024-03-04", "1/52"),
        ("week", "2024-01-01", "2024-12-30", "1"),
        ("day", "2024-02-29", "2024-03-01", "1/365"),
        ("day", "2024-02-28", "2024-03-01", "2/365"),
    ],
)
def test_a_period_of_a_unit_is_the_same_part_whatever_the_calendar(unit, start, end, part):
    convention = day_count("period/12", unit)
    period = span(number(start), number(end))
    assert Fraction(convention.numerator(period), convention.denominator) == Fraction(part)


def test_an_unknown_convention_is_a_bug_not_a_default():
    with pytest.raises(KeyError):
        day_count("act/366")
