"""Equal instalments 等额本息: the same total each period, interest on the balance."""

from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_totals, smooth
from puhui.products.kinds.kind import Kind
from puhui.products.level import level_instalment


def plan(calculation: Calculation) -> Parts:
    """Return the parts; after a grace of principal the level instalment is that of the remaining periods.

    P=120,000.00 at 6 %, 12 months: 10,327.97 a month, 3,935.66 interest in all.
    """
    totals = [level_instalment(calculation)] * calculation.periods
    parts = pay_totals(calculation, totals)
    if calculation.terms.smooth_last and calculation.periods > 1:
        return smooth(calculation, totals, parts)
    return parts


KIND = Kind(
    "annuity",
    Text("等额本息", "equal instalments"),
    Text("每期还款总额相同，利息按剩余本金计算", "the same total each period, interest on the balance"),
    plan,
)
