"""What is charged beside the plan, and what is given up."""

from typing import Any

from puhui.lending.agreement import Agreement
from puhui.lending.allocate import closed
from puhui.lending.balances import penalty_receivable_minor
from puhui.lending.effects.effect import AMOUNT_TOO_LARGE, Applied
from puhui.lending.facts import Fee, Penalty, Waiver
from puhui.lending.position import Due, Position, changed


def fee(position: Position, body: Fee, _: Agreement) -> Applied:
    """A fee, due on the day."""
    dues = (*position.dues, Due(0, position.as_of, 0, 0, body.amount_minor))
    charged = position.fee_charged_total_minor + body.amount_minor
    return Applied(changed(position, dues=dues, fee_charged_total_minor=charged))


def penalty(position: Position, body: Penalty, _: Agreement) -> Applied:
    """A penalty of a fixed amount, due on the day."""
    charged = position.penalty_charged_total_minor + body.amount_minor
    return Applied(changed(position, penalty_charged_total_minor=charged))


def waiver(position: Position, body: Waiver, agreement: Agreement) -> Applied:
    """Give up part of what is due, the oldest first; refuse AMOUNT_TOO_LARGE beyond it."""
    change = _penalty_waived if body.component in WITHOUT_DUES else _due_waived
    return Applied(closed(changed(position, **change(position, body)), agreement))


# Components that are one sum for the loan, not parts of dues.
WITHOUT_DUES = frozenset({"penalty"})


def _penalty_waived(position: Position, body: Waiver) -> dict[str, Any]:
    _at_most(body, penalty_receivable_minor(position))
    return {"penalty_waived_total_minor": position.penalty_waived_total_minor + body.amount_minor}


def _due_waived(position: Position, body: Waiver) -> dict[str, Any]:
    name, total = f"{body.component}_minor", f"{body.component}_waived_total_minor"
    _at_most(body, sum(getattr(due, name) for due in position.dues))
    left, dues = body.amount_minor, []
    for due in position.dues:
        part = min(left, getattr(due, name))
        left -= part
        dues.append(due._replace(**{name: getattr(due, name) - part}) if part else due)
    return {
        "dues": tuple(due for due in dues if due.principal_minor or due.interest_minor or due.fee_minor),
        total: getattr(position, total) + body.amount_minor,
    }


def _at_most(body: Waiver, most_minor: int) -> None:
    if body.amount_minor > most_minor:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=most_minor)
