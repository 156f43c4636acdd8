"""The true annual cost of a repayment plan, on the contract's track and on the borrower's after a subsidy."""

from dataclasses import dataclass
from typing import Any

from puhui.products.annual_cost import Figures, figures
from puhui.products.plan import Plan


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


def plan_figures(plan: Plan, *, subsidised: bool = False, fees: bool = True) -> Figures:
    """Return the figures of one track; `fees` False: of interest alone."""
    flows = plan.flows(subsidised=subsidised, fees=fees)
    months = [flow.position / plan.positions_a_month for flow in flows]
    return figures([flow.amount_minor for flow in flows], months, [flow.on for flow in flows])
