"""Time passes over a loan: instalments fall due, grace ends, interest and penalty interest run. No loop over days."""

from typing import Any

from puhui.lending.agreement import Agreement
from puhui.lending.allocate import closed, pay_due
from puhui.lending.due_rows import next_span
from puhui.lending.late import late_rate_of
from puhui.lending.line import followed
from puhui.lending.period import Stub
from puhui.lending.plan_ahead import method_of
from puhui.lending.position import Due, Position, changed


def advance(position: Position, day: int, agreement: Agreement) -> Position:
    """Return the position at the end of `day` (a day number, not before `as_of`), nothing else having happened.

    advance to c = advance to b, then to c. Money in suspense pays what falls due, on the day.
    """
    assert day >= position.as_of, "time does not run backwards; fold the facts anew"
    while position.rows and position.rows[0].due_on <= day:
        due_on = position.rows[0].due_on
        if due_on > position.as_of:
            position = followed(position, agreement)
        position = _fallen_due(position, due_on, agreement)
    if day == position.as_of:
        return position
    position = followed(position, agreement)
    return changed(position, **_aged(position, day))


def _aged(position: Position, day: int) -> dict[str, Any]:
    """Return what changes by the mere passing of days up to `day`, while the dues stay as they are."""
    changes: dict[str, Any] = {"as_of": day}
    if not position.dues or position.status == "written_off":
        return changes
    before, grace = position.as_of, position.grace_days
    weight = 0
    for due in position.dues:
        if day > due.due_on + grace:
            late_from = before if before > due.due_on + grace else due.due_on
            weight += (due.principal_minor + (due.interest_minor if position.compounds else 0)) * (day - late_from)
    if weight:
        changes["late_numerator"] = position.late_numerator + weight * position.late_rate_ppm
    for name, part in _LATE_DAYS:
        oldest = next((due.due_on for due in position.dues if due[part]), None)
        if oldest is not None and day > oldest + grace:
            counted = day - max(before, oldest + grace)
            changes[name] = getattr(position, name) + counted
    return changes


_LATE_DAYS = (
    ("principal_late_total_days", Due._fields.index("principal_minor")),
    ("interest_late_total_days", Due._fields.index("interest_minor")),
)


def _fallen_due(position: Position, day: int, agreement: Agreement) -> Position:
    """Return the position at the end of the due day of its first row, that row fallen due."""
    row, rows = position.rows[0], position.rows[1:]
    interest = row.interest_minor if row.collects else 0
    changes = _aged(position, day) | {
        "rows": rows,
        "last_n": row.n,
        "interest_due_total_minor": position.interest_due_total_minor + interest,
        "fee_charged_total_minor": position.fee_charged_total_minor + row.fee_minor,
        "period_from": day,
        "period_weight": 0,
        "period_closed_minor": 0,
        "deferred_minor": 0 if row.collects else position.deferred_minor + _period_interest(position, agreement),
    }
    late = sum(due.principal_minor for due in position.dues)
    changes["accrual_on_minor"] = position.principal_minor - late - row.principal_minor
    if row.principal_minor or interest or row.fee_minor:
        changes["dues"] = (*position.dues, Due(row.n, day, row.principal_minor, interest, row.fee_minor))
    if not rows:
        changes["late_rate_ppm"] = late_rate_of(agreement, position.annual_rate_ppm, interest_runs=False)
    if row.collects:
        end, minor = next_span(rows)
        changes |= {
            "accrual_from": day if end else 0,
            "accrual_to": end,
            "accrual_base_minor": 0,
            "accrual_minor": minor,
        }
    new = changed(position, **changes)
    if new.suspense_minor and new.dues:
        paid = pay_due(new, new.suspense_minor, agreement)
        new = changed(paid.position, suspense_minor=paid.left_minor)
    return new if rows else closed(new, agreement)


def _period_interest(position: Position, agreement: Agreement) -> int:
    """Return the interest of a period that ends today without collecting it, rounded once."""
    row = position.rows[0]
    if method_of(agreement).keeps_interest:
        return 0
    days = row.due_on - position.period_from
    part_from = max(position.accrual_from, position.period_from)
    weight = position.period_weight
    if days:
        weight += position.accrual_on_minor * position.annual_rate_ppm * (row.due_on - part_from)
    stub = Stub(weight, position.period_closed_minor, 0, max(days, 1), 0)
    return stub.interest_minor(0, row.numerator, agreement.rate_unit, agreement.terms.rounding)
