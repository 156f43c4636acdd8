"""The inverse questions: what principal, term, rate or down payment gives the instalment a borrower wishes.

An instalment fits when no row of the plan (the down payment apart) is above it. Found on the plan itself by
bisection, so every rounding rule and fee counts: the answer fits, and one step further does not.
"""

from collections.abc import Callable

from pydantic import ValidationError

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

    Refuses INSTALMENT_TOO_SMALL where not even 1 fits.
    """

    def fits(principal_minor: int) -> bool:
        return _fits(terms, instalment_minor, principal_minor=principal_minor)

    return _greatest(fits, 1, LARGEST_PRINCIPAL_MINOR, Text("本金", "principal"))


def shortest_term(terms: Terms, instalment_minor: int) -> int:
    """Return the fewest instalments that fit; other terms as given.

    Refuses INSTALMENT_TOO_SMALL where no term up to 600 months fits, TERMS_INVALID for custom weights.
    """
    if terms.weights:
        raise TERMS_INVALID.refuse("weights", problem=_WEIGHTS_FIX_TERM)
    for instalments in range(1, MOST_INSTALMENTS + 1):
        if terms.model_copy(update={"instalments": instalments}).span_months > LONGEST_MONTHS:
            break
        if _fits(terms, instalment_minor, instalments=instalments):
            return instalments
    raise INSTALMENT_TOO_SMALL.refuse("instalment_minor", what=Text("期限", "term"))


def highest_rate(terms: Terms, instalment_minor: int) -> int:
    """Return the highest annual rate (ppm) that fits. Refuses INSTALMENT_TOO_SMALL where not even the lowest fits.

    The lowest is 0, or what a programme pays of it.
    """

    def fits(annual_rate_ppm: int) -> bool:
        return _fits(terms, instalment_minor, annual_rate_ppm=annual_rate_ppm)

    lowest_ppm = terms.subsidy.rate_ppm if terms.subsidy else 0
    return _greatest(fits, lowest_ppm, LARGEST_RATE_PPM, Text("利率", "rate"))


def smallest_down_payment(terms: Terms, instalment_minor: int) -> int:
    """Return the smallest down payment (ppm of the price) that fits. Refuses INSTALMENT_TOO_SMALL."""

    def fits(financed_ppm: int) -> bool:
        return _fits(terms, instalment_minor, down_payment_ppm=PPM - financed_ppm)

    return PPM - _greatest(fits, 1, PPM, Text("首付", "down payment"))


QUESTIONS: dict[str, tuple[str, Callable[[Terms, int], int]]] = {
    "principal": ("principal_minor", largest_principal),
    "term": ("instalments", shortest_term),
    "rate": ("annual_rate_ppm", highest_rate),
    "down-payment": ("down_payment_ppm", smallest_down_payment),
}


def _fits(terms: Terms, instalment_minor: int, **changed: int) -> bool:
    """Return whether no instalment of the changed terms is above the wish; terms that do not hold do not fit."""
    try:
        plan = schedule(Terms.model_validate({**dict(terms), **changed}))
    except (Refusal, ValidationError):
        return False
    return max(row.total_minor for row in plan.instalments) <= instalment_minor


def _greatest(fits: Callable[[int], bool], low: int, high: int, what: Text) -> int:
    """Return a value that fits while the next does not (or `high` when all fit)."""
    if not fits(low):
        raise INSTALMENT_TOO_SMALL.refuse("instalment_minor", what=what)
    if fits(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


_WEIGHTS_FIX_TERM = Text("已固定期数", "fix the number of instalments")
