"""Bullet 一次性还本付息: principal and all interest in one payment at maturity."""

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_principal
from puhui.products.kinds.kind import Kind


def plan(calculation: Calculation) -> Parts:
    """Return the one part: P and P x rate x the whole term, no compounding."""
    return pay_principal(calculation, [0])


KIND = Kind(
    "bullet",
    Text("一次性还本付息", "bullet"),
    Text("到期一次性偿还本金和全部利息", "principal and all interest in one payment at maturity"),
    plan,
    one_due=True,
)
