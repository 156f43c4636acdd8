"""Answers that several routes give, and how they are made from what the books hold."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from pydantic import ConfigDict

from puhui.api.fields import AnyAmountMinor, Currency, Instant
from puhui.kernel.dates import to_date
from puhui.kernel.facts import Fact
from puhui.kernel.inputs import Record
from puhui.lending.balances import due_minor, owed_minor
from puhui.lending.position import Position
from puhui.people.approval import Approval
from puhui.workflows.store import Loan


class FactOut(Record):
    """A fact: what happened, the day it holds from, the instant it was written down, who said it."""

    id: str
    subject: str
    sequence: int
    kind: str
    effective_on: date
    recorded_at: Instant
    actor: str
    approved_by: str
    body: dict[str, Any]


class LoanOut(Record):
    """A loan in a few figures, as of the end of `as_of`.

    `owed_minor`: all that is owed, due or not, less what is held in suspense. `due_minor`: what is payable today.
    """

    id: str
    status: str
    product: str
    institution: str
    region: str
    funder: str
    borrower: str
    currency: Currency
    as_of: date
    annual_rate_ppm: int
    drawn_minor: AnyAmountMinor
    principal_minor: AnyAmountMinor
    owed_minor: AnyAmountMinor
    due_minor: AnyAmountMinor
    suspense_minor: AnyAmountMinor
    next_due_on: date | None
    category: str
    stage: int
    accruing: bool
    sequence: int


class AllocationOut(Record):
    """Where money went, minor units."""

    penalty_minor: AnyAmountMinor
    fee_minor: AnyAmountMinor
    interest_minor: AnyAmountMinor
    principal_minor: AnyAmountMinor
    suspense_minor: AnyAmountMinor


class RecordedOut(Record):
    """What came of a statement about a loan: the fact, where its money went, the loan after it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "fact": {
                        "id": "fact_01jcx4q8h2e6x8v5tq3k9m7w1a",
                        "subject": "loan_01jcx4q8h2e6x8v5tq3k9m7w1a",
                        "sequence": 3,
                        "kind": "repayment",
                        "effective_on": "2024-02-15",
                        "recorded_at": "2024-02-15T02:00:00Z",
                        "actor": "key_01jcx4q8h2e6x8v5tq3k9m7w1a",
                        "approved_by": "",
                        "body": {"amount_minor": 889633, "channel": "", "payer": ""},
                    },
                    "allocation": {
                        "penalty_minor": 0,
                        "fee_minor": 0,
                        "interest_minor": 60000,
                        "principal_minor": 829633,
                        "suspense_minor": 0,
                    },
                    "loan": {
                        "id": "loan_01jcx4q8h2e6x8v5tq3k9m7w1a",
                        "status": "active",
                        "product": "new_car",
                        "institution": "county_bank",
                        "region": "410323",
                        "funder": "",
                        "borrower": "party_01jcx4q8h2e6x8v5tq3k9m7w1a",
                        "currency": "CNY",
                        "as_of": "2024-02-15",
                        "annual_rate_ppm": 60000,
                        "drawn_minor": 12000000,
                        "principal_minor": 11170367,
                        "owed_minor": 11170367,
                        "due_minor": 0,
                        "suspense_minor": 0,
                        "next_due_on": "2024-03-15",
                        "category": "NORMAL",
                        "stage": 1,
                        "accruing": True,
                        "sequence": 4,
                    },
                }
            ]
        }
    )

    fact: FactOut
    allocation: AllocationOut
    loan: LoanOut


class ApprovalOut(Record):
    """A request that waits for a second person, or was decided. `input`: what exactly was asked for."""

    id: str
    action: str
    subject: str
    state: str
    asked_by: str
    asked_at: Instant
    expires_at: Instant
    decided_by: str
    decided_at: datetime | None
    input: str


def fact_out(fact: Fact) -> FactOut:
    """Return a fact as it is shown: without the digests of its personal parts."""
    return FactOut(
        id=fact.id,
        subject=fact.subject,
        sequence=fact.sequence,
        kind=fact.kind,
        effective_on=fact.effective_on,
        recorded_at=fact.recorded_at,
        actor=fact.actor,
        approved_by=fact.approved_by,
        body=dict(fact.body),
    )


def loan_out(loan: Loan, position: Position | None = None) -> LoanOut:
    """Return a loan in a few figures, at its stored position unless another is given."""
    at = position or loan.position
    one = loan.dimensions
    return LoanOut(
        id=loan.id,
        status=at.status,
        product=one.product,
        institution=one.institution,
        region=one.region,
        funder=one.funder,
        borrower=loan.party,
        currency=loan.agreement.get("currency", "CNY"),
        as_of=to_date(at.as_of),
        annual_rate_ppm=at.annual_rate_ppm,
        drawn_minor=at.drawn_minor,
        principal_minor=at.principal_minor,
        owed_minor=owed_minor(at),
        due_minor=due_minor(at),
        suspense_minor=at.suspense_minor,
        next_due_on=to_date(at.rows[0].due_on) if at.rows else None,
        category=at.category,
        stage=at.stage,
        accruing=at.accruing,
        sequence=loan.sequence,
    )


def recorded_out(fact: Fact, allocation: Mapping[str, int], loan: Loan) -> RecordedOut:
    """Return what came of a statement."""
    return RecordedOut(fact=fact_out(fact), allocation=AllocationOut(**allocation), loan=loan_out(loan))


def approval_out(approval: Approval, now: datetime) -> ApprovalOut:
    """Return an approval as its asker and its second person see it."""
    return ApprovalOut(
        id=approval.id,
        action=approval.action,
        subject=approval.subject,
        state=approval.state_at(now),
        asked_by=approval.asked_by,
        asked_at=approval.asked_at,
        expires_at=approval.expires_at,
        decided_by=approval.decided_by,
        decided_at=approval.decided_at,
        input=approval.input,
    )
