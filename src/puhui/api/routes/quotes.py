"""Quotes: what pays a loan off on a day, and what an early repayment would give. Nothing is recorded."""

from datetime import date
from typing import Annotated

from fastapi import Query

from puhui.api.fields import AnyAmountMinor, LoanId, QueryDay
from puhui.api.routing import Call, Routes
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.products.terms import LARGEST_PRINCIPAL_MINOR
from puhui.workflows.quote import early_repayment_quotes, payoff_quote

Amount = Annotated[
    int, Query(ge=1, le=LARGEST_PRINCIPAL_MINOR, description="提前还款金额，分 / the amount, minor units")
]

routes = Routes("quotes", Text("试算", "Quotes"))


class PayoffOut(Record):
    """What it takes to pay a loan off at the end of a day, part by part; `total_minor` is what has to come in."""

    loan: str
    effective_on: date
    principal_minor: AnyAmountMinor
    interest_minor: AnyAmountMinor
    fee_minor: AnyAmountMinor
    penalty_minor: AnyAmountMinor
    prepayment_fee_minor: AnyAmountMinor
    suspense_minor: AnyAmountMinor
    total_minor: AnyAmountMinor


class EarlyOut(Record):
    """What an early repayment would give in one mode: where the money goes, and the plan after it."""

    mode: str
    principal_minor: AnyAmountMinor
    due_minor: AnyAmountMinor
    fee_minor: AnyAmountMinor
    suspense_minor: AnyAmountMinor
    saved_minor: AnyAmountMinor
    instalments: int
    next_minor: AnyAmountMinor
    last_on: date | None


class EarliesOut(Record):
    """What an early repayment would give, in each mode."""

    loan: str
    effective_on: date
    amount_minor: AnyAmountMinor
    modes: tuple[EarlyOut, ...]


@routes.get("/loans/{loan_id}/payoff-quote", "loans.quote", Text("结清试算", "Quote the payoff"))
def quote_payoff(call: Call, loan_id: LoanId, effective_on: QueryDay = None) -> PayoffOut:
    """Quote what pays all of a loan off on a day, today if none is named."""
    with call.read() as books:
        call.loan(books, loan_id)
        return parse(PayoffOut, payoff_quote(books.store, loan_id, effective_on or call.today))


@routes.get("/loans/{loan_id}/prepayment-quotes", "loans.quote", Text("提前还款试算", "Quote an early repayment"))
def quote_prepayment(call: Call, loan_id: LoanId, amount_minor: Amount, effective_on: QueryDay = None) -> EarliesOut:
    """Quote what an early repayment on a day would give, in each mode."""
    with call.read() as books:
        call.loan(books, loan_id)
        day = effective_on or call.today
        return parse(EarliesOut, early_repayment_quotes(books.store, loan_id, day, amount_minor))
