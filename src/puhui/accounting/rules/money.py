"""Money lent, and money that came in: on which account the other side stands.

The legs here are what the fact says and nothing else; all that depends on the rest of the loan's life is in `books`.
"""

from puhui.accounting.accounts import (
    ENTRUSTED_PAYMENT,
    FUNDER_SETTLEMENT,
    FUNDER_STAKE,
    GUARANTOR_RECEIVABLE,
    SUBSIDY_RECEIVABLE,
    TRANSFER_RESULT,
)
from puhui.accounting.books import books
from puhui.accounting.channels import settlement_account
from puhui.accounting.rules.rule import Case, Legs
from puhui.kernel.refusals import declare

AMOUNT_NEEDED = declare(
    "AMOUNT_NEEDED",
    422,
    "提前结清须写明实际收到的金额 {field}。",
    "A payoff must say the amount that came in: {field}.",
)


def disbursement(case: Case) -> Legs:
    """Lent: paid out by its channel, or owed to the payee of an entrusted payment, less the fees deducted from it."""
    deducts = any(fee.deducted for fee in case.context.agreement.terms.fees)
    out = -case.moved_minor if deducts else -case.amount_minor
    entrusted = bool(case.body.get("payee"))
    account = ENTRUSTED_PAYMENT if entrusted else settlement_account(str(case.body.get("channel", "")))
    return {account: out}


def money_in(case: Case) -> Legs:
    """Money came in by its channel; what it paid is what the books moved by."""
    return {settlement_account(str(case.body.get("channel", ""))): case.amount_minor}


def prepayment(case: Case) -> Legs:
    """As `money_in`. A payoff too says what came in: refuses AMOUNT_NEEDED without it.

    Without it, a correction of something earlier would change how much the borrower has paid.
    """
    if case.body.get("amount_minor") is None:
        raise AMOUNT_NEEDED.refuse("amount_minor")
    return money_in(case)


def subsidy(case: Case) -> Legs:
    """A programme owes it to us until its transfer comes, for many loans at once."""
    return {SUBSIDY_RECEIVABLE: case.amount_minor}


def compensation(case: Case) -> Legs:
    """The guarantor owes it to us until its transfer comes."""
    return {GUARANTOR_RECEIVABLE: case.amount_minor}


def assignment(case: Case) -> Legs:
    """The funder is to pay what its share stands at; where a price is agreed, the difference is our gain or loss."""
    agreement = case.context.agreement
    before = {} if case.before is None else books(case.before, agreement)
    after = books(case.after, agreement)
    stands_at = after.get(FUNDER_STAKE, 0) - before.get(FUNDER_STAKE, 0)
    price_minor = int(case.body.get("price_minor") or 0)
    if case.before is not None and case.after.funder_share_ppm < case.before.funder_share_ppm:
        price_minor = -price_minor
    beyond = price_minor - stands_at if price_minor else 0
    return {FUNDER_SETTLEMENT: beyond, TRANSFER_RESULT: -beyond}


def refund(case: Case) -> Legs:
    """What lay in suspense goes out by its channel."""
    return {settlement_account(str(case.body.get("channel", ""))): -case.amount_minor}


def settlement(case: Case) -> Legs:
    """A transfer by its channel against the account on which the counterparty's balance stands."""
    account, goes_out = SETTLED_ON[str(case.body["counterparty"])]
    moved = case.amount_minor if goes_out else -case.amount_minor
    return {account: moved, settlement_account(str(case.body.get("channel", ""))): -moved}


# By counterparty: the account that a settlement is posted to, and whether we pay.
SETTLED_ON: dict[str, tuple[str, bool]] = {
    "funder": (FUNDER_SETTLEMENT, True),
    "payee": (ENTRUSTED_PAYMENT, True),
    "guarantor": (GUARANTOR_RECEIVABLE, False),
    "subsidy": (SUBSIDY_RECEIVABLE, False),
}
