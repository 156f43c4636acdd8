"""Day count: which part of a year a period is, as a whole numerator over a whole denominator.

The first day is counted and the last is not (算头不算尾). One registry line per convention.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from puhui.kernel.columns import Ints
from puhui.kernel.dates import leap_days, whole_months

DayCountName = Literal["30/360", "act/360", "act/365", "act/364", "act/act", "period/12"]
Unit = Literal["month", "week", "day"]


class Span(NamedTuple):
    """From `start` to `end` (day numbers): `months` whole months and `odd_days` beyond them."""

    start: Ints
    end: Ints
    months: Ints
    odd_days: Ints


def span(start: Ints, end: Ints) -> Span:
    """Return the Span between two day numbers, months counted from `start`."""
    return Span(start, end, *whole_months(start, end))


@dataclass(frozen=True, slots=True)
class DayCount:
    """A convention: a period is `numerator(span)` / `denominator` of a year."""

    denominator: int
    numerator: Callable[[Span], Ints]


def _actual_days(period: Span) -> Ints:
    return period.end - period.start


def _months_of_30_days(period: Span) -> Ints:
    return period.months * 30 + period.odd_days


def _split_at_31_december(period: Span) -> Ints:
    """Days of leap years over 366 and other days over 365, brought to one denominator.

    The cut is at 31 December, not at 1 January: a night belongs to the year it ends in.
    """
    leap = leap_days(period.start + 1, period.end + 1)
    return leap * 365 + (period.end - period.start - leap) * 366


CONVENTIONS: dict[str, DayCount] = {
    "30/360": DayCount(360, _months_of_30_days),
    "act/360": DayCount(360, _actual_days),
    "act/365": DayCount(365, _actual_days),
    "act/364": DayCount(364, _actual_days),
    "act/act": DayCount(365 * 366, _split_at_31_december),
}

# "period/12": a month is 1/12 of a year, a week 1/52, a day 1/365, whatever the calendar says.
_PERIODIC: dict[Unit, DayCount] = {
    "month": CONVENTIONS["30/360"],
    "week": CONVENTIONS["act/364"],
    "day": CONVENTIONS["act/365"],
}


def day_count(name: DayCountName, unit: Unit = "month") -> DayCount:
    """Return the convention `name` for periods counted in `unit`.

    >>> from datetime import date
    >>> from puhui.kernel.dates import day_number
    >>> new_year = span(day_number(date(2023, 12, 12)), day_number(date(2024, 1, 12)))
    >>> day_count("act/act").numerator(new_year) == 19 * 366 + 12 * 365
    True
    """
    return _PERIODIC[unit] if name == "period/12" else CONVENTIONS[name]
