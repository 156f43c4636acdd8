"""The line that interest runs on: from the plan of what is to come, and from the balance where that is agreed.

Where interest follows the balance (`interest_basis` actual), late principal bears contract interest too: the total of
an instalment stays and its split follows, so that rows are split anew when something falls late or is paid late.
"""

from typing import Any

from puhui.kernel.rounding import round_div
from puhui.lending.agreement import Agreement
from puhui.lending.balances import not_due_principal_minor, running_interest_minor
from puhui.lending.due_rows import next_span
from puhui.lending.period import Stub, weight_so_far
from puhui.lending.plan_ahead import Task, method_of
from puhui.lending.position import Position, Row, changed


def stub_of(position: Position, end: int | None = None) -> Stub | None:
    """Return the running period as a Stub that ends on day `end` (its row's due day); None where it just begins."""
    if not position.rows and end is None:
        return None
    weight = weight_so_far(position)
    if position.as_of == position.period_from and not (weight or position.period_closed_minor):
        return None
    last = position.rows[0].due_on if end is None else end
    done = running_interest_minor(position)
    days = last - position.period_from
    return Stub(weight, position.period_closed_minor, done, days, last - position.as_of)


def task_of(
    position: Position,
    agreement: Agreement,
    slots: tuple[Row, ...],
    balance_minor: int,
    rate_ppm: int,
    drawn_minor: int = 0,
) -> Task:
    """Return the task to plan the slots from today on, at the loan's present state."""
    return Task(
        agreement,
        slots,
        balance_minor,
        rate_ppm,
        position.annual_rate_ppm,
        stub_of(position, slots[0].due_on) if slots else None,
        position.deferred_minor,
        drawn_minor or position.drawn_minor,
        position.period_from,
    )


def continued(position: Position, agreement: Agreement, rows: tuple[Row, ...], **changes: Any) -> Position:
    """Return the position on new rows from today on, with other changes; interest so far is carried over."""
    principal = changes.get("principal_minor", position.principal_minor)
    late = sum(due.principal_minor for due in changes.get("dues", position.dues))
    new = _on(position, rows, principal - late, changes)
    return followed(new, agreement) if late and new.as_of > new.period_from else new


def followed(position: Position, agreement: Agreement) -> Position:
    """Return the position with interest running on all outstanding principal, where that is agreed."""
    if not follows(position, agreement) or position.accrual_on_minor == position.principal_minor:
        return position
    return _on(position, _split(position, agreement, position.principal_minor), position.principal_minor, {})


def follows(position: Position, agreement: Agreement) -> bool:
    """Return whether interest runs on the balance as it is, and there are rows for it to fall due with."""
    return agreement.follows_balance and bool(position.rows) and not method_of(agreement).keeps_interest


def part_closed(position: Position, agreement: Agreement) -> Position:
    """Return the position with interest of the period so far rounded, where a payment does that by agreement."""
    if not agreement.servicing.round_parts or not position.rows or position.as_of == position.period_from:
        return position
    row, unit = position.rows[0], agreement.rate_unit * (position.rows[0].due_on - position.period_from)
    part = round_div(weight_so_far(position) * row.numerator, unit, agreement.terms.rounding)
    return changed(
        position,
        period_closed_minor=position.period_closed_minor + int(part),
        period_weight=0,
        accrual_base_minor=running_interest_minor(position),
        accrual_from=position.as_of,
    )


def projected_rows(position: Position, agreement: Agreement) -> tuple[Row, ...]:
    """Return the rows to come if what is late is paid today: what a borrower is shown.

    They differ from `position.rows` only where interest follows the balance and something is late.
    """
    if not follows(position, agreement):
        return position.rows
    return _split(position, agreement, not_due_principal_minor(position))


def _on(position: Position, rows: tuple[Row, ...], on_minor: int, changes: dict[str, Any]) -> Position:
    """Return the position on `rows` from today, its line on `on_minor`.

    The line goes on from the interest so far. That was rounded by itself: where it is a fen more than the row it falls
    due with, which is rounded on the whole, it steps down to it.
    """
    base = changes.get("accrual_base_minor", running_interest_minor(position)) if rows else 0
    end, interest = next_span(rows)
    line = {
        "rows": rows,
        "period_weight": weight_so_far(position),
        "accrual_from": position.as_of if rows else 0,
        "accrual_to": end,
        "accrual_minor": interest,
        "accrual_on_minor": on_minor,
    }
    return changed(position, **{**line, **changes, "accrual_base_minor": min(base, interest)})


def _split(position: Position, agreement: Agreement, on_minor: int) -> tuple[Row, ...]:
    """Return the rows when `on_minor` bears interest to the end of the running period, and then what the plan leaves.

    Totals stay where instalments are agreed in all, else principal does; the last row takes the rest.
    """
    rate, unit, rounding = position.annual_rate_ppm, agreement.rate_unit, agreement.terms.rounding
    keeps_total = method_of(agreement).keeps_total and all(row.collects for row in position.rows)
    stub, balance, carried = stub_of(position), not_due_principal_minor(position), position.deferred_minor
    rows, last = [], len(position.rows) - 1
    for place, row in enumerate(position.rows):
        if place or stub is None:
            bearing = balance if place else on_minor
            own = int(round_div(bearing * rate * row.numerator, unit, rounding))
        else:
            own = stub.interest_minor(on_minor * rate, row.numerator, unit, rounding)
        paid = row.principal_minor
        if place == last:
            paid = balance
        elif keeps_total and paid:
            paid = max(0, min(balance, paid + row.interest_minor - own))
        carried += own
        taken = carried if row.collects else 0
        rows.append(Row(row.n, row.due_on, paid, taken, row.fee_minor, row.numerator, row.collects))
        carried = 0 if row.collects else carried
        balance -= paid
    return tuple(rows)
