"""When instalments fall due: first-due rules, a due day clamped at month end, holidays rolled."""

from dataclasses import dataclass

from puhui.kernel import calendar
from puhui.kernel.columns import Ints, choose, largest
from puhui.kernel.dates import day_in_month, day_in_months, day_of_month, month_of, whole_months
from puhui.kernel.daycount import Span
from puhui.kernel.language import Text
from puhui.products.terms import TERMS_INVALID, Terms

NO_DAY = -1


@dataclass(frozen=True, slots=True)
class Dates:
    """Day numbers by instalment: `due` after the holiday roll, `nominal` before; `spans` interest runs over.

    `position` is how far each due date lies from disbursement, in 1/`positions_a_month` of a month.
    """

    due: list[Ints]
    nominal: list[Ints]
    spans: list[Span]
    position: list[Ints]
    positions_a_month: int


def due_dates(terms: Terms, disbursed: Ints, first_due: Ints, due_day: Ints, one_due: bool) -> Dates:
    """Return the Dates of a plan; `first_due` NO_DAY and `due_day` 0 where not given.

    `one_due`: everything falls due at once, at the end of the last period (bullet).
    """
    nominal = _nominal(terms, disbursed, first_due, due_day)
    rolled = nominal
    if terms.holiday_roll != "none":
        rolled = [calendar.roll_days(day, terms.holiday_roll) for day in nominal]
        if largest(disbursed - rolled[-1 if one_due else 0]) >= 0:
            raise TERMS_INVALID.refuse("holiday_roll", problem=_BEFORE_DISBURSEMENT)
    starts, ends = [disbursed, *nominal[:-1]], nominal
    if terms.interest_follows_roll:
        starts, ends = [disbursed, *rolled[:-1]], rolled
    months, days = (terms.every, 0) if terms.unit == "month" else (0, _step_days(terms))
    first = whole_months(disbursed, nominal[0]) if months else (0, nominal[0] - disbursed)
    later = [Span(start, end, months, days) for start, end in zip(starts[1:], ends[1:], strict=True)]
    spans = [Span(starts[0], ends[0], *first), *later]
    positions, a_month = _positions(disbursed, nominal, first, months)
    if one_due:
        whole = Span(disbursed, ends[-1], sum(s.months for s in spans), sum(s.odd_days for s in spans))
        return Dates(rolled[-1:], nominal[-1:], [whole], positions[-1:], a_month)
    return Dates(rolled, nominal, spans, positions, a_month)


def _positions(disbursed: Ints, nominal: list[Ints], first: tuple[Ints, Ints], months: int) -> tuple[list[Ints], int]:
    """Return how far each due day lies from disbursement, and in how many parts of a month that is counted."""
    if not months:
        return [12 * (day - disbursed) for day in nominal], 365
    start = first[0] * 30 + first[1]
    return [start + months * 30 * period for period in range(len(nominal))], 30


def _step_days(terms: Terms) -> int:
    return terms.every * (7 if terms.unit == "week" else 1)


def _nominal(terms: Terms, disbursed: Ints, first_due: Ints, due_day: Ints) -> list[Ints]:
    """Return the due days before the holiday roll."""
    if terms.unit != "month":
        step = _step_days(terms)
        first = choose(first_due == NO_DAY, disbursed + step, first_due)
        return [first + period * step for period in range(terms.instalments)]
    given = first_due != NO_DAY
    anchor = choose(
        due_day > 0, due_day, choose(given, day_of_month(choose(given, first_due, 0)), day_of_month(disbursed))
    )
    first = choose(given, first_due, _first_due(terms, disbursed, anchor))
    later = day_in_months(month_of(first) + terms.every, anchor, terms.every, terms.instalments - 1)
    return [first, *later]


def _first_due(terms: Terms, disbursed: Ints, anchor: Ints) -> Ints:
    month = month_of(disbursed)
    if terms.first_due == "one_period":
        return day_in_month(month + terms.every, anchor)
    day = day_in_month(month, anchor)
    for later in (1, 2, 3):
        day = choose(day - disbursed >= terms.first_due_after_days, day, day_in_month(month + later, anchor))
    return day


_BEFORE_DISBURSEMENT = Text("使首个到期日不晚于放款日", "moves the first due date to disbursement or before")
