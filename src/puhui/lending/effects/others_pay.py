"""Someone other than the borrower pays: a subsidy programme, a guarantor."""

from dataclasses import replace

from puhui.lending.agreement import Agreement
from puhui.lending.allocate import closed, pay_due
from puhui.lending.effects.effect import AMOUNT_TOO_LARGE, Applied
from puhui.lending.effects.money_in import ended, paid_off
from puhui.lending.facts import Compensation, Subsidy
from puhui.lending.payoff import payoff_of
from puhui.lending.position import Position, changed


def subsidy(position: Position, body: Subsidy, agreement: Agreement) -> Applied:
    """A programme pays interest that is due; what the borrower has paid already is held for the borrower.

    Refuses AMOUNT_TOO_LARGE: more than the interest that has fallen due and was neither waived nor subsidised.
    """
    fallen_due = position.interest_due_total_minor - position.interest_waived_total_minor
    most = fallen_due - position.subsidy_received_minor
    if body.amount_minor > most:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=most)
    paid = pay_due(position, body.amount_minor, agreement, only=("interest",))
    new = changed(
        paid.position,
        subsidy_received_minor=position.subsidy_received_minor + body.amount_minor,
        suspense_minor=position.suspense_minor + paid.left_minor,
    )
    whole = replace(paid.allocation, amount_minor=body.amount_minor, suspense_minor=paid.left_minor)
    return Applied(closed(new, agreement), whole)


def compensation(position: Position, body: Compensation, agreement: Agreement) -> Applied:
    """A guarantor pays what is due, or the whole loan, in the borrower's place; it owes no fee for being early.

    Refuses AMOUNT_TOO_LARGE beyond the whole. What is more than due and less than the whole waits in suspense.
    """
    whole = payoff_of(position, agreement)._replace(prepayment_fee_minor=0).total_minor
    if body.amount_minor > whole:
        raise AMOUNT_TOO_LARGE.refuse("amount_minor", most_minor=whole)
    paid = pay_due(position, body.amount_minor + position.suspense_minor, agreement)
    if body.amount_minor == whole and paid.position.rows:
        paid = paid_off(paid, payoff_of(paid.position, agreement)._replace(prepayment_fee_minor=0))
    applied = ended(position, paid, body.amount_minor, agreement)
    compensated = position.compensated_minor + body.amount_minor
    return applied._replace(position=changed(applied.position, compensated_minor=compensated))
