"""The statement of a loan: where it stands at the end of a day, in figures that anyone can be shown."""

from datetime import date
from typing import Any

from puhui.kernel.dates import day_number, to_date
from puhui.lending.agreement import Agreement, agreement_of
from puhui.lending.arrears import arrears_of
from puhui.lending.balances import (
    due_minor,
    fee_receivable_minor,
    interest_receivable_minor,
    owed_minor,
    penalty_receivable_minor,
)
from puhui.lending.fold import advance, fold
from puhui.lending.line import projected_rows
from puhui.lending.position import Position
from puhui.workflows.store import Loan, Store


def statement_of(store: Store, loan_id: str, as_of: date) -> dict[str, Any]:
    """Return the statement of a loan as JSON: amounts in minor units, days ISO; refuse LOAN_UNKNOWN.

    A day before the loan's last fact is told from all facts known now.
    """
    loan = store.loan(loan_id)
    return statement(loan, position_on(store, loan, as_of))


def position_on(store: Store, loan: Loan, as_of: date) -> Position:
    """Return the position at the end of a day, from the stored one where that serves, else from the facts."""
    day = day_number(as_of)
    if day >= loan.position.as_of:
        return advance(loan.position, day, agreement_of(loan.agreement))
    return fold(store.facts(loan.id), day)


def statement(loan: Loan, position: Position) -> dict[str, Any]:
    """Return the statement of a position. to_come: as it will be if what is late is paid today."""
    agreement = agreement_of(loan.agreement)
    return {
        "loan": loan.id,
        "as_of": to_date(position.as_of).isoformat(),
        "status": position.status,
        "product": loan.dimensions.product,
        "institution": loan.dimensions.institution,
        "currency": agreement.currency,
        "annual_rate_ppm": position.annual_rate_ppm,
        "owed": {
            "principal_minor": position.principal_minor,
            "interest_minor": interest_receivable_minor(position),
            "fee_minor": fee_receivable_minor(position),
            "penalty_minor": penalty_receivable_minor(position),
            "suspense_minor": position.suspense_minor,
            "total_minor": owed_minor(position),
        },
        "due_minor": due_minor(position),
        "arrears": _arrears(position),
        "category": position.category,
        "stage": position.stage,
        "accruing": position.accruing,
        "dues": [_instalment(due) for due in position.dues],
        "to_come": [_instalment(row) for row in projected_rows(position, agreement)],
        **_of_agreement(agreement),
    }


def _arrears(position: Position) -> dict[str, Any]:
    return dict(arrears_of(position)._asdict())


def _instalment(row: Any) -> dict[str, Any]:
    return {
        "n": row.n,
        "due_on": to_date(row.due_on).isoformat(),
        "principal_minor": row.principal_minor,
        "interest_minor": row.interest_minor,
        "fee_minor": row.fee_minor,
        "total_minor": row.principal_minor + row.interest_minor + row.fee_minor,
    }


def _of_agreement(agreement: Agreement) -> dict[str, Any]:
    return {"agreed_on": agreement.agreed_on.isoformat(), "borrower": agreement.borrower}
