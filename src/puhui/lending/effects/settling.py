"""Money that settles what stands open beside the debt: with funders, guarantors, programmes, payees, the borrower.

What the borrower owes is not touched.
"""

from collections.abc import Callable
from typing import NamedTuple

from puhui.lending.agreement import Agreement
from puhui.lending.allocate import Allocation
from puhui.lending.effects.effect import AMOUNT_TOO_LARGE, Applied
from puhui.lending.facts import Refund, Settlement
from puhui.lending.funder import unsettled_minor
from puhui.lending.position import Position, changed


class Open(NamedTuple):
    """What stands open with a counterparty, and the field of the position that a settlement changes, by which sign."""

    left_minor: Callable[[Position], int]
    field: str
    sign: int = 1


OPEN: dict[str, Open] = {
    "funder": Open(unsettled_minor, "funder_settled_total_minor"),
    "payee": Open(lambda one: one.entrusted_due_minor, "entrusted_due_minor", -1),
    "guarantor": Open(lambda one: one.compensated_minor - one.compensation_settled_minor, "compensation_settled_minor"),
    "subsidy": Open(lambda one: one.subsidy_received_minor - one.subsidy_settled_minor, "subsidy_settled_minor"),
}


def settlement(position: Position, body: Settlement, _: Agreement) -> Applied:
    """A transfer settles what is open with a counterparty; refuse AMOUNT_TOO_LARGE beyond it."""
    what = OPEN[body.counterparty]
    _at_most(body.amount_minor, what.left_minor(position))
    settled = getattr(position, what.field) + what.sign * body.amount_minor
    return Applied(changed(position, **{what.field: settled}))


def refund(position: Position, body: Refund, _: Agreement) -> Applied:
    """Pay back to the borrower what lies in suspense; refuse AMOUNT_TOO_LARGE beyond it."""
    _at_most(body.amount_minor, position.suspense_minor)
    paid = Allocation(amount_minor=-body.amount_minor, suspense_minor=-body.amount_minor)
    return Applied(changed(position, suspense_minor=position.suspense_minor - body.amount_minor), paid)


def _at_most(amount_minor: int, most_minor: int) -> None:
    if amount_minor > most_minor:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=most_minor)
