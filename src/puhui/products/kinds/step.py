"""Step-up and step-down 递增还款、递减还款: the instalment changes every so many periods, by an amount or a rate."""

from itertools import pairwise

from puhui.kernel.columns import is_column
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div
from puhui.products.calculation import Calculation, Parts, pay_totals
from puhui.products.kinds.kind import Kind, need
from puhui.products.level import Shape, level_instalment
from puhui.products.terms import TERMS_INVALID, Terms


def plan(calculation: Calculation) -> Parts:
    """Return the parts: the total moves by `step_minor` (arithmetic) or `step_ppm` (geometric) each `step_every`.

    A geometric step is taken on the rounded instalment before it. Refuses TERMS_INVALID where an instalment
    would not cover its interest.
    """
    terms = calculation.terms
    grace, every = terms.grace.principal, terms.step_every or 12
    steps = [period // every for period in range(calculation.periods - grace)]
    shape = Shape(steps, calculation.values.step_minor, calculation.values.step_ppm)
    total = level_instalment(calculation, shape)
    totals = [total] * (grace + 1)
    for before, after in pairwise(steps):
        if after > before:
            moved = total * (PPM + calculation.values.step_ppm)
            total = round_div(moved, PPM, terms.rounding) + calculation.values.step_minor
        totals.append(total)
    parts = pay_totals(calculation, totals)
    for interest, pays in zip(parts.interest[grace:-1], totals[grace:-1], strict=True):
        short = interest > pays
        if short.any() if is_column(short) else short:
            raise TERMS_INVALID.refuse("step_ppm" if terms.step_minor is None else "step_minor", problem=_TOO_STEEP)
    return parts


def check(terms: Terms) -> None:
    """Refuse unless exactly one of the two steps is given."""
    need((terms.step_minor is None) != (terms.step_ppm is None), "step_minor", _ONE_STEP)


_ONE_STEP = Text("与 step_ppm 须且只须填一个", "or step_ppm: give one of the two")
_TOO_STEEP = Text("过大：有一期还款不足以支付当期利息", "is too steep: an instalment would not cover its interest")

KIND = Kind(
    "step",
    Text("递增或递减还款", "step-up or step-down"),
    Text(
        "每隔若干期，还款额按金额或比例增减",
        "the instalment rises or falls every so many periods, by an amount or a rate",
    ),
    plan,
    fields=frozenset({"step_every", "step_minor", "step_ppm"}),
    check=check,
)
