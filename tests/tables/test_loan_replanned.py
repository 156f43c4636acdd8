"""Which facts give a loan another plan, so that what falls due is written anew for the night."""

from datetime import UTC, date, datetime

import pytest

from puhui.kernel.dates import day_number
from puhui.ledger.entry import Dimensions
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance, begin
from puhui.workflows.record import Statement, decide
from puhui.workflows.store import Loan

LENT_ON = date(2024, 1, 15)
AGREEMENT = {
    "product": "auto_used",
    "terms": {
        "principal_minor": 12_000_00,
        "annual_rate_ppm": 120_000,
        "method": "annuity",
        "instalments": 12,
        "disbursed_on": LENT_ON.isoformat(),
        "day_count": "30/360",
    },
    "agreed_on": LENT_ON.isoformat(),
    "institution": "county_bank",
    "borrower": "party_1",
}


def at(day):
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def lent():
    """Return the loan on the evening of its first day."""
    position = begin(agreement_of(AGREEMENT))
    loan = Loan(
        *("loan_1", 1, "party_1", Dimensions("county_bank", "auto_used", "", ""), position, 1, 1, position.as_of),
        AGREEMENT,
    )
    said = Statement("disbursement", {"amount_minor": 12_000_00}, LENT_ON, "officer")
    return decide(loan, said, at(LENT_ON), None, list).loan


@pytest.mark.parametrize(
    ("kind", "body", "day", "replanned"),
    [
        ("repayment", {"amount_minor": 1_066_19}, date(2024, 2, 15), False),
        ("repayment", {"amount_minor": 500_00}, date(2024, 2, 10), False),
        ("fee", {"amount_minor": 20_00, "name": "notice"}, date(2024, 2, 10), False),
        # As many instalments as before, each smaller.
        ("prepayment", {"amount_minor": 3_000_00, "mode": "smaller_instalment"}, date(2024, 2, 15), True),
        # Fewer of them.
        ("prepayment", {"amount_minor": 3_000_00, "mode": "shorter_term"}, date(2024, 2, 15), True),
        ("prepayment", {"amount_minor": 12_100_65, "mode": "payoff"}, date(2024, 2, 10), True),
        ("due_day_change", {"due_day": 20}, date(2024, 2, 15), True),
    ],
)
def test_a_plan_is_another(kind, body, day, replanned):
    loan = lent()
    recorded = decide(loan, Statement(kind, body, day, "officer"), at(day), None, list)
    assert bool(recorded.changes.replanned) is replanned
    assert recorded.loan.position.as_of == day_number(day)


def test_an_instalment_that_fell_due_meanwhile_is_no_other_plan():
    loan = lent()
    day = date(2024, 4, 20)
    passed = advance(loan.position, day_number(day), agreement_of(AGREEMENT))
    assert len(passed.rows) == len(loan.position.rows) - 3
    recorded = decide(loan, Statement("repayment", {"amount_minor": 100_00}, day, "officer"), at(day), None, list)
    assert not recorded.changes.replanned
