"""What it takes to pay a loan off on a day, part by part."""

from typing import NamedTuple

from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div
from puhui.lending.agreement import Agreement
from puhui.lending.balances import penalty_receivable_minor, running_interest_minor
from puhui.lending.position import Position


class Payoff(NamedTuple):
    """The parts of a payoff, minor units. interest_minor: due, and of the running period so far.

    suspense_minor is what the loan already holds; total_minor is what has to come in.
    """

    principal_minor: int
    interest_minor: int
    fee_minor: int
    penalty_minor: int
    prepayment_fee_minor: int
    suspense_minor: int

    @property
    def claims_minor(self) -> int:
        """All parts together."""
        return sum(self[:5])

    @property
    def total_minor(self) -> int:
        """What has to come in: all parts less suspense, at least 0."""
        return max(0, self.claims_minor - self.suspense_minor)


def payoff_of(position: Position, agreement: Agreement) -> Payoff:
    """Return what it takes to pay the loan off at the end of `as_of`. Fees of instalments to come are not charged."""
    dues = position.dues
    balance = position.principal_minor - sum(due.principal_minor for due in dues)
    return Payoff(
        position.principal_minor,
        sum(due.interest_minor for due in dues) + running_interest_minor(position),
        sum(due.fee_minor for due in dues),
        penalty_receivable_minor(position),
        prepayment_fee_minor(position, balance, agreement),
        position.suspense_minor,
    )


def prepayment_fee_minor(position: Position, principal_minor: int, agreement: Agreement) -> int:
    """Return the fee on principal repaid before it is due, rounded; 0 once enough instalments have fallen due."""
    fee_ppm = _fee_ppm(position, agreement)
    return int(round_div(principal_minor * fee_ppm, PPM, agreement.terms.rounding)) if fee_ppm else 0


def principal_within(position: Position, money_minor: int, agreement: Agreement) -> int:
    """Return the most principal that a sum prepays with its fee: p + fee(p) <= money."""
    fee_ppm = _fee_ppm(position, agreement)
    most = money_minor * PPM // (PPM + fee_ppm) + 1
    while most + prepayment_fee_minor(position, most, agreement) > money_minor:
        most -= 1
    return most


def _fee_ppm(position: Position, agreement: Agreement) -> int:
    rules = agreement.servicing.prepayment
    first_n = 2 if agreement.terms.down_payment_ppm else 1
    fallen_due = position.rows[0].n - first_n if position.rows else 0
    is_free = rules.free_after_instalments and fallen_due >= rules.free_after_instalments
    return 0 if is_free else rules.fee_ppm
