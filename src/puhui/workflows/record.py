"""One fact about one loan, from request to `Changes`: what was, what is, and what the ledger says of the difference.

Every verb that a loan knows goes this way, so that nothing can touch a loan without its fact, its entry and its
event. `decide` is pure; `record_fact` reads and writes through the store.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from puhui.accounting.books import Booked, booked
from puhui.accounting.rules import Context, dimensions_of, entry_for
from puhui.kernel.clock import business_date
from puhui.kernel.dates import day_number, to_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.ledger.entry import Entry
from puhui.lending.agreement import Agreement, agreement_of
from puhui.lending.facts import read_body
from puhui.lending.fold import advance, apply, fold, in_order
from puhui.lending.position import Position
from puhui.workflows.sealing import Seal, no_seal, sealed
from puhui.workflows.security import secured_minor, taken_back
from puhui.workflows.store import Changes, Event, Loan, Store

FACT_IN_FUTURE = declare(
    "FACT_IN_FUTURE",
    422,
    "{effective_on} 在营业日 {today} 之后。请在当天或之后登记。",
    "{effective_on} is after the business day {today}. Record it on the day or later.",
)
BOOKS_AHEAD = declare(
    "BOOKS_AHEAD",
    409,
    "此笔贷款已记账到 {as_of}，晚于营业日 {today}。请检查时钟。",
    "This loan is booked through {as_of}, later than the business day {today}. Check the clock.",
)
APPROVAL_NEEDED = declare(
    "APPROVAL_NEEDED",
    403,
    "{kind} 需要另一人批准，经办人不能自己批准。",
    "{kind} needs the approval of a second person; who asks cannot approve.",
)

# What one person may not do alone.
FOUR_EYES = frozenset({"write_off", "restructure"})

# What the outside is told of a fact; a kind that is not here tells nothing.
TOPICS = {
    "disbursement": "loan.disbursed",
    "repayment": "loan.repaid",
    "prepayment": "loan.repaid",
    "recovery": "loan.recovered",
    "refund": "loan.refunded",
    "settlement": "loan.settled",
    "compensation": "loan.compensated",
    "write_off": "loan.written_off",
    "reversal": "loan.reversed",
    "rate_reset": "loan.changed",
    "due_day_change": "loan.changed",
    "skip": "loan.changed",
    "restructure": "loan.changed",
    "assignment": "loan.assigned",
    "fee": "loan.charged",
    "penalty": "loan.charged",
    "waiver": "loan.changed",
    "subsidy": "loan.subsidised",
    "cancellation": "loan.cancelled",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What someone says happened to a loan: `actor` says it, `approved_by` is the second person where one is needed.

    personal: digests of what of it is kept under seal.
    """

    kind: str
    body: Mapping[str, Any]
    effective_on: date
    actor: str
    approved_by: str = ""
    personal: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a statement: the fact, the loan after, where the money went, and all that is to be written."""

    fact: Fact
    loan: Loan
    allocation: Mapping[str, int]
    changes: Changes


def record_fact(store: Store, loan_id: str, statement: Statement, at: datetime, seal: Seal = no_seal) -> Recorded:
    """Record one fact about a loan at the instant `at`, with its entries and its event; `seal` what is personal in it.

    Refuses what the fact's body refuses (INPUT_INVALID), what lending refuses (by kind), LOAN_UNKNOWN, LOAN_CHANGED,
    FACT_IN_FUTURE, BOOKS_AHEAD, APPROVAL_NEEDED.
    """
    loan = store.loan(loan_id, for_update=True)
    body, personal = sealed(statement.kind, statement.body, loan_id, loan.party, seal)
    if personal:
        statement = replace(statement, body=body, personal=personal)
    recorded = decide(loan, statement, at, store.watermark(), lambda: store.facts(loan_id))
    store.record(recorded.changes)
    return recorded


def decide(
    loan: Loan,
    statement: Statement,
    at: datetime,
    closed_on: date | None,
    history: Callable[[], list[Fact]],
) -> Recorded:
    """Return what a statement comes to.

    closed_on: the last day that a night has posted. `history` is asked only where it is needed: to fold anew, and for
    what secures the loan.
    """
    today = business_date(at)
    _check(loan, statement, today)
    agreement = agreement_of(loan.agreement)
    was, entries = _caught_up(loan, agreement, closed_on, at)
    before = was.position
    fact = _fact(loan, statement, at)
    effective = day_number(statement.effective_on)
    context = Context(agreement, loan.dimensions, loan.id)
    if in_order(loan.position, fact):
        start = before if effective >= before.as_of else loan.position
        after = advance(apply(start, fact, agreement).position, day_number(today), agreement)
    else:
        read_body(fact.kind, fact.body)
        after = fold([*history(), fact], day_number(today))
    if fact.kind in _NEEDS_HISTORY:
        context = _with_history(context, history(), fact, today)
    postings = entry_for(fact.kind, was, booked(after, agreement), fact, context)
    if postings:
        entries = (*entries, Entry(new_id("entry"), fact.kind, fact.id, today, at, postings))
    dimensions = dimensions_of(after, context)
    if dimensions is not loan.dimensions:
        loan = replace(loan, dimensions=dimensions)
    return _recorded(loan, fact, before, after, entries)


def _caught_up(
    loan: Loan, agreement: Agreement, closed_on: date | None, at: datetime
) -> tuple[Booked, tuple[Entry, ...]]:
    """Return the loan's position today with its books, and an entry for each day that no night has booked.

    The night of such a day then leaves this loan out of its aggregate.
    """
    today = day_number(business_date(at))
    through = loan.booked_on if closed_on is None else max(loan.booked_on, day_number(closed_on))
    position = advance(loan.position, max(through, loan.position.as_of), agreement)
    context = Context(agreement, loan.dimensions, loan.id)
    standing = booked(position, agreement)
    entries = []
    for day in range(position.as_of + 1, today + 1):
        position = advance(position, day, agreement)
        before, standing = standing, booked(position, agreement)
        postings = entry_for("catch_up", before, standing, None, context)
        if postings:
            entries.append(Entry(new_id("entry"), "catch_up", "", to_date(day), at, postings))
    return standing, tuple(entries)


def allocated(before: Position, after: Position) -> dict[str, int]:
    """Return what was paid of each part between two positions, minor units."""
    return {
        "penalty_minor": after.penalty_paid_total_minor - before.penalty_paid_total_minor,
        "fee_minor": after.fee_paid_total_minor - before.fee_paid_total_minor,
        "interest_minor": after.interest_paid_total_minor - before.interest_paid_total_minor,
        "principal_minor": after.principal_paid_total_minor - before.principal_paid_total_minor,
        "suspense_minor": after.suspense_minor - before.suspense_minor,
    }


def _recorded(loan: Loan, fact: Fact, before: Position, after: Position, entries: tuple[Entry, ...]) -> Recorded:
    allocation = allocated(before, after)
    facts = [fact]
    if fact.kind in _MONEY_IN and any(allocation.values()):
        body = {"of": fact.id, "amount_minor": sum(allocation.values()), **allocation}
        facts.append(replace(fact, id=new_id("fact"), sequence=fact.sequence + 1, kind="allocation", body=body))
    new = replace(loan, position=after, booked_on=after.as_of, sequence=facts[-1].sequence)
    changes = Changes(
        facts=facts,
        entries=entries,
        loans=[new],
        replanned=frozenset({loan.id}) if _replanned(loan.position, after) else frozenset(),
        events=_events(fact, before, after, allocation),
    )
    return Recorded(fact, new, allocation, changes)


def _replanned(stored: Position, after: Position) -> bool:
    """Return whether the rows to come are others than those stored, of which some may have fallen due since."""
    gone = len(stored.rows) - len(after.rows)
    return gone < 0 or stored.rows[gone:] != after.rows or (gone > 0 and stored.rows[gone - 1].due_on > after.as_of)


def _with_history(context: Context, facts: list[Fact], fact: Fact, today: date) -> Context:
    secured = (secured_minor(facts, today), secured_minor([*facts, fact], today))
    return replace(context, reverses=taken_back(facts, fact), security_minor=secured)


def _events(fact: Fact, before: Position, after: Position, allocation: Mapping[str, int]) -> list[Event]:
    topics = [TOPICS[fact.kind]] if fact.kind in TOPICS else []
    if after.status == "closed" != before.status:
        topics.append("loan.closed")
    payload = {
        "loan": fact.subject,
        "fact": fact.id,
        "kind": fact.kind,
        "effective_on": fact.effective_on.isoformat(),
        "principal_minor": after.principal_minor,
        "status": after.status,
        **({"allocation": dict(allocation)} if fact.kind in _MONEY_IN else {}),
    }
    return [Event(new_id("event"), topic, fact.subject, payload, fact.recorded_at) for topic in topics]


def _fact(loan: Loan, statement: Statement, at: datetime) -> Fact:
    return Fact(
        id=new_id("fact"),
        subject=loan.id,
        sequence=loan.sequence + 1,
        kind=statement.kind,
        effective_on=statement.effective_on,
        recorded_at=at,
        body=statement.body,
        personal=statement.personal,
        actor=statement.actor,
        approved_by=statement.approved_by,
    )


def _check(loan: Loan, statement: Statement, today: date) -> None:
    if statement.effective_on > today:
        raise FACT_IN_FUTURE.refuse("effective_on", effective_on=statement.effective_on, today=today)
    if max(loan.booked_on, loan.position.as_of) > day_number(today):
        as_of = to_date(max(loan.booked_on, loan.position.as_of))
        raise BOOKS_AHEAD.refuse("effective_on", as_of=as_of, today=today)
    if statement.kind in FOUR_EYES and statement.approved_by in ("", statement.actor):
        raise APPROVAL_NEEDED.refuse("approved_by", kind=statement.kind)


_NEEDS_HISTORY = frozenset({"collateral", "reversal"})
_MONEY_IN = frozenset({"repayment", "prepayment", "compensation", "recovery", "subsidy"})
