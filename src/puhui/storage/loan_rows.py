"""Loans as rows: reading one, writing one, and its dues for the night."""

import json
from collections.abc import Sequence
from typing import Any

from puhui.ledger.entry import Dimensions
from puhui.lending.due_rows import due_rows
from puhui.storage.position_json import position_text, read_position
from puhui.storage.session import Insert, Value, statement
from puhui.workflows.store import Loan

COLUMNS = (
    "key",
    "id",
    "party",
    "institution",
    "product",
    "region",
    "funder",
    "position",
    "booked_on",
    "sequence",
    "version",
)
# The agreement is the body of the loan's first fact.
SELECT = (
    f"SELECT {', '.join(f'loans.{name}' for name in COLUMNS)}, facts.body "  # noqa: S608
    "FROM loans JOIN facts ON facts.subject = loans.id AND facts.sequence = 1"
)
READ = statement("loan", f"{SELECT} WHERE loans.id = ?")
_LOCK = "FOR NO KEY UPDATE OF loans"
READ_TO_WRITE = statement("loan_write", f"{SELECT} WHERE loans.id = ?", f"{SELECT} WHERE loans.id = ? {_LOCK}")
# Nothing, and no waiting for the row, when another transaction holds the idempotency key of this one.
READ_TO_WRITE_IF_HELD = statement(
    "loan_held",
    f"{SELECT} WHERE loans.id = ?",
    f"{SELECT} WHERE loans.id = ? AND current_setting('puhui.held') = 'true' {_LOCK}",
)

INSERT = Insert(
    "loans",
    (
        "id",
        "party",
        "institution",
        "product",
        "region",
        "funder",
        "status",
        "position",
        "position_as_of",
        "booked_on",
        "sequence",
        "version",
        "dirty",
    ),
)
# The next version, where the row is still of the version that was read; else nothing, which the column refuses. So a
# lost race fails with the write itself, and the commit can travel in the same round trip.
NEXT_VERSION = "version = CASE WHEN version = ? THEN version + 1 END"
UPDATE = statement(
    "loan_update",
    "UPDATE loans SET party = ?, institution = ?, product = ?, region = ?, funder = ?, status = ?, position = ?, "  # noqa: S608
    f"position_as_of = ?, booked_on = ?, sequence = ?, {NEXT_VERSION}, dirty = true WHERE id = ?",
)

_DUES = (
    "loan_key",
    "n",
    "due_on",
    "principal_minor",
    "interest_minor",
    "fee_minor",
    "next_due_on",
    "accrual_to",
    "accrual_minor",
)
INSERT_DUES = Insert("dues", _DUES)
INSERT_NEW_DUES = Insert(
    "dues",
    _DUES,
    first=("(SELECT max(key) FROM loans)", "currval('loans_key_seq')"),
    name="new_dues",
)
DELETE_DUES = statement("dues_delete", "DELETE FROM dues WHERE loan_key = ?")


def loan_of(row: Sequence[Any]) -> Loan:
    """Return the loan of a row of SELECT."""
    return Loan(
        id=row[1],
        key=row[0],
        party=row[2],
        dimensions=Dimensions(row[3], row[4], row[5], row[6]),
        position=read_position(row[7]),
        sequence=row[9],
        version=row[10],
        booked_on=row[8],
        agreement=json.loads(row[11]),
    )


def insert_row(loan: Loan) -> list[Value]:
    """Return a new loan's row, in the order of INSERT."""
    return [loan.id, *_common(loan), 1, True]


def update_values(loan: Loan) -> list[Value]:
    """Return the values of UPDATE."""
    return [*_common(loan), loan.version, loan.id]


def due_values(loan: Loan) -> list[tuple[int, ...]]:
    """Return the loan's dues, without its key."""
    return [tuple(row) for row in due_rows(loan.position)]


def _common(loan: Loan) -> list[Value]:
    one = loan.dimensions
    return [
        loan.party,
        one.institution,
        one.product,
        one.region,
        one.funder,
        loan.position.status,
        position_text(loan.position),
        loan.position.as_of,
        loan.booked_on,
        loan.sequence,
    ]
