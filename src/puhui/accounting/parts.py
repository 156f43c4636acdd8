"""A part of an amount, rounded once: of a running total, so that the parts of its pieces add up."""

from puhui.kernel.columns import LARGEST, Ints, largest
from puhui.kernel.rounding import round_div, round_mul_div


def round_part(amount_minor: Ints, part: Ints, whole: Ints) -> Ints:
    """Return round(amount x part / whole), half up; exact for every amount of 63 bits, with 0 <= part <= whole.

    One division where the product fits 63 bits, as it does in all but the largest books; else it is taken apart.

    >>> round_part(100, 1, 8), round_part(2**62, 500_000, 1_000_000) == 2**61
    (13, True)
    """
    if isinstance(amount_minor, int) and isinstance(part, int):
        return round_div(amount_minor * part, whole)
    if largest(amount_minor) <= (LARGEST - largest(whole)) // (largest(part) or 1):
        return round_div(amount_minor * part, whole)
    return round_mul_div(amount_minor, part, whole)
