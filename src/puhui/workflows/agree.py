"""A loan agreement is made: the first fact of a loan. No money has moved yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from puhui.accounting.books import booked
from puhui.accounting.rules import Context, entry_for
from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.ledger.entry import Dimensions, Entry
from puhui.lending.facts import read_body
from puhui.lending.fold import begin
from puhui.workflows.record import FACT_IN_FUTURE
from puhui.workflows.rules_kept import check_servicing
from puhui.workflows.sealing import Seal, no_seal, sealed
from puhui.workflows.store import Changes, Event, Loan, Store

# The store gives a new loan its key.
UNKNOWN_KEY = 0


def agree(store: Store, body: Mapping[str, Any], actor: str, at: datetime, seal: Seal = no_seal) -> Loan:
    """Record a loan agreement at the instant `at`, `seal` what is personal in it; return the loan, status "agreed".

    body: see `lending.agreement.Agreement`. Refuses INPUT_INVALID, AGREEMENT_INVALID, TERMS_INVALID, FACT_IN_FUTURE,
    PRODUCT_UNKNOWN and SERVICING_BREAKS_RULE.
    """
    agreement = read_body("agreement", body)
    today = business_date(at)
    if agreement.agreed_on > today:
        raise FACT_IN_FUTURE.refuse("agreed_on", effective_on=agreement.agreed_on, today=today)
    check_servicing(agreement, agreement.agreed_on)
    loan_id = new_id("loan")
    body, personal = sealed("agreement", body, loan_id, agreement.borrower, seal)
    fact = Fact(new_id("fact"), loan_id, 1, "agreement", agreement.agreed_on, at, body, personal, actor=actor)
    dimensions = Dimensions(agreement.institution, agreement.product, agreement.region, agreement.funder)
    position = begin(agreement)
    loan = Loan(loan_id, UNKNOWN_KEY, agreement.borrower, dimensions, position, 1, 0, position.as_of, body)
    postings = entry_for("agreement", None, booked(position, agreement), fact, Context(agreement, dimensions, loan_id))
    entries = [Entry(new_id("entry"), "agreement", fact.id, today, at, postings)] if postings else []
    event = Event(new_id("event"), "loan.agreed", loan_id, {"loan": loan_id, "status": position.status}, at)
    store.record(Changes(facts=[fact], entries=entries, new_loans=[loan], events=[event]))
    return store.loan(loan_id)
