"""Interest and penalty interest so far: one formula for a loan and for a column of loans."""

from puhui.kernel.columns import Ints, between
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div


def accrued(base_minor: Ints, amount_minor: Ints, start: Ints, end: Ints, day: Ints) -> Ints:
    """Return the interest of a span so far: base + round((amount - base) x (day - start) / (end - start)).

    Days are day numbers, start <= end; before `start` it is the base, from `end` on the amount. amount >= base.

    >>> accrued(0, 4932, 19297, 19327, 19323)
    4274
    """
    length = end - start
    passed = between(day, start, end) - start
    return base_minor + round_div((amount_minor - base_minor) * passed, length + (length == 0))


def penalty(late_numerator: Ints, day_base: Ints) -> Ints:
    """Return penalty interest so far: round(late_numerator / (day_base x 1,000,000)), minor units.

    late_numerator: sum of late amount x days x rate_ppm. 1,000.00 late for 30 days at 18 % on 360: 15.00.

    >>> penalty(100_000 * 30 * 180_000, 360)
    1500
    """
    return round_div(late_numerator, day_base * PPM)


def late_rate_ppm(annual_rate_ppm: int, multiplier_ppm: int, bears_contract_rate: bool) -> int:
    """Return the rate that late amounts bear, rounded down to ppm: contract rate x multiplier.

    bears_contract_rate: contract interest runs on late principal too; then only the surplus over it.

    >>> late_rate_ppm(94_822, 1_400_000, False), late_rate_ppm(94_822, 1_400_000, True)
    (132750, 37928)
    """
    whole_ppm = annual_rate_ppm * multiplier_ppm // PPM
    return whole_ppm - annual_rate_ppm if bears_contract_rate else whole_ppm
