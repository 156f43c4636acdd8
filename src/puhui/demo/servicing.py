"""The months after: who pays what is due and when, by the truth of the county; every day's night is closed."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import polars as pl

from puhui.credit.county import County, behaviours
from puhui.demo.story import OFFICER
from puhui.kernel.clock import now, today
from puhui.kernel.dates import to_date
from puhui.kernel.rates import PPM
from puhui.lending.agreement import agreement_of
from puhui.lending.balances import due_minor
from puhui.lending.payoff import payoff_of
from puhui.storage.unit_of_work import UnitOfWork
from puhui.workflows.record import Statement, record_fact
from puhui.workflows.statement import position_on
from puhui.workflows.store import Loan

MOST_INSTALMENTS: Final = 8
CHANNEL: Final = "direct_debit"


@dataclass(frozen=True, slots=True)
class Coming:
    """Money that comes in on a day: of a loan, a share of what is due then, or all that is owed."""

    loan: str
    way: str
    share_ppm: int


@dataclass(frozen=True, slots=True)
class Payments:
    """What is still to come, by day; what came, minor units."""

    coming: dict[date, list[Coming]] = field(default_factory=lambda: defaultdict(list))
    received_minor: list[int] = field(default_factory=list)


def expect(payments: Payments, county: County, application: str, loan: Loan) -> None:
    """Add what the borrower of a loan will pay: by the truth of the county, under the instalment of the loan as made.

    The county knows a loan by its application, so the same story has the same accidents.
    """
    plan = loan.position.rows
    rows = plan[:MOST_INSTALMENTS]
    a_month = sum(row.principal_minor + row.interest_minor for row in plan) // len(plan)
    borrower = pl.DataFrame({"loan": [application], "application": [application], "instalment_minor": [a_month]})
    for said, row in zip(behaviours(borrower, len(rows), county.truth).iter_rows(named=True), rows, strict=True):
        if said["share_ppm"]:
            day = to_date(row.due_on) + timedelta(days=said["late_days"])
            payments.coming[day].append(Coming(loan.id, said["way"], said["share_ppm"]))


def receive(store: UnitOfWork, payments: Payments, coming: Coming) -> None:
    """Record what comes in for one loan now: nothing where nothing is due, no more than the share of what is."""
    loan = store.loan(coming.loan)
    position = position_on(store, loan, today())
    if coming.way == "early":
        amount, kind = payoff_of(position, agreement_of(loan.agreement)).total_minor, "prepayment"
        body: Mapping[str, Any] = {"mode": "payoff", "channel": CHANNEL}
    else:
        amount, kind = due_minor(position) * coming.share_ppm // PPM, "repayment"
        body = {"amount_minor": amount, "channel": CHANNEL}
    if amount:
        record_fact(store, loan.id, Statement(kind, body, today(), OFFICER), now())
        payments.received_minor.append(amount)
