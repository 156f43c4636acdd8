"""China's working days, with the days off and the make-up days (调休) of each year's State Council notice.

`data/holidays.csv` holds the notices, one row a holiday. In a year without one only Saturdays and Sundays are
days off; `is_known` tells, and a plan that falls there is provisional until the notice comes out.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from puhui.kernel.columns import Ints, is_column
from puhui.kernel.dates import DAYS, day_number, to_date
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

Roll = Literal["none", "following", "modified_following", "preceding"]

NOTICES = Path(__file__).parent / "data" / "holidays.csv"
DAY_OUTSIDE_CALENDAR = declare(
    "DAY_OUTSIDE_CALENDAR",
    422,
    "日历只到 1970-01-01 至 2199-12-31，{value} 不在其内。",
    "The calendar runs from 1970-01-01 to 2199-12-31; {value} lies outside.",
)

_ONE_DAY = timedelta(days=1)
_LAST_DAY = DAYS - 1
# The table is made this much wider, to roll its first and last days too; no run of days off is near as long.
_MARGIN_DAYS = 31


@dataclass(frozen=True, slots=True)
class Notice:
    """What a State Council notice says of a day: off, or worked to make up; which holiday; which document."""

    is_off: bool
    holiday: Text
    document: str


class _Notices(NamedTuple):
    by_day: dict[date, Notice]
    first_year: int
    last_year: int


@cache
def _notices() -> _Notices:
    by_day: dict[date, Notice] = {}
    years = set()
    with NOTICES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            years.add(int(row["year"]))
            holiday = Text(row["zh"], row["en"])
            first, last = date.fromisoformat(row["off_from"]), date.fromisoformat(row["off_to"])
            for offset in range((last - first).days + 1):
                by_day[first + timedelta(days=offset)] = Notice(True, holiday, row["document"])
            for day in row["worked"].split():
                by_day[date.fromisoformat(day)] = Notice(False, holiday, row["document"])
    assert years == set(range(min(years), max(years) + 1)), "holidays.csv leaves a year out"
    return _Notices(by_day, min(years), max(years))


def known_years() -> tuple[int, int]:
    """Return the first and the last year whose notice is in the data."""
    return _notices().first_year, _notices().last_year


def is_known(day: date) -> bool:
    """Return whether the notice of the day's year is in the data; if not, the day is provisional."""
    first, last = known_years()
    return first <= day.year <= last


def notice(day: date) -> Notice | None:
    """Return what a State Council notice says of `day`, or None when it names it not.

    >>> notice(date(2026, 2, 14)).holiday.en, notice(date(2026, 2, 14)).is_off
    ('Spring Festival', False)
    """
    return _notices().by_day.get(day)


def is_working_day(day: date) -> bool:
    """Return whether banks and offices work on `day`: Monday to Friday, unless a notice says otherwise.

    >>> is_working_day(date(2026, 2, 14)), is_working_day(date(2026, 2, 16))
    (True, False)
    """
    said = notice(day)
    return not said.is_off if said else day.weekday() < 5


def roll(day: date, rule: Roll) -> date:
    """Return the day that a due date falls on after `rule`; a working day stays.

    none: as it is; following: the next working day; preceding: the one before;
    modified_following: the next, unless it lies in another month: then the one before.

    >>> roll(date(2026, 1, 31), "modified_following").isoformat()
    '2026-01-30'
    """
    return _RULES[rule](day)


def _next_or_same(day: date) -> date:
    while not is_working_day(day):
        day += _ONE_DAY
    return day


def _previous_or_same(day: date) -> date:
    while not is_working_day(day):
        day -= _ONE_DAY
    return day


def _next_in_month(day: date) -> date:
    rolled = _next_or_same(day)
    return rolled if rolled.month == day.month else _previous_or_same(day)


_RULES: dict[str, Callable[[date], date]] = {
    "none": lambda day: day,
    "following": _next_or_same,
    "modified_following": _next_in_month,
    "preceding": _previous_or_same,
}


def roll_days(days: Ints, rule: Roll) -> Ints:
    """Return `roll` of day numbers since 1970-01-01: an int, or an int64 column by one table lookup.

    Refuses DAY_OUTSIDE_CALENDAR before 1970 and after 2199.
    """
    if not is_column(days):
        _refuse_outside(days, days)
        return day_number(roll(to_date(days), rule))
    if not days.size:
        return days.copy()
    _refuse_outside(int(days.min()), int(days.max()))
    return days.copy() if rule == "none" else _rolled(rule).take(days)


def _refuse_outside(lowest: int, highest: int) -> None:
    for value in (lowest, highest):
        if not 0 <= value <= _LAST_DAY:
            raise DAY_OUTSIDE_CALENDAR.refuse("day", value=value)


@cache
def _rolled(rule: Roll) -> Any:
    """The rolled day number of every day from 1970-01-01 to 2199-12-31."""
    import numpy as np

    days = np.arange(-_MARGIN_DAYS, _LAST_DAY + 1 + _MARGIN_DAYS, dtype=np.int64)
    works = (days + 3) % 7 < 5  # 1970-01-01, day 0, was a Thursday
    for day, said in _notices().by_day.items():
        works[day_number(day) + _MARGIN_DAYS] = not said.is_off
    before = np.maximum.accumulate(np.where(works, days, days[0]))
    after = np.minimum.accumulate(np.where(works, days, days[-1])[::-1])[::-1]
    inside = slice(_MARGIN_DAYS, -_MARGIN_DAYS)
    days, before, after = days[inside], before[inside], after[inside]
    if rule == "following":
        return after
    if rule == "preceding":
        return before
    assert rule == "modified_following", rule
    months = days.astype("datetime64[D]").astype("datetime64[M]")
    return np.where(after.astype("datetime64[D]").astype("datetime64[M]") == months, after, before)


def next_working_day(day: date, count: int = 1) -> date:
    """Return the `count`-th (1 or more) working day after `day`: T+1, T+2 …

    >>> next_working_day(date(2026, 2, 13)).isoformat(), next_working_day(date(2026, 2, 14)).isoformat()
    ('2026-02-14', '2026-02-24')
    """
    assert count >= 1, "a working day after: at least the first"
    for _ in range(count):
        day = _next_or_same(day + _ONE_DAY)
    return day


def working_days_between(start: date, end: date) -> int:
    """Return the working days after `start` up to and including `end`; negative when `end` is the earlier.

    >>> working_days_between(date(2026, 2, 13), date(2026, 2, 24))
    2
    """
    if end < start:
        return -working_days_between(end, start)
    return sum(is_working_day(start + timedelta(days=offset)) for offset in range(1, (end - start).days + 1))
