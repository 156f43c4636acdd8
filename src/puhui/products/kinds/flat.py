"""Flat 等本等息: equal principal, and interest every period on the original principal."""

from puhui.kernel.columns import Ints, between, lesser
from puhui.kernel.language import Text
from puhui.kernel.rounding import round_mul_div, round_to_multiple
from puhui.products.calculation import Calculation, Parts, share_principal
from puhui.products.kinds.kind import Kind


def plan(calculation: Calculation) -> Parts:
    """Return the parts: instalment = P/n + P x rate of the whole term / n.

    Interest is the same in every period that bears it; the last takes the remainder of the rounded whole.
    With an instalment multiple, principal and interest are rounded to it separately and added to the
    instalment; the principal is the instalment less the interest.
    """
    grace, rounding = calculation.terms.grace.principal, calculation.rounding
    paying = calculation.periods - grace
    shares = share_principal(calculation, [0] * grace + [1] * paying)
    interests = _equal_interest(calculation)
    balance, parts = calculation.principal_minor, Parts([], [])
    for period, interest in enumerate(interests):
        principal = shares[period]
        if calculation.multiple > 1 and period >= grace:
            multiple = calculation.multiple
            total = round_to_multiple(principal, multiple, rounding) + round_to_multiple(interest, multiple, rounding)
            principal = total - interest
        principal = balance if period == calculation.periods - 1 else between(principal, 0, balance)
        balance = balance - principal
        parts.principal.append(principal)
        parts.interest.append(interest)
    return parts


def _equal_interest(calculation: Calculation) -> list[Ints]:
    free = calculation.terms.grace.interest_free
    bearing = calculation.periods - free
    if not bearing:
        return [0 * calculation.principal_minor] * free
    yearly, term = calculation.principal_minor * calculation.rate_ppm, sum(calculation.numerators)
    whole = round_mul_div(yearly, term, calculation.unit, calculation.rounding)
    each = round_mul_div(yearly, term, calculation.unit, calculation.rounding, shares=bearing)
    interests, left = [0 * whole] * free, whole
    for _ in range(bearing - 1):
        interests.append(lesser(each, left))
        left = left - interests[-1]
    return [*interests, left]


KIND = Kind(
    "flat",
    Text("等本等息", "flat"),
    Text(
        "每期本金相同，利息（费用）始终按原始本金计算", "equal principal, and interest always on the original principal"
    ),
    plan,
)
