"""Seasonal 按收成还款: principal falls due only in the months of income, interest monthly or with it."""

from puhui.kernel.columns import Ints, choose, is_column
from puhui.kernel.dates import month_of
from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_principal, share_principal
from puhui.products.kinds.kind import Kind, need
from puhui.products.terms import TERMS_INVALID, Terms


def plan(calculation: Calculation) -> Parts:
    """Return the parts: equal principal over the instalments due in `income_months`.

    The month is that of the due date before any holiday roll. Refuses TERMS_INVALID (income_months) where the
    last instalment is not in a month of income: the plan would end before its term.
    """
    weights = [_earns(calculation, period) for period in range(calculation.periods)]
    if _least(weights[-1]) == 0:
        raise TERMS_INVALID.refuse("income_months", problem=_LAST_OUTSIDE)
    collects = [weight > 0 for weight in weights] if calculation.terms.interest_due == "with_principal" else None
    return pay_principal(calculation, share_principal(calculation, weights), collects)


def _earns(calculation: Calculation, period: int) -> Ints:
    """Return 1 where principal falls due with the period: a month of income, after the grace of principal."""
    month = month_of(calculation.dates.nominal[period]) % 12 + 1
    earns = 0 * month
    for income_month in calculation.terms.income_months:
        earns = choose(month == income_month, 1, earns)
    return earns if period >= calculation.terms.grace.principal else 0 * earns


def _least(value: Ints) -> int:
    return int(value.min()) if is_column(value) else int(value)


def check(terms: Terms) -> None:
    """Refuse without months of income, and a unit other than month."""
    need(bool(terms.income_months), "income_months", _NEEDED)
    need(terms.unit == "month", "unit", _MONTHLY)


_NEEDED = Text("必填：有收入、应还本金的月份，如 [9, 10]", "is required: the months of income, such as [9, 10]")
_MONTHLY = Text("按收成还款须按月", "must be month for seasonal plans")
_LAST_OUTSIDE = Text(
    "不含最后一期所在月份，请调整期数或月份",
    "does not hold the month of the last instalment; change instalments or months",
)

KIND = Kind(
    "seasonal",
    Text("按收成还款", "seasonal"),
    Text(
        "只在有收入的月份归还本金，利息按月或随本金支付",
        "principal in the months of income, interest monthly or with it",
    ),
    plan,
    fields=frozenset({"income_months", "interest_due"}),
    check=check,
)
