"""Bullet 一次性还本付息: principal and all interest in one payment at maturity."""

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_principal
from puhui.products.kinds.kind import Kind, need
from puhui.products.terms import Terms


def plan(calculation: Calculation) -> Parts:
    """Return the one part: P and P x rate x the whole term, no compounding."""
    return pay_principal(calculation, [0])


def check(terms: Terms) -> None:
    """Refuse a grace: there is one payment, so a grace of interest would lose the interest of the whole term."""
    for field, count in terms.grace:
        need(count == 0, f"grace.{field}", _ONE_PAYMENT)


_ONE_PAYMENT = Text("不适用于一次性还本付息", "has no use where all falls due in one payment")

KIND = Kind(
    "bullet",
    Text("一次性还本付息", "bullet"),
    Text("到期一次性偿还本金和全部利息", "principal and all interest in one payment at maturity"),
    plan,
    check=check,
    one_due=True,
)
