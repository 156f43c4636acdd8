"""What a funder's criteria may look at: facts of the applicant, of the loan, and of the product.

Facts of the loan and the product are a closed list, so that a slip of the pen is refused at load. Those of the
applicant are named by whoever decides (`applicant.score`, `applicant.age_years`); one that is missing makes nobody
eligible.
"""

from collections.abc import Mapping
from typing import Any

from puhui.kernel.language import Text
from puhui.products.definition_fields import Definition
from puhui.products.design.fit import loads
from puhui.products.facts import financed_minor, tenor_months
from puhui.products.plan import Plan

# Worked out from the plan.
PLAN_FACTS: dict[str, Text] = {
    "loan.price_minor": Text("价款", "price"),
    "loan.lent_minor": Text("贷款金额", "amount lent"),
    "loan.down_payment_ppm": Text("首付比例", "down payment"),
    "loan.instalments": Text("期数", "instalments"),
    "loan.months": Text("期限（月）", "months"),
    "loan.instalment_minor": Text("单月最高应还", "most due in a month"),
    "product.id": Text("产品", "product"),
    "product.line": Text("产品线", "product line"),
    "product.kind": Text("还款方式", "repayment method"),
}
# Said with the application.
GIVEN_FACTS: dict[str, Text] = {
    "loan.purpose": Text("用途", "purpose"),
    "loan.dealer": Text("经销商", "dealer"),
    "loan.core_enterprise": Text("核心企业", "core enterprise"),
    "loan.vehicle_age_months": Text("车龄（月）", "age of the vehicle (months)"),
}
APPLICANT_NAMES: dict[str, Text] = {
    "applicant.region": Text("所在地", "place"),
    "applicant.segment": Text("客群", "segment"),
    "applicant.age_years": Text("年龄", "age"),
    "applicant.score": Text("评分", "score"),
    "applicant.pd_ppm": Text("违约概率", "probability of default"),
    "applicant.income_year_minor": Text("年收入", "income a year"),
    "applicant.months_in_business": Text("经营月数", "months in business"),
    "applicant.overdue_count": Text("逾期次数", "times overdue"),
}
FACTS = {**PLAN_FACTS, **GIVEN_FACTS, **APPLICANT_NAMES}


def fact_name(fact: str) -> Text:
    """Return what a fact is called; its code where nobody named it."""
    return FACTS.get(fact, Text(fact, fact))


def is_known(fact: str) -> bool:
    """Return whether a criterion may look at a fact."""
    return fact.startswith("applicant.") or fact in PLAN_FACTS or fact in GIVEN_FACTS


def plan_facts(definition: Definition, plan: Plan) -> Mapping[str, Any]:
    """Return the facts of a plan and its product."""
    return {
        "loan.price_minor": plan.terms.principal_minor,
        "loan.lent_minor": financed_minor(plan),
        "loan.down_payment_ppm": plan.terms.down_payment_ppm,
        "loan.instalments": plan.terms.instalments,
        "loan.months": tenor_months(plan),
        "loan.instalment_minor": max(loads(plan).values()),
        "product.id": definition.id,
        "product.line": definition.line,
        "product.kind": definition.kind,
    }
