"""True annual cost of a whole book: the same figures as `annual_cost`, on columns of loans.

A column is a loan, a row is a moment ("instalment-major"). Each loan's rate is found by Newton's method on
h(u) = ln received - ln paid (see `annual_cost_solver`), all loans of a chunk in step, from a guess good to four
digits: two passes over the flows are the rule. A plain loan (one sum received, then only payments) makes h
increasing and concave, so that Newton cannot leave the root; loans with several sums received keep a bracket and
bisect. What is left (several sign changes, no convergence) is solved alone by the scalar solver, and so is
a loan whose figure falls so near half a ppm that the last digit of a float would decide the rounding.

Floats are meant here: a rate is not money. See docs/decisions/0007-annual-cost-solver.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from puhui.kernel.rates import PPM
from puhui.products.annual_cost import (
    ANNUAL_COST_NO_ROOT,
    ANNUAL_COST_TOO_HIGH,
    LARGEST_YEARLY,
    TIE_PPM,
    YEAR_DAYS,
    YEAR_MONTHS,
    chosen_root,
    to_ppm,
)
from puhui.products.annual_cost_solver import HIGHEST, LOWEST

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Numbers: TypeAlias = NDArray[Any]

# Loans solved in step. Larger hides NumPy's cost per call, smaller stays in cache; measured flat from 2048 on.
CHUNK = 4096
PASSES = 3
MORE_PASSES = 60
# The error after a step this small, relative to u, is its square.
LAST_STEP = 1e-6
# How near half a ppm the scalar solver decides, and the part of the figure added for its own size.
TIE_REACH_PPM, TIE_REACH = 4e-6, 1e-11


@dataclass(frozen=True, slots=True)
class FigureColumns:
    """Annual cost of each loan: ppm rounded half up as in `annual_cost.Figures`, and 12 x irr unrounded."""

    irr_x12_ppm: Whole
    effective_ppm: Whole
    xirr_365_ppm: Whole | None
    irr_x12: Floats


def figures_columns(amounts: Numbers, months: Numbers | None = None, days: Numbers | None = None) -> FigureColumns:
    """Return the annual cost of every loan, equal to `annual_cost.figures` on each.

    `amounts` (moments, loans): int64 or float64, borrower's side, received +, paid -, zero where a loan has no flow.
    `months`: positions in months, ascending, (moments,) for all or (moments, loans); without it 0, 1, 2, ...
    `days`: days since any day, whole, shaped likewise; without it XIRR is not asked.
    Refuses as the scalar, naming `amounts.<loan>`.
    """
    by_months = _Positions.of(months, amounts.shape[0], 1.0)
    u, (irr_x12_ppm, effective_ppm) = _figures(amounts, by_months, YEAR_MONTHS, (_nominal, _effective))
    xirr_ppm = None
    if days is not None:
        by_days = _Positions.of(days, amounts.shape[0], YEAR_DAYS)
        _, (xirr_ppm,) = _figures(amounts, by_days, 1, (_yearly,))
    return FigureColumns(irr_x12_ppm, effective_ppm, xirr_ppm, _nominal(u, np.expm1))


def irr_columns(flows: Numbers) -> Floats:
    """Return each loan's rate per period, flows at periods 0, 1, 2, ...; refuses as `figures_columns`."""
    return np.expm1(_roots(flows, _Positions.of(None, flows.shape[0], 1.0)))


def _nominal(u: Any, expm1: Callable[[Any], Any]) -> Any:
    return YEAR_MONTHS * expm1(u)


def _effective(u: Any, expm1: Callable[[Any], Any]) -> Any:
    return expm1(YEAR_MONTHS * u)


def _yearly(u: Any, expm1: Callable[[Any], Any]) -> Any:
    return expm1(u)


def _figures(
    amounts: Numbers, positions: _Positions, a_year: int, ways: Sequence[Callable[..., Any]]
) -> tuple[Floats, list[Whole]]:
    """Return u of every loan and the ppm of each way of stating it.

    `a_year`: units of time a year; refuses a yearly rate that floats or ppm cannot hold, naming the loan.
    """
    u = _roots(amounts, positions)
    low, high = a_year * u <= LOWEST, a_year * u > LARGEST_YEARLY
    for beyond, kind in ((low, ANNUAL_COST_NO_ROOT), (high, ANNUAL_COST_TOO_HIGH)):
        if beyond.any():
            raise kind.refuse(f"amounts.{np.flatnonzero(beyond)[0]}")
    figures = [_ppm(way(u, np.expm1)) for way in ways]
    for loan in map(int, np.flatnonzero(np.logical_or.reduce([near for _, near in figures]))):
        u[loan] = _alone(amounts, positions, loan)
        for way, (ppm, _) in zip(ways, figures, strict=True):
            ppm[loan] = to_ppm(way(float(u[loan]), math.expm1))
    return u, [ppm for ppm, _ in figures]


def _ppm(rates: Floats) -> tuple[Whole, NDArray[np.bool_]]:
    """Return whole ppm, half up, and where the rounding is too near to call."""
    exact = rates * PPM + (0.5 + TIE_PPM)
    whole = np.floor(exact)
    part = exact - whole
    reach = TIE_REACH_PPM + TIE_REACH * np.abs(exact)
    return whole.astype(np.int64), (part < reach) | (part > 1 - reach)


@dataclass(frozen=True, slots=True)
class _Positions:
    """Times of the flows, in `unit`s: (moments,) shared, or (moments, loans)."""

    times: Numbers
    unit: float

    @classmethod
    def of(cls, times: Numbers | None, moments: int, unit: float) -> _Positions:
        found = np.arange(moments) if times is None else np.asarray(times)
        assert found.shape[0] == moments, "as many positions as rows of amounts"
        assert (np.diff(found, axis=0) >= 0).all(), "positions ascend"
        return cls(found, unit)

    def part(self, chosen: slice | Whole) -> Floats:
        """Return the times of some loans, from the first moment on."""
        times = self.times if self.times.ndim == 1 else self.times[:, chosen]
        found: Floats = (times - times[0]) / self.unit
        return found

    def alone(self, loan: int) -> list[float]:
        times = self.times if self.times.ndim == 1 else self.times[:, loan]
        return [(time - times[0]) / self.unit for time in times.tolist()]


def _roots(amounts: Numbers, positions: _Positions) -> Floats:
    """Return u = ln(1 + rate per unit) of every loan."""
    loans = amounts.shape[1]
    found = np.empty(loans)
    own = positions.times.ndim > 1
    times = positions.part(slice(0, 0)) if own else positions.part(slice(None))
    for start in range(0, loans, CHUNK):
        chunk = slice(start, min(start + CHUNK, loans))
        block = np.asarray(amounts[:, chunk], dtype=np.float64)
        if own:
            times = positions.part(chunk)
        with np.errstate(all="ignore"):
            u, open_ = _chunk(block, times)
        found[chunk] = u
        for loan in np.flatnonzero(open_) + start:
            found[loan] = _alone(amounts, positions, int(loan))
    return found


def _alone(amounts: Numbers, positions: _Positions, loan: int) -> float:
    return chosen_root(amounts[:, loan].tolist(), positions.alone(loan), f"amounts.{loan}")


def _chunk(block: Floats, times: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return u of each loan of the chunk, and which of them are still open."""
    if block[1:].max(initial=-1.0) <= 0 and block[0].min() > 0:
        return _plain(block, times)
    plain = (block[1:].max(axis=0) <= 0) & (block[0] > 0)
    u = np.zeros(block.shape[1])
    open_ = ~plain
    for chosen, solve in ((np.flatnonzero(plain), _plain), (_single_crossing(block, plain), _mixed)):
        if chosen.size:
            u[chosen], open_[chosen] = solve(block[:, chosen], _of(times, chosen))
    return u, open_


def _of(times: Floats, chosen: Whole) -> Floats:
    return times if times.ndim == 1 else times[:, chosen]


def _single_crossing(block: Floats, plain: NDArray[np.bool_]) -> Whole:
    """Return the loans, not plain, whose running total starts positive, ends negative and crosses zero once.

    They have one rate above zero (Norstrom 1972), which is the rate by the rule of `annual_cost.the_rate`.
    """
    chosen = np.flatnonzero(~plain)
    totals = np.cumsum(block[:, chosen], axis=0)
    positive = totals > 0
    turns = (positive[1:] != positive[:-1]).sum(axis=0)
    zero = (totals == 0).any(axis=0)
    crossing: Whole = chosen[positive[0] & (totals[-1] < 0) & (turns == 1) & ~zero]
    return crossing


def _plain(block: Floats, times: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Solve loans with one sum received, first, and then only payments."""
    received, paid = block[0], block[1:]
    gaps = np.diff(times, axis=0)
    total, mean, variance = _moments(paid, times[1:])
    u = _guess(np.log(-total / received), mean, variance)
    for _ in range(PASSES):
        step = _step(received, paid, gaps, u)
        u -= step
        open_ = ~(np.abs(step) <= LAST_STEP * np.abs(u))
        if not open_.any():
            return u, open_
    rest = np.flatnonzero(open_)
    received, paid, gaps = received[rest], paid[:, rest], _of(gaps, rest)
    for _ in range(MORE_PASSES):
        step = _step(received, paid, gaps, u[rest])
        u[rest] -= step
        open_[rest] = ~(np.abs(step) <= LAST_STEP * np.abs(u[rest]))
        if not open_.any():
            break
    return u, open_


def _step(received: Floats, paid: Floats, gaps: Floats, u: Floats) -> Floats:
    """Return h / h' of plain loans: ln(received / present value paid) / mean time of payment."""
    value, moment = _present(paid, gaps, u)
    step = np.log(np.divide(received, np.negative(value)))
    step *= value
    step /= moment
    return step


def _present(rows: Floats, gaps: Floats, u: Floats) -> tuple[Floats, Floats]:
    """Return the present value of flows one gap after the other, and the same weighted by time. In place."""
    value = rows[-1].copy()
    moment = np.zeros_like(value)
    weighted = np.empty_like(value)
    shared = gaps.ndim == 1
    factors = {gap: np.exp(-gap * u) for gap in set(gaps.tolist())} if shared else {}
    factor = np.empty_like(value)
    for row in range(len(rows) - 1, -1, -1):
        gap = gaps[row]
        if shared:
            factor = factors[gap]
        else:
            np.exp(np.multiply(gap, np.negative(u, out=factor), out=factor), out=factor)
        if shared and gap == 1:
            moment += value
        else:
            moment += np.multiply(value, gap, out=weighted)
        moment *= factor
        value *= factor
        if row:
            value += rows[row - 1]
    return value, moment


def _guess(gain: Floats, distance: Floats, spread: Floats) -> Floats:
    """Return u from ln(paid / received) and the means and variances of their times (paid less received).

    As `Equation.first_guess`: the root of gain = distance x u - spread x u^2 / 2.
    """
    root = distance * distance - 2 * spread * gain
    guess: Floats = 2 * gain / (distance + np.sqrt(np.where(root > 0, root, distance * distance)))
    return guess


def _moments(rows: Floats, times: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the sum of flows of one direction, and the mean and variance of their times, undiscounted."""
    if times.ndim == 1:
        total, first, second = np.vander(times, 3, increasing=True).T @ rows
    else:
        weighted = rows * times
        total, first, second = rows.sum(axis=0), weighted.sum(axis=0), (weighted * times).sum(axis=0)
    mean = first / total
    return total, mean, second / total - mean * mean


def _mixed(block: Floats, times: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Solve loans with several sums received, whose one root above zero is bracketed: Newton, else bisection."""
    received, paid = np.maximum(block, 0.0), np.maximum(-block, 0.0)
    gaps = np.diff(times, axis=0, prepend=times[:1])
    low, high = np.zeros(block.shape[1]), np.full(block.shape[1], HIGHEST / YEAR_MONTHS)
    (more, early, wide), (less, late, wider) = _moments(received, times), _moments(paid, times)
    u = _guess(np.log(less / more), late - early, wider - wide)
    u = np.where((u > low) & (u < high), u, 0.0)
    open_ = np.ones(block.shape[1], dtype=np.bool_)
    for _ in range(MORE_PASSES):
        (more, early), (less, late) = _present(received, gaps, u), _present(paid, gaps, u)
        h = np.log(more / less)
        low, high = np.where(h > 0, low, u), np.where(h > 0, u, high)
        newton = u - h / (late / less - early / more)
        arrived = np.abs(newton - u) <= LAST_STEP * np.abs(u)
        stays = arrived | ((newton > low) & (newton < high))
        u = np.where(open_, np.where(stays, newton, (low + high) / 2), u)
        open_ &= ~arrived
        if not open_.any():
            break
    return u, open_
