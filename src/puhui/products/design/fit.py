"""Does a plan fit the income? Every instalment is held against the income of its own month, with a margin.

What a month has room for = income x (1 - stress) x share - other debts, rounded down once. Instalments that fall due
in the same month are added up. The down payment is paid from cash and is not held against income.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from puhui.kernel.rates import PPM
from puhui.products.design.need import MONTHS, Need
from puhui.products.plan import Plan


class MonthLoad(NamedTuple):
    """One month of a plan: what falls due in it, its income, and what it has room for under stress; minor units."""

    first_on: date
    paid_minor: int
    income_minor: int
    room_minor: int


@dataclass(frozen=True, slots=True)
class Income:
    """The income of the twelve months, and what each has room for under stress, worked out once for many plans."""

    need: Need
    months_minor: tuple[int, ...]
    rooms_minor: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a plan fits. `fall_ppm`: how far income may fall before some month no longer fits, below 0 where it
    does not fit even without stress; None where a month of payment has no income at all.

    `tightest` is the month that pays most of what it has room for.
    """

    fits: bool
    fall_ppm: int | None
    tightest: MonthLoad

    def as_dict(self) -> dict[str, Any]:
        """Return the fit for JSON, the tightest month written out."""
        tightest = self.tightest
        return {
            "fits": self.fits,
            "income_may_fall_ppm": self.fall_ppm,
            "tightest": {
                "month": f"{tightest.first_on:%Y-%m}",
                "paid_minor": tightest.paid_minor,
                "income_minor": tightest.income_minor,
                "room_minor": tightest.room_minor,
            },
        }


def room_minor(need: Need, month: int) -> int:
    """Return what month `month` (1 to 12) has room for: income x (1 - stress) x share - other debts, down to a fen.

    Never below 0. Income 6,000.00, stress 20 %, share 50 %, other debts 400.00: 2,000.00.
    """
    stressed_minor = need.months_minor[month - 1] * (PPM - need.stress_ppm) * need.share_ppm // (PPM * PPM)
    return max(0, stressed_minor - need.other_debts_minor)


def income_of(need: Need) -> Income:
    """Return the income of a need with the room of each month."""
    return Income(need, need.months_minor, tuple(room_minor(need, month) for month in range(1, MONTHS + 1)))


def loads(plan: Plan) -> dict[int, int]:
    """Return what falls due by month (year x 12 + month - 1), minor units."""
    paid: dict[int, int] = {}
    for row in plan.instalments:
        month = row.due_on.year * MONTHS + row.due_on.month - 1
        paid[month] = paid.get(month, 0) + row.total_minor
    return paid


def peaks(plan: Plan) -> tuple[int, ...]:
    """Return the most that falls due in each of the twelve months of any year, January first."""
    most = [0] * MONTHS
    for month, paid_minor in loads(plan).items():
        most[month % MONTHS] = max(most[month % MONTHS], paid_minor)
    return tuple(most)


def burden_ppm(paid_minor: tuple[int, ...], income: Income) -> int:
    """Return the most that a month pays of what it has room for, rounded up: at most a million where all fit.

    A month that pays and has no room bears more than any other.
    """
    return max(
        -(-paid * PPM // room) if room else paid * PPM * PPM
        for paid, room in zip(paid_minor, income.rooms_minor, strict=True)
    )


def scale_ppm(paid_minor: tuple[int, ...], income: Income, stress_ppm: int) -> int | None:
    """Return the multiple of every income with which all months just fit under a stress; None where none is enough."""
    need, most = income.need, 0
    for paid, earned in zip(paid_minor, income.months_minor, strict=True):
        if paid and not earned:
            return None
        if paid:
            kept = earned * (PPM - stress_ppm) * need.share_ppm
            most = max(most, -(-(paid + need.other_debts_minor) * PPM**3 // kept))
    return most


def fit_of(plan: Plan, income: Income) -> Fit:
    """Return how the instalments of a plan fit the income of the months they fall due in."""
    most = peaks(plan)
    needed_ppm = scale_ppm(most, income, 0)
    fall_ppm = None if needed_ppm is None else PPM - needed_ppm
    months = [
        MonthLoad(
            date(month // MONTHS, month % MONTHS + 1, 1),
            paid_minor,
            income.months_minor[month % MONTHS],
            income.rooms_minor[month % MONTHS],
        )
        for month, paid_minor in loads(plan).items()
    ]
    fits = all(month.paid_minor <= month.room_minor for month in months)
    return Fit(fits, fall_ppm, max(months, key=_weight))


def _weight(month: MonthLoad) -> tuple[int, int]:
    borne = -(-month.paid_minor * PPM // month.room_minor) if month.room_minor else month.paid_minor * PPM * PPM
    return borne, month.paid_minor
