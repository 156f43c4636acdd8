"""Quotes on a loan: what pays all of it off on a day, what an early repayment would give."""

from datetime import date
from typing import Any

from puhui.kernel.dates import day_number, to_date
from puhui.lending.agreement import agreement_of
from puhui.lending.payoff import payoff_of
from puhui.lending.quote import PrepaymentQuote, prepayment_quotes
from puhui.workflows.statement import position_on
from puhui.workflows.store import Store


def payoff_quote(store: Store, loan_id: str, on: date) -> dict[str, Any]:
    """Return what it takes to pay a loan off on a day, part by part, minor units; refuse LOAN_UNKNOWN."""
    loan = store.loan(loan_id)
    payoff = payoff_of(position_on(store, loan, on), agreement_of(loan.agreement))
    return {
        "loan": loan_id,
        "effective_on": on.isoformat(),
        **payoff._asdict(),
        "total_minor": payoff.total_minor,
    }


def early_repayment_quotes(store: Store, loan_id: str, on: date, amount_minor: int) -> dict[str, Any]:
    """Return what an early repayment of an amount on a day would give, in each mode.

    Refuses LOAN_UNKNOWN and what the prepayment itself would.
    """
    loan = store.loan(loan_id)
    agreement = agreement_of(loan.agreement)
    quotes = prepayment_quotes(position_on(store, loan, on), day_number(on), amount_minor, agreement)
    return {
        "loan": loan_id,
        "effective_on": on.isoformat(),
        "amount_minor": amount_minor,
        "modes": [_early(quote) for quote in quotes],
    }


def _early(quote: PrepaymentQuote) -> dict[str, Any]:
    return {
        **{name: value for name, value in quote._asdict().items() if name not in ("rows", "last_on")},
        "last_on": to_date(quote.last_on).isoformat() if quote.last_on else None,
    }
