"""Interest first 先息后本: interest each period, the principal with the last."""

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_principal
from puhui.products.kinds.kind import Kind


def plan(calculation: Calculation) -> Parts:
    """Return the parts: no principal until the last instalment."""
    return pay_principal(calculation, [0] * calculation.periods)


KIND = Kind(
    "interest_only",
    Text("先息后本", "interest first"),
    Text("按期付息，到期还本", "interest each period, the principal at the end"),
    plan,
)
