"""When instalments fall due: first-due rules, a due day clamped at month end, holidays rolled."""

from dataclasses import dataclass

from puhui.kernel import calendar
from puhui.kernel.columns import Ints, choose
from puhui.kernel.dates import day_in_month, day_of_month, month_of
from puhui.kernel.daycount import Span, span
from puhui.products.terms import Terms

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
    monthly = terms.unit == "month"
    first = span(disbursed, nominal[0]) if monthly else Span(disbursed, nominal[0], 0, nominal[0] - disbursed)
    starts = [disbursed, *nominal[:-1]]
    ends = nominal
    if terms.interest_follows_roll:
        starts, ends = [disbursed, *rolled[:-1]], rolled
    spans = [Span(starts[0], ends[0], first.months, first.odd_days)]
    for start, end, nominal_start, nominal_end in zip(starts[1:], ends[1:], nominal[:-1], nominal[1:], strict=True):
        days = 0 if monthly else nominal_end - nominal_start
        spans.append(Span(start, end, terms.every if monthly else 0, days))
    if one_due:
        whole = Span(disbursed, ends[-1], sum(s.months for s in spans), sum(s.odd_days for s in spans))
        spans, rolled, nominal = [whole], rolled[-1:], nominal[-1:]
    return Dates(rolled, nominal, spans, *_positions(terms, disbursed, nominal, spans))


def _nominal(terms: Terms, disbursed: Ints, first_due: Ints, due_day: Ints) -> list[Ints]:
    """Return the due days before the holiday roll."""
    if terms.unit != "month":
        step = terms.every * (7 if terms.unit == "week" else 1)
        first = choose(first_due == NO_DAY, disbursed + step, first_due)
        return [first + period * step for period in range(terms.instalments)]
    given = first_due != NO_DAY
    anchor = choose(
        due_day > 0, due_day, choose(given, day_of_month(choose(given, first_due, 0)), day_of_month(disbursed))
    )
    first = choose(given, first_due, _first_due(terms, disbursed, anchor))
    month = month_of(first)
    later = [day_in_month(month + period * terms.every, anchor) for period in range(1, terms.instalments)]
    return [first, *later]


def _first_due(terms: Terms, disbursed: Ints, anchor: Ints) -> Ints:
    month = month_of(disbursed)
    if terms.first_due == "one_period":
        return day_in_month(month + terms.every, anchor)
    day = day_in_month(month, anchor)
    for later in (1, 2, 3):
        day = choose(day - disbursed >= terms.first_due_after_days, day, day_in_month(month + later, anchor))
    return day


def _positions(terms: Terms, disbursed: Ints, nominal: list[Ints], spans: list[Span]) -> tuple[list[Ints], int]:
    if terms.unit != "month":
        return [12 * (day - disbursed) for day in nominal], 365
    position, positions = 0, []
    for period in spans:
        position = position + period.months * 30 + period.odd_days
        positions.append(position)
    return positions, 30
