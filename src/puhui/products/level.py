"""The level instalment: the constant payment that clears a balance, rounded once from its exact value.

With g_k = 1 + rate of period k, a payment A x w_k + d_k in period k leaves the residual R when
    A = (P x g_1..g_n - R - sum d_k x g_(k+1)..g_n) / sum w_k x g_(k+1)..g_n.
One loan: a ratio of whole numbers, exact. A column: estimated in float64 with a proven error bound; only where a
half lies within the bound is that loan computed exactly. So column and single loan agree at every tie.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

from puhui.kernel.columns import Ints, is_column
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import Rounding, round_div
from puhui.products.calculation import Calculation
from puhui.products.terms import TERMS_INVALID


@dataclass(frozen=True, slots=True)
class Shape:
    """How payments differ from level: `steps[k]` steps taken by period k, `step_minor` or `step_ppm` each.

    `residual_minor`: the balance that is left for the last instalment beside its level payment.
    """

    steps: Sequence[int] = ()
    step_minor: Ints = 0
    step_ppm: Ints = 0
    residual_minor: Ints = 0


def level_instalment(calculation: Calculation, shape: Shape = Shape(), extra_periods: int = 0) -> Ints:
    """Return the level (first) instalment in minor units, rounded to the multiple of the terms.

    Periods under grace of principal pay no level instalment. `extra_periods` amortise beyond the term, each as
    long as the last. Refuses TERMS_INVALID (step_minor) where the steps alone exceed the debt.
    """
    rates = calculation.rates[calculation.terms.grace.principal :]
    rates = rates + [rates[-1]] * extra_periods
    steps = shape.steps or [0] * len(rates)
    debt = _Debt(calculation.principal_minor, shape, rates, steps, calculation.unit, calculation.multiple)
    if debt.in_columns():
        return _certified(debt, calculation.rounding)
    return _exact(debt, calculation.rounding)


@dataclass(frozen=True, slots=True)
class _Debt:
    """What the level instalment clears: of one loan (ints), or of a column."""

    principal_minor: Ints
    shape: Shape
    rates: Sequence[Ints]
    steps: Sequence[int]
    unit: int
    multiple: int

    def in_columns(self) -> bool:
        """Return whether any of it is a column."""
        shape = self.shape
        amounts = (self.principal_minor, shape.step_minor, shape.step_ppm, shape.residual_minor)
        return any(map(is_column, (*amounts, *self.rates)))

    def one(self, index: Any) -> "_Debt":
        """Return the debt of one loan of the column."""

        def at(value: Ints) -> int:
            return int(value[index]) if is_column(value) else int(value)

        shape = self.shape
        single = Shape(shape.steps, at(shape.step_minor), at(shape.step_ppm), at(shape.residual_minor))
        rates = [at(rate) for rate in self.rates]
        return _Debt(at(self.principal_minor), single, rates, self.steps, self.unit, self.multiple)


def _exact(loan: _Debt, rounding: Rounding) -> int:
    """Return the level instalment of one loan, from a ratio of whole numbers."""
    step_minor, step_ppm, residual_minor = loan.shape.step_minor, loan.shape.step_ppm, loan.shape.residual_minor
    common = gcd(loan.unit, *loan.rates)
    unit = loan.unit // common
    last_step = loan.steps[-1] if step_ppm else 0
    weights = [(PPM + step_ppm) ** step * PPM ** (last_step - step) if step_ppm else 1 for step in loan.steps]
    grown, units, weighted, offset = loan.principal_minor, 1, 0, 0
    for rate, weight, step in zip(loan.rates, weights, loan.steps, strict=True):
        g = unit + rate // common
        units *= unit
        grown *= g
        weighted = weighted * g + weight * units
        if step:
            offset = offset * g + step * step_minor * units
    debt = (grown - residual_minor * units - offset) * PPM**last_step
    if debt < 0:
        raise TERMS_INVALID.refuse("step_minor" if step_minor else "balloon_minor", problem=_MORE_THAN_DEBT)
    level: int = round_div(debt, weighted * loan.multiple, rounding) * loan.multiple
    return level


def _certified(loans: _Debt, rounding: Rounding) -> Ints:
    """Return the level instalments of a column: float64 where the bound proves the rounding, else exact.

    Each of the 3n positive-term operations errs by at most 2^-53 of its result; eight times n + 4 of them bound
    the whole with room to spare.
    """
    import numpy as np

    shape, multiple = loans.shape, loans.multiple
    relative = 8 * (len(loans.rates) + 4) * 2.0**-53
    factor = 1.0 + np.asarray(shape.step_ppm) / PPM
    grown, weighted, offset, moved = np.asarray(loans.principal_minor, float), np.zeros(1), np.zeros(1), np.zeros(1)
    before: Ints = None
    ratio: Ints = None
    for rate, step in zip(loans.rates, loans.steps, strict=True):
        if rate is not before:
            before, ratio = rate, 1.0 + np.asarray(rate) / loans.unit
        grown = grown * ratio
        weighted = weighted * ratio + (factor**step if step else 1.0)
        if step:
            offset = offset * ratio + step * np.asarray(shape.step_minor, float)
            moved = np.maximum(moved * ratio, np.abs(offset))
    level = (grown - shape.residual_minor - offset) / weighted
    error = relative * ((grown + shape.residual_minor + moved) / weighted + np.abs(level))
    scaled, error = level / multiple, error / multiple
    rounded = np.floor(scaled + 0.5).astype(np.int64)
    doubtful = np.flatnonzero(
        np.broadcast_to((np.abs(scaled - np.floor(scaled) - 0.5) <= error) | (level <= error), rounded.shape)
    )
    for index in doubtful:
        rounded[index] = _exact(loans.one(index), rounding) // multiple
    return rounded * multiple


_MORE_THAN_DEBT = Text("超过了应还的本息", "is more than the whole debt")
