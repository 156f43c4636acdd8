"""A repayment plan: what falls due when, what it costs, and who pays which part."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from puhui.products.terms import Terms


class Instalment(NamedTuple):
    """One row of a plan, amounts in minor units. `subsidy_minor` of the total is paid by the programme."""

    n: int
    due_on: date
    principal_minor: int
    interest_minor: int
    fee_minor: int
    total_minor: int
    outstanding_principal_minor: int
    subsidy_minor: int = 0


@dataclass(frozen=True, slots=True)
class Charge:
    """What one fee of the terms comes to: `upfront_minor` at disbursement, or `by_row_minor` by plan row."""

    name: str
    payee: str
    collect: str
    deducted: bool
    upfront_minor: int
    by_row_minor: tuple[int, ...]

    @property
    def amount_minor(self) -> int:
        """The whole fee over the life of the plan."""
        return self.upfront_minor + sum(self.by_row_minor)


class Flow(NamedTuple):
    """Money to (+) or from (-) the borrower: `position` in months x `Plan.positions_a_month`."""

    on: date
    position: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole plan of one loan. `rows` begin with the down payment where there is one.

    `positions` count how far each row lies from disbursement, in 1/`positions_a_month` of a month.
    `movements`: later draws (+) and repayments (-) on their own days, of a revolving line; `repaid_minor`: what of
    each row's principal was repaid so.
    """

    terms: Terms
    rows: tuple[Instalment, ...]
    charges: tuple[Charge, ...]
    positions: tuple[int, ...]
    positions_a_month: int
    movements: tuple[Flow, ...] = ()
    repaid_minor: tuple[int, ...] = ()

    @property
    def instalments(self) -> tuple[Instalment, ...]:
        """The rows without the down payment."""
        return self.rows[1:] if self.terms.down_payment_ppm else self.rows

    @property
    def upfront_fee_minor(self) -> int:
        """Fees at disbursement, deducted or paid apart."""
        return sum(charge.upfront_minor for charge in self.charges)

    @property
    def received_minor(self) -> int:
        """What reaches the borrower (or the dealer) at disbursement: principal less deducted fees."""
        return self.terms.principal_minor - sum(c.upfront_minor for c in self.charges if c.deducted)

    def flows(self, *, subsidised: bool = False, fees: bool = True) -> list[Flow]:
        """Return the borrower's flows: + received, - paid. `subsidised`: less what the programme pays."""
        start = self.terms.principal_minor - (self.upfront_fee_minor if fees else 0)
        paid = [-row.total_minor for row in self.rows]
        if subsidised:
            paid = [amount + row.subsidy_minor for amount, row in zip(paid, self.rows, strict=True)]
        if not fees:
            paid = [amount + row.fee_minor for amount, row in zip(paid, self.rows, strict=True)]
        if self.movements:
            paid = [amount + already for amount, already in zip(paid, self.repaid_minor, strict=True)]
        dates = [row.due_on for row in self.rows]
        later = map(Flow._make, zip(dates, self.positions, paid, strict=True))
        return [Flow(self.terms.disbursed_on, 0, start), *later, *self.movements]

    def totals(self) -> dict[str, int]:
        """Return the sums that every schedule shows, minor units.

        total_minor is what the instalments add up to; cost_minor is interest and all fees; borrower_cost_minor
        is what of it the borrower bears after the subsidy.
        """
        _, _, *columns = zip(*self.rows, strict=True)
        principal, interest, fee, total, _, subsidy = map(sum, columns)
        cost = interest + fee + self.upfront_fee_minor
        return {
            "principal_minor": principal,
            "interest_minor": interest,
            "fee_minor": fee,
            "total_minor": total,
            "upfront_fee_minor": self.upfront_fee_minor,
            "received_minor": self.received_minor,
            "cost_minor": cost,
            "subsidy_minor": subsidy,
            "borrower_cost_minor": cost - subsidy,
        }
