"""Rounding, once, by a named function; the same code takes an int or an int64 column."""

from typing import Literal

from puhui.kernel.columns import Ints

Rounding = Literal["half_up", "half_even"]


def round_div(numerator: Ints, denominator: Ints, rounding: Rounding = "half_up") -> Ints:
    """Return numerator / denominator rounded to a whole number; both whole, numerator >= 0, denominator > 0.

    half_up: an exact half goes up, as Chinese banks print; half_even: to the even neighbour.

    >>> round_div(5, 2), round_div(5, 2, "half_even"), round_div(7, 2, "half_even"), round_div(1, 3)
    (3, 2, 4, 0)
    """
    if rounding == "half_up":
        return (numerator + denominator // 2) // denominator
    quotient = numerator // denominator
    return quotient + _carry(quotient, numerator - quotient * denominator, denominator, rounding)


def round_mul_div(amount: Ints, factor: Ints, divisor: Ints, rounding: Rounding = "half_up", shares: int = 1) -> Ints:
    """Return amount x factor / (divisor x shares) rounded, exact where amount x factor would pass 63 bits.

    The product is taken apart at the divisor: divisor x factor must stay within 63 bits, and divisor x shares.

    >>> round_mul_div(3 * 10**18, 31, 360 * 10**6) == round_div(3 * 10**18 * 31, 360 * 10**6)
    True
    """
    whole = amount // divisor
    part = (amount - whole * divisor) * factor
    carried = part // divisor
    total = whole * factor + carried
    share = total // shares
    rest = (total - share * shares) * divisor + part - carried * divisor
    return share + _carry(share, rest, divisor * shares, rounding)


def _carry(quotient: Ints, rest: Ints, denominator: Ints, rounding: Rounding) -> Ints:
    """Return 1 where the rest (0 <= rest < denominator) rounds up, else 0."""
    twice = 2 * rest
    if rounding == "half_up":
        return twice >= denominator
    return (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))


def round_to_multiple(amount: Ints, multiple: int, rounding: Rounding = "half_up") -> Ints:
    """Return the whole, non-negative `amount` rounded to a multiple of `multiple`.

    >>> round_to_multiple(31250, 100), round_to_multiple(31250, 100, "half_even")
    (31300, 31200)
    """
    return round_div(amount, multiple, rounding) * multiple
