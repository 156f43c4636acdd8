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
from itertools import pairwise, repeat
from operator import lt, mul
from typing import NamedTuple, TypeAlias

# The domain of u: from i = -100 % + 1e-15 to i = 1e299. Beyond it a rate has no meaning as a float.
LOWEST = math.log(1e-15)
HIGHEST = 299 * math.log(10)
# A search that ends this near the edge has found no root within.
EDGE = 1e-9
# Below this |u t| and relative difference the differences are summed, not the present values, so that rates near
# zero keep all digits.
NEAR_PAR = 0.5
# A rate this near to zero is zero.
NOTHING = 1e-18
# A Newton step this small, relative to u, leaves an error of its square: nothing.
LAST_STEP = 1e-8
# The rounding errors that h gathers; where h stays below it, roots are one (a double root, or nearly).
NOISE = 3e-14
# Sizes of the largest amount outside which all amounts are scaled by a power of two, which changes no digit.
SMALLEST, LARGEST = 1e-150, 1e150
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

    __slots__ = ("alone", "amounts", "first", "last", "moment", "parts", "times", "total", "weighted")

    def __init__(self, amounts: list[float], times: list[float], parts: list[float] | None) -> None:
        self.amounts = amounts
        self.times = times
        self.parts = parts
        self.first = times[0]
        self.last = times[-1]
        self.weighted = list(map(mul, amounts, times))
        self.total = math.fsum(amounts)
        self.moment: float = sum(self.weighted)
        self.alone = self.last == 0

    @property
    def mean(self) -> float:
        """The mean time of the amounts, undiscounted."""
        return self.moment / self.total

    @property
    def variance(self) -> float:
        """The variance of that time."""
        second: float = sum(map(mul, self.weighted, self.times))
        return second / self.total - self.mean * self.mean

    def change(self, u: float) -> tuple[float, float]:
        """Return (present value - total amount, mean time): exact to the last digits near u = 0."""
        if self.alone:
            return 0.0, 0.0
        minus, expm1 = -u, math.expm1
        growth = [expm1(minus * t) for t in self.times]
        change = sum(map(mul, self.amounts, growth))
        return change, (self.moment + sum(map(mul, self.weighted, growth))) / (self.total + change)

    def log_value(self, u: float) -> tuple[float, float]:
        """Return (ln of the present value, mean time), with nothing overflowing whatever u is."""
        reference = self.first if u >= 0 else self.last
        minus, exp = -u, math.exp
        if self.parts is None:
            factors = [exp(minus * (t - reference)) for t in self.times]
            value = sum(map(mul, self.amounts, factors))
            mean = sum(map(mul, self.weighted, factors)) / value
            return math.log(value) + minus * reference, mean
        i = math.expm1(u)
        values = [
            a * exp(minus * (t - reference)) / (1 + f * i)
            for a, t, f in zip(self.amounts, self.times, self.parts, strict=True)
        ]
        value = sum(values)
        lags = (t + f * (1 + i) / (1 + f * i) for t, f in zip(self.times, self.parts, strict=True))
        return math.log(value) + minus * reference, sum(map(mul, values, lags)) / value


class Equation:
    """h(u) of flows: `amounts` (either sign) at `times` (units of time), with simple-interest `parts` for Reg Z.

    `plain`: one sum received at time 0, then only payments, each at a time of its own.

    A flow's discount is exp(-u t) / (1 + part x i). Flows on the same moment are netted, zero flows dropped.
    Raises OneSignError when nothing is left on one side.
    """

    __slots__ = ("balance", "changes", "curved", "horizon", "paid", "plain", "received", "rising")

    def __init__(self, amounts: Sequence[float], times: Sequence[float], parts: Sequence[float] | None = None) -> None:
        numbers, moments = list(map(float, amounts)), list(map(float, times))
        later = numbers[1:]
        self.plain = parts is None and _in_order(moments) and _receives_then_pays(numbers[0], later)
        if self.plain:
            self.received = _Side(numbers[:1], moments[:1], None)
            self.paid = _Side([-amount for amount in later], moments[1:], None)
        else:
            numbers, moments, found = _netted(numbers, moments, parts)
            self.received = _side(numbers, moments, found, 1)
            self.paid = _side(numbers, moments, found, -1)
        self.curved = self.paid.parts is not None
        self.balance = math.fsum(numbers)
        self.rising = numbers[0] > 0
        self.horizon = moments[-1]
        apart = self.received.last < self.paid.first or self.paid.last < self.received.first
        self.changes = 1 if apart else sum((x > 0) != (y > 0) for x, y in pairwise(numbers))

    def timed(self, amounts: Sequence[float], times: Sequence[float]) -> Equation:
        """Return the equation of the same amounts at other times; quick for a plain loan."""
        moments = list(map(float, times))
        if not self.plain or not _in_order(moments):
            return Equation(amounts, times)
        other = Equation.__new__(Equation)
        other.plain, other.curved, other.rising, other.changes = True, False, True, 1
        other.balance, other.received = self.balance, self.received
        other.paid = _Side(self.paid.amounts, moments[1:], None)
        other.horizon = moments[-1]
        return other

    def at(self, u: float) -> tuple[float, float, float]:
        """Return h(u) and the mean times of what is paid and received."""
        if not self.curved and abs(u) * self.horizon <= NEAR_PAR:
            less, late = self.paid.change(u)
            more, early = self.received.change(u)
            excess = (self.balance + more - less) / (self.paid.total + less)
            if abs(excess) < NEAR_PAR:
                return math.log1p(excess), late, early
        paid, late = self.paid.log_value(u)
        received, early = self.received.log_value(u)
        return received - paid, late, early

    def noise(self, u: float) -> float:
        """Return the size below which h(u), as floats compute it, cannot be told from zero."""
        return NOISE * (1 + abs(u) * self.horizon / 16)

    def first_guess(self) -> float:
        """Return u from the mean and spread of the two sides' times, both taken at u = 0.

        ln R - ln Q to second order: L + (T_paid - T_received) u - (var_paid - var_received) u^2 / 2 = 0.
        """
        distance = self.paid.mean - self.received.mean
        if distance == 0 or self.curved:
            return 0.0
        excess = -self.balance / self.received.total
        far = abs(excess) > NEAR_PAR
        gain = math.log(self.paid.total) - math.log(self.received.total) if far else math.log1p(excess)
        spread = self.paid.variance - (0.0 if self.received.alone else self.received.variance)
        root = distance * distance - 2 * spread * gain
        return 2 * gain / (distance + math.copysign(math.sqrt(root), distance)) if root > 0 else gain / distance


def roots(equation: Equation) -> Roots:
    """Return every root of the equation within the domain."""
    if equation.changes == 1:
        u, steps = _refine(equation, equation.first_guess(), LOWEST, HIGHEST, equation.rising)
        return Roots([u] if LOWEST + EDGE < u < HIGHEST - EDGE else [], steps)
    found: list[float] = []
    intervals, evaluations = _isolate(equation)
    for low, high, rising in intervals:
        u, steps = (low, 0) if low == high else _refine(equation, (low + high) / 2, low, high, rising)
        evaluations += steps
        if found and abs(equation.at((found[-1] + u) / 2)[0]) <= equation.noise(u):
            continue
        found.append(u)
    return Roots(found, evaluations)


def _in_order(times: list[float]) -> bool:
    return times[0] == 0 and all(map(lt, times, times[1:]))


def _receives_then_pays(first: float, later: list[float]) -> bool:
    """Return whether one sum comes in and then only payments go out, of an ordinary size: the plain loan."""
    return SMALLEST < first < LARGEST and bool(later) and max(later) < 0 and min(later) > -LARGEST


_Flows: TypeAlias = tuple[list[float], list[float], list[float] | None]


def _netted(amounts: list[float], times: list[float], parts: Sequence[float] | None) -> _Flows:
    """Return flows in time order from time 0, one a moment, none zero, of an ordinary size."""
    size = max(max(amounts), -min(amounts))
    if not SMALLEST < size < LARGEST:
        power = -math.frexp(size)[1]
        amounts = [math.ldexp(amount, power) for amount in amounts]
    together: dict[tuple[float, float], list[float]] = {}
    for amount, t, part in zip(amounts, times, parts or repeat(0.0, len(times)), strict=True):
        together.setdefault((t, part), []).append(amount)
    sums = [(math.fsum(found), t, part) for (t, part), found in sorted(together.items())]
    rows = [row for row in sums if row[0]]
    if not rows:
        raise OneSignError
    start = rows[0][1]
    kept = [part for _, _, part in rows]
    return [amount for amount, _, _ in rows], [t - start for _, t, _ in rows], kept if any(kept) else None


def _side(amounts: list[float], times: list[float], parts: list[float] | None, sign: int) -> _Side:
    """Return the flows of one sign, as positive amounts."""
    chosen = [place for place, amount in enumerate(amounts) if (amount > 0) == (sign > 0)]
    if not chosen:
        raise OneSignError
    fractions = None if parts is None else [parts[place] for place in chosen]
    return _Side([sign * amounts[place] for place in chosen], [times[place] for place in chosen], fractions)


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
        if abs(following - u) <= max(LAST_STEP * abs(u), NOTHING):
            return min(max(following, low), high), step
        if high - low <= max(4e-16 * abs(low), NOTHING):
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
        h, reach = abs(known[middle][0]), max(-least, most) * _width(equation, low, high)
        if h > reach:
            continue
        if h + reach <= equation.noise(middle):
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
