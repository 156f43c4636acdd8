"""Due days of instalments that are added, moved or made anew, as slots for `plan_ahead`."""

from typing import NamedTuple

from puhui.kernel import calendar
from puhui.kernel.dates import day_in_month, day_in_months, month_of
from puhui.kernel.daycount import Span, Unit, span
from puhui.lending.agreement import Agreement
from puhui.lending.position import Position, Row


class Rhythm(NamedTuple):
    """How due days follow each other: `every` units apart; `due_day` of the month, clamped in short months."""

    due_day: int
    every: int
    unit: Unit


def rhythm_of(position: Position) -> Rhythm:
    """Return how the loan's due days follow each other now."""
    return Rhythm(position.due_day, position.every, position.unit)


def nominal_day(day: int, rhythm: Rhythm) -> int:
    """Return the due day before any holiday roll, of one after it: the nearest day of the rhythm."""
    if rhythm.unit != "month" or not rhythm.due_day:
        return day
    month = month_of(day)
    near = [day_in_month(month + offset, rhythm.due_day) for offset in (-1, 0, 1)]
    return int(min(near, key=lambda candidate: abs(candidate - day)))


def first_day_after(day: int, rhythm: Rhythm) -> int:
    """Return the first day of the rhythm after `day`: the due day of the month; else one step on."""
    if rhythm.unit != "month":
        return day + _step_days(rhythm)
    month = month_of(day)
    found = day_in_month(month, rhythm.due_day)
    return int(found if found > day else day_in_month(month + 1, rhythm.due_day))


def following_days(day: int, rhythm: Rhythm, count: int) -> list[int]:
    """Return the `count` days of the rhythm that follow its day `day`."""
    if rhythm.unit != "month":
        return [day + _step_days(rhythm) * number for number in range(1, count + 1)]
    return [int(d) for d in day_in_months(month_of(day) + rhythm.every, rhythm.due_day, rhythm.every, count)]


def new_slots(agreement: Agreement, rhythm: Rhythm, first_n: int, start: int, days: list[int]) -> tuple[Row, ...]:
    """Return empty slots that fall due on `days` (before any roll), the first period beginning on `start`.

    Periods between days of the rhythm are regular; the first counts its months and odd days.
    """
    terms, numerator = agreement.terms, agreement.convention.numerator
    rolled = [int(calendar.roll_days(day, terms.holiday_roll)) for day in days]
    ends = rolled if terms.interest_follows_roll else days
    months, odd_days = (rhythm.every, 0) if rhythm.unit == "month" else (0, _step_days(rhythm))
    slots = []
    for place, (due_on, end) in enumerate(zip(rolled, ends, strict=True)):
        period = Span(ends[place - 1], end, months, odd_days) if place else span(start, end)
        slots.append(Row(first_n + place, due_on, 0, 0, 0, int(numerator(period))))
    return tuple(slots)


def later_slots(position: Position, agreement: Agreement, count: int) -> tuple[Row, ...]:
    """Return `count` empty slots after the last row, in the loan's rhythm."""
    rhythm, last = rhythm_of(position), position.rows[-1]
    start = nominal_day(last.due_on, rhythm)
    regular = new_slots(agreement, rhythm, last.n, start, [start, *following_days(start, rhythm, count)])
    return regular[1:]


def day_fits(day: int, due_day: int) -> bool:
    """Return whether `day` is the `due_day` of its month, or its last day where the month is shorter."""
    return bool(day == day_in_month(month_of(day), due_day))


def _step_days(rhythm: Rhythm) -> int:
    return rhythm.every * (7 if rhythm.unit == "week" else 1)
