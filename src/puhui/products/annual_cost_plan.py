"""The true annual cost of a repayment plan, on the contract's track and on the borrower's after a subsidy."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from puhui.kernel.remember import remember
from puhui.products.annual_cost import Figures, Nominal, figures, nominal
from puhui.products.plan import Flow, Plan


@dataclass(frozen=True, slots=True)
class PlanCost:
    """Annual cost with all fees: `contract`, and `borrower` when a programme pays a part of the interest."""

    contract: Figures
    borrower: Figures | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the contract's figures, with those of the borrower beneath where they differ."""
        borne = {} if self.borrower is None else {"borrower": self.borrower.as_dict()}
        return {**self.contract.as_dict(), **borne}


def plan_cost(plan: Plan) -> PlanCost:
    """Return the annual cost of a plan. Refuses as `figures`, where fees eat up what is received."""
    contract = plan_figures(plan)
    if plan.terms.subsidy is None:
        return PlanCost(contract)
    return PlanCost(contract, plan_figures(plan, subsidised=True))


# As `planned`, of which the plan comes.
cost_of = remember(128)(plan_cost)


def plan_figures(plan: Plan, *, subsidised: bool = False, fees: bool = True) -> Figures:
    """Return the figures of one track; `fees` False: of interest alone."""
    amounts, months, on = _flows(plan, plan.flows(subsidised=subsidised, fees=fees))
    return figures(amounts, months, on)


def interest_cost(plan: Plan) -> Nominal:
    """Return the annual cost of interest alone, without fees, by periods. Refuses as `nominal`."""
    amounts, months, _ = _flows(plan, plan.flows(fees=False))
    return nominal(amounts, months)


def _flows(plan: Plan, flows: list[Flow]) -> tuple[list[int], list[float], list[date]]:
    """Return amounts, positions in months and days of the flows, a down payment taken off what comes in that day."""
    amounts = [flow.amount_minor for flow in flows]
    if plan.terms.down_payment_ppm:
        (received_minor, down_minor, *later), flows = amounts, flows[1:]
        amounts = [received_minor + down_minor, *later]
    a_month = plan.positions_a_month
    return amounts, [flow.position / a_month for flow in flows], [flow.on for flow in flows]
