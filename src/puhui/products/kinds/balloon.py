"""Balloon 气球贷: level instalments that leave a large part of the principal for the last."""

from puhui.kernel.columns import Ints
from puhui.kernel.language import Text
from puhui.products.calculation import Calculation, Parts, pay_totals
from puhui.products.kinds.kind import Kind, need
from puhui.products.level import Shape, level_instalment
from puhui.products.terms import Terms


def plan(calculation: Calculation) -> Parts:
    """Return the parts: level on a longer amortisation, or level that leaves `balloon_minor`.

    P=120,000.00 at 6 %, amortised over 60, due after 12: 2,319.94 a month, 98,783.62 left with the twelfth.
    """
    return pay_totals(calculation, [_level(calculation)] * calculation.periods)


def _level(calculation: Calculation) -> Ints:
    longer = calculation.terms.amortisation_instalments
    if longer is not None:
        return level_instalment(calculation, extra_periods=longer - calculation.periods)
    return level_instalment(calculation, Shape(residual_minor=calculation.values.balloon_minor))


def check(terms: Terms) -> None:
    """Refuse unless exactly one of the two ways is given, and the balloon is less than the principal."""
    longer = terms.amortisation_instalments
    need((terms.balloon_minor is None) != (longer is None), "balloon_minor", _ONE_WAY)
    need(longer is None or longer > terms.instalments, "amortisation_instalments", _LONGER)
    need((terms.balloon_minor or 0) < terms.principal_minor, "balloon_minor", _LESS)


_ONE_WAY = Text("与 amortisation_instalments 须且只须填一个", "or amortisation_instalments: give one of the two")
_LONGER = Text("必须多于 instalments", "must be more than instalments")
_LESS = Text("必须小于贷款本金", "must be less than the principal")

KIND = Kind(
    "balloon",
    Text("气球贷", "balloon"),
    Text(
        "前期按较长期限或扣除尾款计算等额还款，最后一期还清尾款",
        "level instalments on a longer amortisation, the rest at the end",
    ),
    plan,
    fields=frozenset({"balloon_minor", "amortisation_instalments"}),
    check=check,
)
