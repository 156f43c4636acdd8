"""When instalments fall due: first-due rules, a due day clamped at month end, holidays rolled."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from puhui.kernel import calendar
from puhui.kernel.columns import Ints, choose, is_column, largest
from puhui.kernel.dates import day_in_month, day_in_months, day_of_month, month_of, whole_months
from puhui.kernel.daycount import Span, Unit
from puhui.kernel.language import Text
from puhui.products.terms import TERMS_INVALID, Terms

NO_DAY = -1


@dataclass(frozen=True, slots=True)
class Dates:
    """Day numbers by instalment: `due` after the holiday roll, `nominal` before; `spans` interest runs over.

    `position` is how far each due date lies from disbursement, in 1/`positions_a_month` of a month.
    """

    due: Sequence[Ints]
    nominal: Sequence[Ints]
    spans: Sequence[Span]
    position: Sequence[Ints]
    positions_a_month: int


class Pace(NamedTuple):
    """What of the terms says when instalments fall due; see `Terms`."""

    instalments: int
    every: int
    unit: Unit
    first_due: str
    first_due_after_days: int
    holiday_roll: calendar.Roll
    interest_follows_roll: bool


def due_dates(terms: Terms, disbursed: Ints, first_due: Ints, due_day: Ints, one_due: bool) -> Dates:
    """Return the Dates of a plan; `first_due` NO_DAY and `due_day` 0 where not given.

    `one_due`: everything falls due at once, at the end of the last period (bullet).
    """
    pace = Pace(
        terms.instalments,
        terms.every,
        terms.unit,
        terms.first_due,
        terms.first_due_after_days,
        terms.holiday_roll,
        terms.interest_follows_roll,
    )
    in_columns = is_column(disbursed) or is_column(first_due) or is_column(due_day)
    return (_dates if in_columns else _dates_of_one)(pace, disbursed, first_due, due_day, one_due)


def _dates(pace: Pace, disbursed: Ints, first_due: Ints, due_day: Ints, one_due: bool) -> Dates:
    nominal = _nominal(pace, disbursed, first_due, due_day)
    rolled = nominal
    if pace.holiday_roll != "none":
        rolled = tuple(calendar.roll_days(day, pace.holiday_roll) for day in nominal)
        if largest(disbursed - rolled[-1 if one_due else 0]) >= 0:
            raise TERMS_INVALID.refuse("holiday_roll", problem=_BEFORE_DISBURSEMENT)
    starts, ends = (disbursed, *nominal[:-1]), nominal
    if pace.interest_follows_roll:
        starts, ends = (disbursed, *rolled[:-1]), rolled
    months, days = (pace.every, 0) if pace.unit == "month" else (0, _step_days(pace))
    first = whole_months(disbursed, nominal[0]) if months else (0, nominal[0] - disbursed)
    later = [Span(start, end, months, days) for start, end in zip(starts[1:], ends[1:], strict=True)]
    spans = (Span(starts[0], ends[0], *first), *later)
    positions, a_month = _positions(disbursed, nominal, first, months)
    if one_due:
        whole = Span(disbursed, ends[-1], sum(s.months for s in spans), sum(s.odd_days for s in spans))
        return Dates(rolled[-1:], nominal[-1:], (whole,), positions[-1:], a_month)
    return Dates(rolled, nominal, spans, positions, a_month)


# Plans that differ in amount and rate alone share their days: a design, a price, the funders of one plan.
_dates_of_one = lru_cache(maxsize=256)(_dates)


def _positions(
    disbursed: Ints, nominal: tuple[Ints, ...], first: tuple[Ints, Ints], months: int
) -> tuple[tuple[Ints, ...], int]:
    """Return how far each due day lies from disbursement, and in how many parts of a month that is counted."""
    if not months:
        return tuple(12 * (day - disbursed) for day in nominal), 365
    start = first[0] * 30 + first[1]
    return tuple(start + months * 30 * period for period in range(len(nominal))), 30


def _step_days(pace: Pace) -> int:
    return pace.every * (7 if pace.unit == "week" else 1)


def _nominal(pace: Pace, disbursed: Ints, first_due: Ints, due_day: Ints) -> tuple[Ints, ...]:
    """Return the due days before the holiday roll."""
    if pace.unit != "month":
        step = _step_days(pace)
        first = choose(first_due == NO_DAY, disbursed + step, first_due)
        return tuple(first + period * step for period in range(pace.instalments))
    given = first_due != NO_DAY
    anchor = choose(
        due_day > 0, due_day, choose(given, day_of_month(choose(given, first_due, 0)), day_of_month(disbursed))
    )
    first = choose(given, first_due, _first_due(pace, disbursed, anchor))
    later = day_in_months(month_of(first) + pace.every, anchor, pace.every, pace.instalments - 1)
    return (first, *later)


def _first_due(pace: Pace, disbursed: Ints, anchor: Ints) -> Ints:
    month = month_of(disbursed)
    if pace.first_due == "one_period":
        return day_in_month(month + pace.every, anchor)
    day = day_in_month(month, anchor)
    for later in (1, 2, 3):
        day = choose(day - disbursed >= pace.first_due_after_days, day, day_in_month(month + later, anchor))
    return day


_BEFORE_DISBURSEMENT = Text("使首个到期日不晚于放款日", "moves the first due date to disbursement or before")
