"""Days and months as whole numbers, so that one formula dates one loan or a column of loans.

A day is its number since 1970-01-01; a month its number since 1970-01. Both run to the end of 2199.
"""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from puhui.kernel.columns import Ints, choose, is_column, lesser, table

LAST_YEAR = 2199
_EPOCH = date(1970, 1, 1).toordinal()
_FIRST_DAYS = [
    date(1970 + month // 12, month % 12 + 1, 1).toordinal() - _EPOCH for month in range((LAST_YEAR - 1969) * 12)
]
# One day past the end is in the tables too: the day after a period that ends on the last day.
DAYS = date(LAST_YEAR, 12, 31).toordinal() - _EPOCH + 1
FIRST_DAY_OF_MONTH = table([*_FIRST_DAYS, date(LAST_YEAR + 1, 1, 1).toordinal() - _EPOCH])


def day_number(day: date) -> int:
    """Return the number of days from 1970-01-01 to `day`."""
    return day.toordinal() - _EPOCH


def to_date(number: int) -> date:
    """Return the date of a day number."""
    return date.fromordinal(number + _EPOCH)


def to_dates(numbers: Iterable[int]) -> list[date]:
    """Return the dates of day numbers."""
    return list(map(date.fromordinal, [number + _EPOCH for number in numbers]))


def by_day(function: Callable[[Ints], Ints]) -> Callable[[Ints], Ints]:
    """Return `function` of a day number, read for columns from a table of all days that it makes once."""
    tables: list[Any] = []

    def read(day: Ints) -> Ints:
        if isinstance(day, int):
            return function(day)
        if not tables:
            import numpy as np

            tables.append(function(np.arange(DAYS + 1)))
        return tables[0].take(day)

    read.__doc__ = function.__doc__
    return read


@by_day
def month_of(day: Ints) -> Ints:
    """Return the month number that a day number falls in."""
    if is_column(day):
        return day.astype("datetime64[D]").astype("datetime64[M]").astype("int64")
    assert day >= 0, "days are counted from 1970"
    civil = to_date(day)
    return (civil.year - 1970) * 12 + civil.month - 1


def day_of_month(day: Ints) -> Ints:
    """Return 1..31."""
    return day - FIRST_DAY_OF_MONTH(month_of(day)) + 1


def day_in_month(month: Ints, day: Ints) -> Ints:
    """Return the day number of the `day`-th (1..31) of a month, its last day when the month is shorter.

    >>> to_date(day_in_month(month_of(day_number(date(2024, 2, 1))), 31))
    datetime.date(2024, 2, 29)
    """
    first = FIRST_DAY_OF_MONTH
    return lesser(first(month) + day, first(month + 1)) - 1


def day_in_months(month: Ints, day: Ints, every: int, count: int) -> list[Ints]:
    """Return `day_in_month` of `count` months, `every` months apart, from `month` on."""
    first = FIRST_DAY_OF_MONTH
    if every == 1:
        edges = [first(month + number) for number in range(count + 1)]
        starts, ends = edges[:-1], edges[1:]
    else:
        starts = [first(month + every * number) for number in range(count)]
        ends = [first(month + every * number + 1) for number in range(count)]
    return [lesser(start + day, end) - 1 for start, end in zip(starts, ends, strict=True)]


def whole_months(start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Return the whole months and the odd days from `start` to `end` (end >= start), 对年对月对日.

    A month runs to the same day of the next month, or to its last day when it has no such day.

    >>> whole_months(day_number(date(2024, 1, 31)), day_number(date(2024, 3, 1)))
    (1, 1)
    """
    day, month = day_of_month(start), month_of(end)
    month = month - (day_in_month(month, day) > end)
    return month - month_of(start), end - day_in_month(month, day)


def leap_days(start: Ints, end: Ints) -> Ints:
    """Return how many of the days from `start` (counted) to `end` (not counted) lie in leap years."""
    return _leap_days_before(end) - _leap_days_before(start)


@by_day
def _leap_days_before(day: Ints) -> Ints:
    year = month_of(day) // 12
    since = day - FIRST_DAY_OF_MONTH(year * 12)
    return _LEAP_BEFORE_YEAR_DAYS(year) + choose(_IS_LEAP(year) == 1, since, 0 * since)


def _is_leap(year: int) -> bool:
    return (year % 4 == 0 and year % 100 != 0) or year % 400 == 0


_IS_LEAP = table([int(_is_leap(year)) for year in range(1970, LAST_YEAR + 2)])
_LEAP_BEFORE_YEAR_DAYS = table([366 * sum(map(_is_leap, range(1970, year))) for year in range(1970, LAST_YEAR + 2)])
