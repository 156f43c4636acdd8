"""Where the present value of what is received meets the present value of what is paid: every such rate.

The unknown is u = ln(1 + i), i the rate per unit of time. With R(u) and Q(u) the present values of the flows
received and paid (each a sum of amount x exp(-u t)), a rate is a root of h(u) = ln R(u) - ln Q(u), and
h'(u) = T_paid - T_received, the distance of the two mean times. That makes two things easy:

- Flows that change sign once (every plain loan) have exactly one rate, because h' never changes sign; Newton's
  method on h is nearly straight and needs two or three steps.
- Otherwise *all* rates are found by bisection with proof: the mean times only fall as u grows, so their values
  at the ends of an interval bound h' on all of it. An interval is dropped when h cannot reach zero there, kept
  when h is monotone and changes sign, split when neither is known. No rate is ever passed over silently.

Floats are meant here: a rate is not money. Pure Python, so that a single loan does not load NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from operator import lt, mul
from typing import NamedTuple

# The domain of u: from i = -100 % + 1e-15 to i = 1e299. Beyond it a rate has no meaning as a float.
LOWEST = math.log(1e-15)
HIGHEST = 299 * math.log(10)
# Below this |u t| the differences are summed, not the present values, so that rates near zero keep all digits.
NEAR_PAR = 0.5
# A Newton step this small, relative to u, leaves an error of its square: nothing.
LAST_STEP = 1e-9
# An interval this narrow that may still hold a root holds a double one.
NARROWEST = 1e-9
MOST_STEPS = 400
MOST_INTERVALS = 50_000


class TangledFlowsError(Exception):
    """More intervals than can be searched: the flows cancel almost everywhere."""


class OneSignError(Exception):
    """After netting what falls on one moment, nothing is received or nothing is paid."""


class Roots(NamedTuple):
    """All roots u of h within the domain, ascending, and the evaluations they took."""

    values: list[float]
    evaluations: int


class _Side:
    """The flows of one direction, as positive amounts, with the sums that do not depend on u."""

    __slots__ = ("amounts", "first", "last", "moment", "parts", "times", "total", "weighted")

    def __init__(self, amounts: list[float], times: list[float], parts: list[float] | None) -> None:
        self.amounts = amounts
        self.times = times
        self.parts = parts
        self.first = times[0]
        self.last = times[-1]
        self.weighted = list(map(mul, amounts, times))
        self.total = sum(amounts)
        self.moment = sum(self.weighted)

    def change(self, u: float) -> tuple[float, float]:
        """Return (present value - total amount, mean time): exact to the last digits near u = 0."""
        minus = -u
        growth = [math.expm1(minus * t) for t in self.times]
        change = sum(map(mul, self.amounts, growth))
        return change, (self.moment + sum(map(mul, self.weighted, growth))) / (self.total + change)

    def log_value(self, u: float) -> tuple[float, float]:
        """Return (ln of the present value, mean time), with nothing overflowing whatever u is."""
        reference = self.first if u >= 0 else self.last
        minus = -u
        if self.parts is None:
            factors = [math.exp(minus * (t - reference)) for t in self.times]
            value = sum(map(mul, self.amounts, factors))
            mean = sum(map(mul, self.weighted, factors)) / value
            return math.log(value) + minus * reference, mean
        i = math.expm1(u)
        values = [
            a * math.exp(minus * (t - reference)) / (1 + f * i)
            for a, t, f in zip(self.amounts, self.times, self.parts, strict=True)
        ]
        value = sum(values)
        lags = (t + f * (1 + i) / (1 + f * i) for t, f in zip(self.times, self.parts, strict=True))
        return math.log(value) + minus * reference, sum(map(mul, values, lags)) / value


class Equation:
    """h(u) of flows: `amounts` (either sign) at `times` (units of time), with simple-interest `parts` for Reg Z.

    A flow's discount is exp(-u t) / (1 + part x i). Flows on the same moment are netted, zero flows dropped.
    Raises OneSignError when nothing is left on one side.
    """

    __slots__ = ("balance", "changes", "curved", "horizon", "paid", "received", "rising")

    def __init__(
        self, amounts: Sequence[float], times: Sequence[float], parts: Sequence[float] | None = None
    ) -> None:
        rows = _netted(amounts, times, parts)
        if not rows or not any(a > 0 for _, _, a in rows) or not any(a < 0 for _, _, a in rows):
            raise OneSignError
        # A power of two: amounts of any size fit, and no digit changes.
        power = -math.frexp(max(abs(a) for _, _, a in rows))[1]
        start = rows[0][0]
        scaled = [(t - start, f, math.ldexp(a, power)) for t, f, a in rows]
        self.balance = math.fsum(a for _, _, a in scaled)
        self.changes = sum((x[2] > 0) != (y[2] > 0) for x, y in pairwise(scaled))
        self.curved = parts is not None and any(f for _, f, _ in scaled)
        self.received = _side([row for row in scaled if row[2] > 0], self.curved)
        self.paid = _side([(t, f, -a) for t, f, a in scaled if a < 0], self.curved)
        self.rising = scaled[0][2] > 0
        self.horizon = scaled[-1][0]

    def at(self, u: float) -> tuple[float, float, float]:
        """Return h(u) and the mean times of what is paid and received."""
        if self.curved or abs(u) * self.horizon > NEAR_PAR:
            paid, late = self.paid.log_value(u)
            received, early = self.received.log_value(u)
            return received - paid, late, early
        less, late = self.paid.change(u)
        more, early = self.received.change(u)
        return math.log1p((self.balance + more - less) / (self.paid.total + less)), late, early

    def first_guess(self) -> float:
        """Return u from the mean and spread of the two sides' times, both taken at u = 0.

        ln R - ln Q to second order: L + (T_paid - T_received) u - (var_paid - var_received) u^2 / 2 = 0.
        """
        late, early = self.paid, self.received
        distance = late.moment / late.total - early.moment / early.total
        gain = math.log1p(-self.balance / early.total)
        if distance == 0 or self.curved:
            return 0.0
        root = distance * distance - 2 * (_variance(late) - _variance(early)) * gain
        return 2 * gain / (distance + math.copysign(math.sqrt(root), distance)) if root > 0 else gain / distance


def roots(equation: Equation, guess: float | None = None) -> Roots:
    """Return every root of the equation within the domain; `guess` is where to start when there is but one."""
    if equation.changes == 1:
        start = equation.first_guess() if guess is None else guess
        u, steps = _refine(equation, start, LOWEST, HIGHEST, equation.rising)
        inside = LOWEST < u < HIGHEST
        return Roots([u] if inside else [], steps)
    found: list[float] = []
    intervals, evaluations = _isolate(equation)
    for low, high, rising in intervals:
        u, steps = (low, 0) if low == high else _refine(equation, (low + high) / 2, low, high, rising)
        evaluations += steps
        if not found or u - found[-1] > 2 * NARROWEST * max(1.0, abs(u)):
            found.append(u)
    return Roots(found, evaluations)


def _netted(
    amounts: Sequence[float], times: Sequence[float], parts: Sequence[float] | None
) -> list[tuple[float, float, float]]:
    fractions: Sequence[float] = parts if parts is not None else (0.0,) * len(times)
    rows = [row for row in zip(times, fractions, amounts, strict=True) if row[2]]
    moments = [row[:2] for row in rows]
    if all(map(lt, moments, moments[1:])):
        return rows
    together: dict[tuple[float, float], list[float]] = {}
    for t, f, amount in rows:
        together.setdefault((t, f), []).append(amount)
    sums = [(t, f, math.fsum(found)) for (t, f), found in sorted(together.items())]
    return [row for row in sums if row[2]]


def _side(rows: list[tuple[float, float, float]], curved: bool) -> _Side:
    return _Side([a for _, _, a in rows], [t for t, _, _ in rows], [f for _, f, _ in rows] if curved else None)


def _variance(side: _Side) -> float:
    mean = side.moment / side.total
    return sum(map(mul, side.weighted, side.times)) / side.total - mean * mean


def _refine(equation: Equation, u: float, low: float, high: float, rising: bool) -> tuple[float, int]:
    """Return the root between `low` and `high`, where h changes sign once: Newton, bisection when it leaves."""
    for step in range(1, MOST_STEPS):
        if not low < u < high:
            u = (low + high) / 2
        h, late, early = equation.at(u)
        if h == 0:
            return u, step
        if (h > 0) == rising:
            high = u
        else:
            low = u
        slope = late - early
        following = u - h / slope if slope else math.inf
        if abs(following - u) <= LAST_STEP * abs(u):
            return min(max(following, low), high), step
        if high - low <= 4e-16 * abs(low):
            return low, step
        u = following
    raise AssertionError("the bracket halves at least every other step: this cannot be reached")


def _isolate(equation: Equation) -> tuple[list[tuple[float, float, bool]], int]:
    """Return, ascending, intervals that hold exactly one root each (low = high: the root itself)."""
    known = {u: equation.at(u) for u in (LOWEST, 0.0, HIGHEST)}
    found: list[tuple[float, float, bool]] = []
    waiting = [(0.0, HIGHEST), (LOWEST, 0.0)]
    while waiting:
        low, high = waiting.pop()
        if len(known) > MOST_INTERVALS:
            raise TangledFlowsError
        h_low, h_high = known[low][0], known[high][0]
        least, most = _slopes(equation, low, high, known[low], known[high])
        if least > 0 or most < 0:
            if h_low == 0:
                found.append((low, low, True))
            elif h_low * h_high < 0:
                found.append((low, high, h_low < 0))
            continue
        middle = (low + high) / 2
        known[middle] = equation.at(middle)
        if abs(known[middle][0]) > max(-least, most) * _width(equation, low, high):
            continue
        if high - low < NARROWEST:
            found.append((middle, middle, True))
            continue
        waiting += [(middle, high), (low, middle)]
    return found, len(known)


def _slopes(
    equation: Equation,
    low: float,
    high: float,
    at_low: tuple[float, float, float],
    at_high: tuple[float, float, float],
) -> tuple[float, float]:
    """Return bounds of h' on [low, high]; by u, or by i where parts make only that one monotone."""
    _, late_low, early_low = at_low
    _, late_high, early_high = at_high
    if equation.curved:
        late_low, early_low = late_low * math.exp(-low), early_low * math.exp(-low)
        late_high, early_high = late_high * math.exp(-high), early_high * math.exp(-high)
    return late_high - early_low, late_low - early_high


def _width(equation: Equation, low: float, high: float) -> float:
    """Return the greatest distance from the middle of the interval, in the unknown that `_slopes` uses."""
    if equation.curved:
        return math.exp(high) - math.exp((low + high) / 2)
    return (high - low) / 2
