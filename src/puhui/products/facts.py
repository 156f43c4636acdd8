"""What the rulebook may know of an offer from the product alone, and what only the decision can tell.

Every fact that a rule reads is of one of four kinds: worked out here from the plan (`COMPUTED`); declared by the
product as a practice; worked out for a borrower who has nothing else with the lender (`BEST_CASE`: an offer that fails
so fails for everyone); or known only with the person, the lender's books or the deed (`AT_DECISION`). A fact of
another kind that is missing fails the product.
"""

from datetime import date
from typing import TYPE_CHECKING, Any

from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div
from puhui.products.annual_cost_plan import PlanCost
from puhui.products.plan import Plan
from puhui.products.words import DATA

if TYPE_CHECKING:
    from puhui.products.definition_fields import Definition

BEST_CASE = frozenset(
    {
        "addon_total_minor",
        "borrower_total_minor",
        "business_total_minor",
        "consumer_internet_line_minor",
        "consumer_total_minor",
        "voucher_tenor_months",
    }
)

COMPUTED = BEST_CASE | {
    "addon_ltv_ppm",
    "amount_received_minor",
    "collected_fields",
    "compound_simple_rate_ppm",
    "consented_purposes",
    "contract_on",
    "contract_rate_ppm",
    "effective_ppm",
    "irr_x12_ppm",
    "late_total_annual_ppm",
    "ltv_ppm",
    "misuse_multiplier_ppm",
    "needed_fields",
    "original_tenor_months",
    "overdue_multiplier_ppm",
    "platform_fee_minor",
    "prededucted_interest_minor",
    "principal_minor",
    "processing_purposes",
    "purposes",
    "requested_amount_minor",
    "sensitive_data",
    "single_drawdown_minor",
    "single_payment_minor",
    "tenor_months",
    "undisclosed_charges_minor",
    "xirr_365_ppm",
}

AT_DECISION = frozenset(
    {
        # the person and the purchase
        "adverse_notice_before_report",
        "borrower_region_in_area",
        "college_student",
        "deal_price_net_minor",
        "extension_months",
        "large_need_good_credit",
        "list_or_appraisal_minor",
        "long_cash_cycle",
        "new_ordinary_borrower",
        "vehicle_value_minor",
        "working_capital_need_minor",
        # the lender's own books, partners and archive
        "bank_decision_recorded",
        "branchless_bank",
        "impact_record_months",
        "needed_retention_days",
        "partner_whitelisted",
        "record_retention_months",
        "retention_days",
        "statutory_retention_days",
        "via_licensed_bureau",
    }
)


def tenor_months(plan: Plan) -> int:
    """Return the months from disbursement to the last due date before any holiday roll, a part counted whole."""
    return -(-plan.positions[-1] // plan.positions_a_month)


def repaid_at_once(plan: Plan) -> bool:
    """Return whether all principal after the down payment falls due with the last instalment."""
    return all(row.principal_minor == 0 for row in plan.instalments[:-1])


def financed_minor(plan: Plan) -> int:
    """Return what is lent: the principal of the terms less the down payment, minor units."""
    return plan.terms.principal_minor - (plan.rows[0].principal_minor if plan.terms.down_payment_ppm else 0)


def offer_facts(definition: "Definition", plan: Plan, cost: PlanCost, as_of: date) -> dict[str, Any]:
    """Return the facts of an offer, the contract made on `as_of`; money fen, rates ppm.

    Loan-to-value is to the nearest ppm: the rounding of a down payment to the minor unit is no breach. What the
    lender itself keeps back from the money lent counts as interest deducted in advance.
    """
    lent_minor, price_minor = financed_minor(plan), plan.terms.principal_minor
    months, rate_ppm, penalty = tenor_months(plan), plan.terms.annual_rate_ppm, definition.penalty
    interest_minor = sum(row.interest_minor for row in plan.rows)
    kept_minor = [charge.upfront_minor for charge in plan.charges if charge.deducted and charge.payee == "lender"]
    return {
        **definition.practices,
        "irr_x12_ppm": cost.contract.irr_x12_ppm,
        "effective_ppm": cost.contract.effective_ppm,
        "xirr_365_ppm": cost.contract.xirr_365_ppm,
        "contract_rate_ppm": rate_ppm,
        "contract_on": as_of,
        "principal_minor": lent_minor,
        "amount_received_minor": lent_minor - sum(c.upfront_minor for c in plan.charges if c.deducted),
        "prededucted_interest_minor": sum(kept_minor),
        # A plan charges only the fees of its terms, and the cost table lists all of them.
        "undisclosed_charges_minor": 0,
        "platform_fee_minor": sum(charge.amount_minor for charge in plan.charges if charge.payee == "platform"),
        "late_total_annual_ppm": _up(rate_ppm * penalty.overdue_multiplier_ppm, PPM),
        "compound_simple_rate_ppm": _up(interest_minor * PPM * 12, lent_minor * months),
        "overdue_multiplier_ppm": penalty.overdue_multiplier_ppm,
        "misuse_multiplier_ppm": penalty.misuse_multiplier_ppm,
        "purposes": list(definition.purposes),
        "tenor_months": months,
        "original_tenor_months": months,
        "voucher_tenor_months": months,
        "ltv_ppm": round_div(lent_minor * PPM, price_minor),
        "addon_ltv_ppm": round_div(lent_minor * PPM, price_minor),
        "addon_total_minor": price_minor,
        **dict.fromkeys(_AMOUNTS, lent_minor),
    }


def data_facts(definition: "Definition") -> dict[str, Any]:
    """Return the facts of the personal data that the product asks for: what, what for, with whose consent."""
    personal = [item for item in definition.required_data if DATA[item.data].personal]
    fields = sorted({item.data for item in personal})
    return {
        **definition.practices,
        "collected_fields": fields,
        "needed_fields": fields,
        "processing_purposes": sorted({item.purpose for item in personal}),
        "consented_purposes": list(definition.consents),
        "sensitive_data": any(DATA[item.data].sensitive for item in personal),
    }


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


_AMOUNTS = (
    "single_drawdown_minor",
    "single_payment_minor",
    "requested_amount_minor",
    "consumer_internet_line_minor",
    "borrower_total_minor",
    "consumer_total_minor",
    "business_total_minor",
)
