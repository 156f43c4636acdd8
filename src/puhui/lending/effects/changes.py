"""The plan of the rest changes: a new rate, another due day, instalments skipped, the loan restructured."""

from dataclasses import replace
from typing import Any

from puhui.kernel.dates import day_in_month, day_number, month_of, to_date
from puhui.kernel.language import Text
from puhui.kernel.refusals import INPUT_INVALID
from puhui.lending.agreement import Agreement
from puhui.lending.balances import not_due_principal_minor, running_interest_minor
from puhui.lending.dates_ahead import (
    Rhythm,
    day_fits,
    first_day_after,
    following_days,
    later_slots,
    new_slots,
    nominal_day,
    rhythm_of,
)
from puhui.lending.effects.effect import NOTHING_TO_DO, TOO_EARLY, Applied
from puhui.lending.facts import DueDayChange, RateReset, Restructure, Skip
from puhui.lending.late import late_rate_of
from puhui.lending.line import continued, task_of
from puhui.lending.plan_ahead import kept, relevelled, until_paid
from puhui.lending.position import Due, Position, Row, changed
from puhui.lending.resets import check_reset
from puhui.products.terms import LONGEST_MONTHS, MOST_INSTALMENTS

# Categories that are not non-performing.
PERFORMING = frozenset({"NORMAL", "SM"})


def rate_reset(position: Position, body: RateReset, agreement: Agreement) -> Applied:
    """A floating rate is reset: interest from the day on at the new rate, instalments made anew by the method.

    Refuses NOT_AGREED (a fixed rate, another series or spread) and NOT_A_RESET_DAY.
    """
    check_reset(agreement, body, position.as_of)
    return Applied(_replanned(position, agreement, position.rows, body.annual_rate_ppm))


def _replanned(
    position: Position, agreement: Agreement, slots: tuple[Row, ...], rate_ppm: int, **changes: Any
) -> Position:
    changes |= {
        "annual_rate_ppm": rate_ppm,
        "late_rate_ppm": late_rate_of(agreement, rate_ppm, interest_runs=bool(slots)),
    }
    if not slots:
        return changed(position, **changes)
    task = task_of(position, agreement, slots, not_due_principal_minor(position), rate_ppm)
    return continued(position, agreement, relevelled(task), **changes)


def due_day_change(position: Position, body: DueDayChange, agreement: Agreement) -> Applied:
    """The instalments to come move to another day of the month, their totals stay; the last takes the difference.

    Interest follows the longer or shorter first period, except under period/12: there a period is a period.
    Refuses NOTHING_TO_DO, TOO_EARLY (first_due_on not after today), INPUT_INVALID (not on the due day).
    """
    if not position.rows or position.unit != "month":
        raise NOTHING_TO_DO.refuse("due_day", problem=_NO_MONTHLY_ROWS)
    rhythm = Rhythm(body.due_day, position.every, "month")
    first = _first_moved(position, body, rhythm)
    days = [first, *following_days(first, rhythm, len(position.rows) - 1)]
    slots = new_slots(agreement, rhythm, position.rows[0].n, position.period_from, days)
    whole_periods = agreement.terms.day_count == "period/12"
    moved = tuple(
        row._replace(due_on=slot.due_on, numerator=row.numerator if whole_periods else slot.numerator)
        for row, slot in zip(position.rows, slots, strict=True)
    )
    task = task_of(position, agreement, moved, not_due_principal_minor(position), position.annual_rate_ppm)
    return Applied(continued(position, agreement, kept(task), due_day=body.due_day))


def _first_moved(position: Position, body: DueDayChange, rhythm: Rhythm) -> int:
    """Return the first day that instalments fall due on the new day: of the month they would have, else the next."""
    if body.first_due_on is None:
        month = month_of(nominal_day(position.rows[0].due_on, rhythm_of(position)))
        day = int(day_in_month(month, rhythm.due_day))
        return day if day > position.as_of else int(day_in_month(month + 1, rhythm.due_day))
    day = day_number(body.first_due_on)
    _later(day, position, "first_due_on")
    if not day_fits(day, rhythm.due_day):
        raise INPUT_INVALID.refuse("first_due_on", problem=_ON_DUE_DAY)
    return day


def _later(day: int, position: Position, field: str) -> None:
    if day <= position.as_of:
        raise TOO_EARLY.refuse(field, first_on=to_date(position.as_of + 1).isoformat())


def skip(position: Position, body: Skip, agreement: Agreement) -> Applied:
    """The next instalments pay no principal. Refuses NOTHING_TO_DO where nothing would be left to pay it later."""
    count, rows = body.instalments, position.rows
    if not rows or (not body.extend and count >= len(rows)):
        raise NOTHING_TO_DO.refuse("instalments", problem=_NONE_LEFT)
    slots = (*rows, *later_slots(position, agreement, count)) if body.extend else rows
    pattern = rows[0 if body.extend else count :]
    principal = [0] * count + [row.principal_minor for row in pattern]
    if agreement.terms.income_months:
        principal = [_in_season(slot.due_on, agreement) if place >= count else 0 for place, slot in enumerate(slots)]
    skipped = [
        slot._replace(principal_minor=amount, interest_minor=0, collects=slot.collects if paid else 0)
        for slot, amount, paid in zip(slots, principal, _pays(body, len(slots)), strict=True)
    ]
    skipped[-1] = skipped[-1]._replace(collects=1)
    return Applied(_replanned(position, agreement, tuple(skipped), position.annual_rate_ppm))


def _pays(body: Skip, count: int) -> list[bool]:
    """Return, by slot, whether it pays interest."""
    return [body.pay_interest or place >= body.instalments for place in range(count)]


def _in_season(day: int, agreement: Agreement) -> int:
    """Return 1 where principal may fall due in the month of `day`, else 0."""
    months = agreement.terms.income_months
    return int(not months or month_of(day) % 12 + 1 in months)


def restructure(position: Position, body: Restructure, agreement: Agreement) -> Applied:
    """The rest of the loan under a new plan; from then on it is a restructured loan.

    Refuses NOTHING_TO_DO (nothing is left to plan), TOO_EARLY (first_due_on not after today), INPUT_INVALID.
    """
    rate = position.annual_rate_ppm if body.annual_rate_ppm is None else body.annual_rate_ppm
    unpaid = sum(due.interest_minor for due in position.dues) if body.how in ARREARS_BACK else 0
    ground = _arrears_back(position, unpaid) if body.how in ARREARS_BACK else position
    if not ground.rows:
        ground = changed(ground, period_from=ground.as_of, period_weight=0, period_closed_minor=0)
    balance = not_due_principal_minor(ground)
    if not balance:
        raise NOTHING_TO_DO.refuse("how", problem=_NOTHING_LEFT)
    rhythm = _new_rhythm(position, body)
    slots = _slots_of(ground, body, agreement, rhythm)
    carried = running_interest_minor(position) + unpaid
    task = task_of(ground, agreement, slots, balance, rate)
    if task.stub:
        task = replace(task, stub=task.stub._replace(done_minor=carried))
    rows = relevelled(task) if body.instalment_minor is None else until_paid(task, body.instalment_minor)
    changes = {
        "accrual_base_minor": carried,
        "annual_rate_ppm": rate,
        "late_rate_ppm": late_rate_of(agreement, rate, interest_runs=True),
        "due_day": rhythm.due_day,
        "every": rhythm.every,
        "unit": rhythm.unit,
        "restructured_on": position.as_of,
        "npl_before_restructure": position.category not in PERFORMING,
    }
    return Applied(continued(ground, agreement, rows, **changes))


ARREARS_BACK = frozenset({"re_age"})
LONGER = frozenset({"extend"})


def _arrears_back(position: Position, unpaid_minor: int) -> Position:
    """Return the position with what is late back in the plan: fees stay due; unpaid interest has only accrued."""
    return changed(
        position,
        dues=tuple(Due(due.n, due.due_on, 0, 0, due.fee_minor) for due in position.dues if due.fee_minor),
        interest_due_total_minor=position.interest_due_total_minor - unpaid_minor,
        deferred_minor=position.deferred_minor + unpaid_minor,
    )


def _new_rhythm(position: Position, body: Restructure) -> Rhythm:
    """Return how due days follow each other under the new plan."""
    due_day = position.due_day if body.first_due_on is None else body.first_due_on.day
    return Rhythm(due_day, body.every or position.every, body.unit or position.unit)


def _slots_of(position: Position, body: Restructure, agreement: Agreement, rhythm: Rhythm) -> tuple[Row, ...]:
    """Return the slots of the new plan. Where dates and number stay, they are the rows as they are."""
    dates_given = body.first_due_on or body.every or body.unit
    if not dates_given and body.instalments is None and body.instalment_minor is None and position.rows:
        return _interest_only(position.rows, body.interest_only_instalments)
    if body.how in LONGER:
        if not position.rows or dates_given:
            raise NOTHING_TO_DO.refuse("how", problem=_EXTENDS_PLAN)
        slots = (*position.rows, *later_slots(position, agreement, body.instalments or 0))
        _not_too_long(len(slots), rhythm)
    else:
        slots = _all_new(position, body, agreement, rhythm)
    in_season = tuple(
        slot._replace(principal_minor=_in_season(slot.due_on, agreement), interest_minor=0) for slot in slots
    )
    return _interest_only(in_season, body.interest_only_instalments)


def _all_new(position: Position, body: Restructure, agreement: Agreement, rhythm: Rhythm) -> tuple[Row, ...]:
    count = body.instalments or (_most(rhythm) if body.instalment_minor else len(position.rows))
    if not count:
        raise NOTHING_TO_DO.refuse("instalments", problem=_HOW_MANY)
    _not_too_long(count, rhythm)
    if body.first_due_on is not None:
        first = day_number(body.first_due_on)
        _later(first, position, "first_due_on")
    elif position.rows:
        first = nominal_day(position.rows[0].due_on, rhythm)
        first = first if first > position.as_of else position.rows[0].due_on
    else:
        first = first_day_after(position.as_of, rhythm)
    days = [first, *following_days(first, rhythm, count - 1)]
    first_n = position.rows[0].n if position.rows else position.last_n + 1
    return new_slots(agreement, rhythm, first_n, position.period_from, days)


def _most(rhythm: Rhythm) -> int:
    return min(MOST_INSTALMENTS, LONGEST_MONTHS // rhythm.every) if rhythm.unit == "month" else MOST_INSTALMENTS


def _not_too_long(count: int, rhythm: Rhythm) -> None:
    months = count * rhythm.every if rhythm.unit == "month" else count * rhythm.every * 7 // 30
    if count > MOST_INSTALMENTS or months > LONGEST_MONTHS:
        raise INPUT_INVALID.refuse("instalments", problem=_TOO_LONG)


def _interest_only(slots: tuple[Row, ...], count: int) -> tuple[Row, ...]:
    """Return the slots, the first `count` of them without principal."""
    if not count:
        return slots
    if count >= len(slots):
        raise INPUT_INVALID.refuse("interest_only_instalments", problem=_FEWER)
    return tuple(
        slot._replace(principal_minor=0 if place < count else max(1, slot.principal_minor), interest_minor=0)
        for place, slot in enumerate(slots)
    )


_NO_MONTHLY_ROWS = Text("不适用：没有按月到期的后续期次", "has no use: no monthly instalments are to come")
_ON_DUE_DAY = Text("first_due_on 须落在 due_day", "first_due_on must fall on due_day")
_NONE_LEFT = Text("过多，没有后续期次可以归还", "leaves no instalment to pay it later")
_NOTHING_LEFT = Text("没有可重新安排的本金", "finds no principal to plan anew")
_EXTENDS_PLAN = Text("extend 只顺延现有期次，不改日期", "extend lengthens the present plan; its dates stay")
_HOW_MANY = Text("必填：现有期次均已到期", "is required: all instalments have fallen due")
_FEWER = Text("interest_only_instalments 须少于期数", "interest_only_instalments must be fewer than the instalments")
_TOO_LONG = Text("instalments 合计过长", "instalments make the plan too long")
