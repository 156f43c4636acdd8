"""Before an agreement is recorded: the way it will be served is held against the rules of its day."""

from datetime import date
from typing import Any

from puhui.kernel.rates import PPM
from puhui.kernel.refusals import declare
from puhui.lending.agreement import Agreement
from puhui.products.definition import product_of
from puhui.rulebook.check import Finding, check
from puhui.rulebook.subject import Subject

SERVICING_BREAKS_RULE = declare(
    "SERVICING_BREAKS_RULE",
    422,
    "合同条件违反规则 {rule}：{figure}，限值 {limit}。",
    "The agreement breaks rule {rule}: {figure}, the limit is {limit}.",
)


def check_servicing(agreement: Agreement, today: date) -> None:
    """Refuse SERVICING_BREAKS_RULE where rate or penalty is beyond every kind of lender that may offer the product.

    What only the whole offer can tell (annual cost, the person) is checked when it is made. Refuses PRODUCT_UNKNOWN.
    """
    definition = product_of(agreement.product)
    broken = [_broken(agreement, today, lender, definition.tags) for lender in definition.lenders]
    if all(broken):
        finding = broken[0]
        assert finding is not None
        raise SERVICING_BREAKS_RULE.refuse(
            "servicing", rule=finding.rule_id, figure=finding.figure, limit=finding.limit
        )


def _broken(agreement: Agreement, today: date, lender: str, tags: tuple[str, ...]) -> Finding | None:
    subject = Subject(lender, tags, agreement.region if len(agreement.region) == 6 else "")
    findings = check(subject, _facts(agreement), today).findings
    return next((finding for finding in findings if finding.outcome == "broken"), None)


def _facts(agreement: Agreement) -> dict[str, Any]:
    multiplier_ppm = agreement.servicing.overdue_multiplier_ppm
    rate_ppm = agreement.terms.annual_rate_ppm
    return {
        "contract_rate_ppm": rate_ppm,
        "contract_on": agreement.agreed_on,
        "overdue_multiplier_ppm": multiplier_ppm,
        "late_total_annual_ppm": -(-rate_ppm * multiplier_ppm // PPM),
    }
