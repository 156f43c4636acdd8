"""The statement of a loan: what is to come, as a borrower is shown it who pays today what is late."""

from datetime import date

import pytest

from loan_example import Life
from puhui.ledger.entry import Dimensions
from puhui.workflows.statement import statement
from puhui.workflows.store import Loan

TERMS = {
    "principal_minor": 12_000_000,
    "annual_rate_ppm": 120_000,
    "method": "annuity",
    "day_count": "30/360",
    "instalments": 12,
    "disbursed_on": "2024-01-15",
}
FIELDS = ("principal_minor", "interest_minor", "total_minor")


def stated(basis, day):
    life = Life(TERMS, {"interest_basis": basis, "overdue_multiplier_ppm": 1_500_000})
    life.on("2024-01-15", "disbursement", amount_minor=12_000_000)
    life.at(date.fromisoformat(day))
    loan = Loan("loan_1", 1, "party_1", Dimensions(), life.position, 2, 1, life.position.as_of, life.body)
    row = statement(loan, life.position)["to_come"][0]
    return life.position.rows[0], tuple(row[name] for name in FIELDS)


# The plan: 1,066,185 an instalment. The second: 11,053,815 x 1 % = 110,538 of interest. On 25 February the first,
# 946,185 of principal, is 10 of 29 days late; a loan on the balance as it is bears 1 % x 946,185 x 10/29 = 3,263 more.
ROWS = [
    ("planned", "2024-02-15", (955_647, 110_538, 1_066_185)),
    ("planned", "2024-02-25", (955_647, 110_538, 1_066_185)),
    ("actual", "2024-02-15", (955_647, 110_538, 1_066_185)),
    ("actual", "2024-02-25", (952_384, 113_801, 1_066_185)),
]


@pytest.mark.parametrize(("basis", "day", "expected"), ROWS)
def test_the_next_instalment(basis, day, expected):
    _, shown = stated(basis, day)
    assert shown == expected


def test_the_plan_kept_for_interest_is_another_while_something_is_late():
    kept, shown = stated("actual", "2024-02-25")
    assert kept.interest_minor > shown[1]
