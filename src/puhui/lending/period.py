"""The period that runs: its interest exactly, where balance or rate changes within it.

Interest of a period = closed + (sum of balance x rate_ppm x days) x numerator / (unit x days of the period), where
unit = denominator of the day count x 1,000,000: the parts are summed exactly and rounded once.
"""

from typing import NamedTuple

from puhui.kernel.rounding import Rounding, round_div
from puhui.lending.agreement import Agreement
from puhui.lending.position import Position


class Stub(NamedTuple):
    """A period that has begun: what its days so far weigh, and how many days it has and has left.

    weight: sum of balance x rate_ppm x days; closed_minor: amounts rounded already. done_minor: interest of the
    period so far by the running line, for plans whose interest does not follow the balance.
    """

    weight: int
    closed_minor: int
    done_minor: int
    days: int
    left_days: int

    def interest_minor(self, daily_weight: int, numerator: int, unit: int, rounding: Rounding) -> int:
        """Return the interest of the period when its days left bear `daily_weight` (minor units x ppm)."""
        weight = self.weight + daily_weight * self.left_days
        return self.closed_minor + int(round_div(weight * numerator, unit * self.days, rounding))


def weight_so_far(position: Position) -> int:
    """Return the sum of balance x rate_ppm x days of the running period through `as_of`."""
    part_from = max(position.accrual_from, position.period_from)
    part = position.accrual_on_minor * position.annual_rate_ppm * (position.as_of - part_from)
    return position.period_weight + part


def exact_so_far(position: Position, agreement: Agreement) -> int:
    """Return the interest of the running period so far, from its exact weight, rounded once."""
    if not position.rows:
        return 0
    days = position.rows[0].due_on - position.period_from
    numerator = weight_so_far(position) * position.rows[0].numerator
    return int(round_div(numerator, agreement.rate_unit * days, agreement.terms.rounding))
