"""Credit already held and asked for: utilisation, lenders, inquiries."""

from puhui.credit.features.formulas import Formula, holders, partners, recent_partners, state, total


def _observed(count: Formula) -> Formula:
    """Return a count that is 0 where a credit report was read within 3 months: it would list what there is."""
    return count.or_zero_where(total("credit_report", "n", 3))


FORMULAS = {
    "credit_limit": state("credit_limit"),
    "credit_used": state("credit_used"),
    "credit_utilisation": state("credit_used").per(state("credit_limit")),
    "credit_lenders": holders("credit_limit"),
    "credit_used_to_income": state("credit_used").per(total("income")),
    "inquiry_1m": _observed(total("inquiry", "n", 1)),
    "inquiry_3m": _observed(total("inquiry", "n", 3)),
    "inquiry_6m": _observed(total("inquiry", "n", 6)),
    "inquiry_12m": _observed(total("inquiry", "n")),
    "inquiry_lenders_3m": _observed(recent_partners("inquiry")),
    "inquiry_lenders_12m": _observed(partners("inquiry")),
}
