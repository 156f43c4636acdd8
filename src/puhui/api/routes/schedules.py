"""Schedules: the plan and the true annual cost of terms, and the plan of a loan as it stands."""

from datetime import date

from pydantic import ConfigDict

from puhui.api.fields import AnyAmountMinor, LoanId
from puhui.api.routes.loans import InstalmentOut, position_out
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.inputs import Record, parse
from puhui.kernel.language import Text
from puhui.products.annual_cost import Figures
from puhui.products.annual_cost_plan import plan_cost
from puhui.products.plan import Plan
from puhui.products.schedule import schedule
from puhui.products.terms import Terms
from puhui.workflows.statement import position_on, statement

routes = Routes("schedules", Text("还款计划", "Schedules"))


class TermsIn(Terms):
    """The terms of a loan: amounts in minor units, rates in ppm a year."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "principal_minor": 12000000,
                    "annual_rate_ppm": 60000,
                    "method": "annuity",
                    "instalments": 14,
                    "disbursed_on": "2024-01-15",
                    "day_count": "30/360",
                }
            ]
        }
    )


class RowOut(Record):
    """One row of a plan; `subsidy_minor` of the total is paid by a programme."""

    n: int
    due_on: date
    principal_minor: AnyAmountMinor
    interest_minor: AnyAmountMinor
    fee_minor: AnyAmountMinor
    total_minor: AnyAmountMinor
    outstanding_principal_minor: AnyAmountMinor
    subsidy_minor: AnyAmountMinor


class ChargeOut(Record):
    """What one fee comes to."""

    name: str
    payee: str
    collect: str
    amount_minor: AnyAmountMinor


class CostOut(Record):
    """The true annual cost by the three conventions, ppm a year: IRR x 12, effective, XIRR / 365."""

    irr_x12_ppm: int
    effective_ppm: int
    xirr_365_ppm: int


class ScheduleOut(Record):
    """A plan: its rows, its sums, its fees, and what it truly costs a year."""

    instalments: tuple[RowOut, ...]
    totals: dict[str, int]
    charges: tuple[ChargeOut, ...]
    annual_cost: CostOut
    borrower_annual_cost: CostOut | None


class LoanScheduleOut(Record):
    """The plan of a loan as it stands today: what has fallen due and is not paid, and what is to come."""

    loan: str
    due: tuple[InstalmentOut, ...]
    to_come: tuple[InstalmentOut, ...]


@routes.post(
    "/schedules", "schedules.compute", Text("试算还款计划与年化成本", "Plan and annual cost of terms"), status=200
)
def compute_schedule(call: Call, body: Given[TermsIn]) -> ScheduleOut:
    """Work out the plan of terms, and its true annual cost. Nothing is recorded."""
    del call
    return schedule_out(schedule(body))


@routes.get("/loans/{loan_id}/schedule", "loans.read", Text("贷款的还款计划", "The plan of a loan"))
def read_schedule(call: Call, loan_id: LoanId) -> LoanScheduleOut:
    """Read what of a loan's plan is due and unpaid, and what is to come."""
    with call.read() as books:
        loan = call.loan(books, loan_id)
        position = position_out(statement(loan, position_on(books.store, loan, call.today_of(loan))))
    return LoanScheduleOut(loan=loan_id, due=position.dues, to_come=position.to_come)


def schedule_out(plan: Plan) -> ScheduleOut:
    """Return a plan as it is answered."""
    cost = plan_cost(plan)
    data = {
        "instalments": [row._asdict() for row in plan.rows],
        "totals": plan.totals(),
        "charges": [
            {"name": one.name, "payee": one.payee, "collect": one.collect, "amount_minor": one.amount_minor}
            for one in plan.charges
        ],
        "annual_cost": _cost(cost.contract),
        "borrower_annual_cost": _cost(cost.borrower) if cost.borrower else None,
    }
    return parse(ScheduleOut, data)


def _cost(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in CostOut.model_fields}
