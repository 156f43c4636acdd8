"""Equal principal 等额本金: the same principal each period, falling interest."""

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_principal, share_principal
from puhui.products.kinds.kind import Kind


def plan(calculation: Calculation) -> Parts:
    """Return the parts: P/n each, rounded; the instalment multiple does not apply."""
    grace = calculation.terms.grace.principal
    weights = [0] * grace + [1] * (calculation.periods - grace)
    return pay_principal(calculation, share_principal(calculation, weights))


KIND = Kind(
    "equal_principal",
    Text("等额本金", "equal principal"),
    Text("每期本金相同，利息逐期递减", "the same principal each period, falling interest"),
    plan,
)
