"""The inverse questions: what principal, term, rate or down payment gives the instalment a borrower wishes.

An instalment fits when no row of the plan (the down payment apart) is above it. Found on the plan itself by
bisection, so every rounding rule, instalment multiple and fee counts.
"""

from collections.abc import Callable
from typing import NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import Refusal, declare
from puhui.products.schedule import schedule
from puhui.products.terms import (
    LARGEST_PRINCIPAL_MINOR,
    LARGEST_RATE_PPM,
    LONGEST_MONTHS,
    MOST_INSTALMENTS,
    TERMS_INVALID,
    Terms,
)

INSTALMENT_TOO_SMALL = declare(
    "INSTALMENT_TOO_SMALL",
    422,
    "{field} 太小：这一期供下没有可行的{what}。",
    "{field} is too small: no {what} brings the instalment down to it.",
)


def largest_principal(terms: Terms, instalment_minor: int) -> int:
    """Return the largest principal (minor units) whose instalments fit; other terms as given.

    Refuses INSTALMENT_TOO_SMALL where not even the least principal that the terms allow fits, and what `schedule`
    refuses where they allow none.
    """
    measure = _Measure(terms, lambda principal_minor: {"principal_minor": principal_minor})
    low = _least_that_holds(measure, 1, LARGEST_PRINCIPAL_MINOR)
    return _greatest(measure, low, LARGEST_PRINCIPAL_MINOR, instalment_minor, Text("本金", "principal"))


def shortest_term(terms: Terms, instalment_minor: int) -> int:
    """Return the fewest instalments that fit; other terms as given.

    Refuses INSTALMENT_TOO_SMALL where no term up to 600 months fits, TERMS_INVALID for custom weights.
    """
    if terms.weights:
        raise TERMS_INVALID.refuse("weights", problem=_WEIGHTS_FIX_TERM)
    measure = _Measure(terms, lambda instalments: {"instalments": instalments})
    refusal = None
    for instalments in range(1, MOST_INSTALMENTS + 1):
        if terms.model_copy(update={"instalments": instalments}).span_months > LONGEST_MONTHS:
            break
        measured = measure(instalments)
        if isinstance(measured, Refusal):
            refusal = measured
        elif measured.dearest_minor <= instalment_minor:
            return instalments
        else:
            refusal = INSTALMENT_TOO_SMALL.refuse("instalment_minor", what=Text("期限", "term"))
    assert refusal is not None, "a term of one instalment is always measured"
    raise refusal


def highest_rate(terms: Terms, instalment_minor: int) -> int:
    """Return the highest annual rate (ppm) that fits. Refuses INSTALMENT_TOO_SMALL where not even the lowest fits.

    The lowest is 0, or what a programme pays of it. Refuses what `schedule` refuses at the lowest.
    """
    measure = _Measure(terms, lambda annual_rate_ppm: {"annual_rate_ppm": annual_rate_ppm})
    lowest_ppm = terms.subsidy.rate_ppm if terms.subsidy else 0
    return _greatest(measure, lowest_ppm, LARGEST_RATE_PPM, instalment_minor, Text("利率", "rate"))


def smallest_down_payment(terms: Terms, instalment_minor: int) -> int:
    """Return the smallest down payment (ppm of the price) that fits. Refuses as `largest_principal`."""
    measure = _Measure(terms, lambda financed_ppm: {"down_payment_ppm": PPM - financed_ppm})
    low = _least_that_holds(measure, 1, PPM)
    return PPM - _greatest(measure, low, PPM, instalment_minor, Text("首付", "down payment"))


QUESTIONS: dict[str, tuple[str, Callable[[Terms, int], int]]] = {
    "principal": ("principal_minor", largest_principal),
    "term": ("instalments", shortest_term),
    "rate": ("annual_rate_ppm", highest_rate),
    "down-payment": ("down_payment_ppm", smallest_down_payment),
}


class Measured(NamedTuple):
    """A plan's largest total before the last row (its level), and its largest of all, minor units."""

    level_minor: int
    dearest_minor: int


class _Measure:
    """What a plan comes to when one number of the terms is x; the Refusal where the terms do not hold then."""

    def __init__(self, terms: Terms, change: Callable[[int], dict[str, int]]) -> None:
        self._given = dict(terms)
        self._change = change
        self._seen: dict[int, Measured | Refusal] = {}

    def __call__(self, x: int) -> Measured | Refusal:
        if x not in self._seen:
            self._seen[x] = self._plan(x)
        return self._seen[x]

    def _plan(self, x: int) -> Measured | Refusal:
        try:
            plan = schedule(Terms.model_validate({**self._given, **self._change(x)}))
        except Refusal as refusal:
            return refusal
        totals = [row.total_minor for row in plan.instalments]
        return Measured(max(totals[:-1], default=0), max(totals))

    def holds(self, x: int) -> bool:
        """Return whether the terms hold at x."""
        return not isinstance(self(x), Refusal)

    def fits(self, x: int, wished_minor: int) -> bool:
        """Return whether no instalment is above the wish; terms that do not hold do not fit."""
        measured = self(x)
        return not isinstance(measured, Refusal) and measured.dearest_minor <= wished_minor

    def reaches(self, x: int, level_minor: int) -> bool:
        """Return whether the level is at or above `level_minor`; terms that do not hold are beyond any."""
        measured = self(x)
        return isinstance(measured, Refusal) or measured.level_minor >= level_minor


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the least x of (low, high] from which on it holds; it does not at `low`, and does at `high`."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def _least_that_holds(measure: _Measure, low: int, high: int) -> int:
    """Return the least x at which the terms hold; refuse what they are refused for at `high`."""
    if measure.holds(low):
        return low
    refused = measure(high)
    if isinstance(refused, Refusal):
        raise refused
    return _first(measure.holds, low, high)


def _greatest(measure: _Measure, low: int, high: int, wished_minor: int, what: Text) -> int:
    """Return the greatest x of [low, high] that fits.

    The level never falls as x grows. The last instalment takes the remainder: it grows while the level stands, and
    drops where the level steps up. So the first x of each level is tried, then the best x within the last level
    whose first x fits.
    """
    refused = measure(low)
    if isinstance(refused, Refusal):
        raise refused
    if not measure.fits(low, wished_minor):
        raise INSTALMENT_TOO_SMALL.refuse("instalment_minor", what=what)
    if measure.fits(high, wished_minor):
        return high
    best = _first(lambda x: not measure.fits(x, wished_minor), low, high) - 1
    while (start := _next_level(measure, best, high)) is not None and measure.fits(start, wished_minor):
        end = _next_level(measure, start, high) or high + 1
        best = _first(lambda x: x > high or not measure.fits(x, wished_minor), start, end) - 1
    return best


def _next_level(measure: _Measure, x: int, high: int) -> int | None:
    """Return the first value above x with a higher level, None where there is none up to `high`."""
    here = measure(x)
    assert not isinstance(here, Refusal)
    above = here.level_minor + 1
    step, low = 1, x
    while not measure.reaches(min(low + step, high), above):
        if low + step >= high:
            return None
        low, step = low + step, step * 2
    return _first(lambda value: measure.reaches(value, above), low, min(low + step, high))


_WEIGHTS_FIX_TERM = Text("已固定期数", "fix the number of instalments")
