"""The ground of every repayment plan: what is owed, at what rate, over which periods, rounded how.

A `Calculation` holds one loan (ints) or a column of loans of the same shape (int64 arrays): the same
formulas serve both. Interest of a period = balance x rate x numerator / (denominator x 1,000,000), rounded once.

Bounds: balance x rate <= 10^12 x 3*10^6 < 2^63; where balance x rate x numerator could pass 2^63 the product is
taken apart first, exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from puhui.kernel.columns import LARGEST, Ints, between, choose, is_column, largest, lesser
from puhui.kernel.daycount import DayCount
from puhui.kernel.rates import PPM
from puhui.kernel.remember import remember
from puhui.kernel.rounding import Rounding, round_div, round_mul_div, round_to_multiple
from puhui.products.due_dates import NO_DAY, Dates
from puhui.products.terms import Terms


@dataclass(frozen=True, slots=True)
class Values:
    """The numbers of terms that differ from loan to loan: ints, or int64 columns; days as day numbers."""

    principal_minor: Ints
    annual_rate_ppm: Ints
    disbursed_on: Ints
    first_due_on: Ints = NO_DAY
    due_day: Ints = 0
    down_payment_ppm: Ints = 0
    balloon_minor: Ints = 0
    step_minor: Ints = 0
    step_ppm: Ints = 0


@dataclass(frozen=True, slots=True)
class Calculation:
    """`principal_minor` is what is financed, at `rate_ppm` a year.

    The rate of period k is rates[k] / unit, where rates[k] = rate_ppm x numerators[k] (0 while interest-free) and
    unit = denominator of the day count x 1,000,000. `is_wide[k]`: balance x rates[k] may pass 63 bits.
    """

    terms: Terms
    principal_minor: Ints
    rate_ppm: Ints
    numerators: Sequence[Ints]
    unit: int
    rates: list[Ints]
    is_wide: list[bool]
    dates: Dates
    values: Values
    rounding: Rounding

    @property
    def periods(self) -> int:
        """The number of instalments."""
        return len(self.numerators)

    @property
    def multiple(self) -> int:
        """What the level instalment is a multiple of, minor units."""
        return self.terms.instalment_multiple_minor or 1

    def interest(self, balance_minor: Ints, period: int) -> Ints:
        """Return the interest of a period (from 0) on `balance_minor`, rounded once; 0 while interest-free."""
        if self.is_wide[period]:
            numerator = self.numerators[period]
            return round_mul_div(balance_minor * self.rate_ppm, numerator, self.unit, self.rounding)
        return round_div(balance_minor * self.rates[period], self.unit, self.rounding)


def calculation_of(
    terms: Terms, values: Values, principal_minor: Ints, dates: Dates, convention: DayCount
) -> Calculation:
    """Return the Calculation of `principal_minor` financed over the spans of `dates`."""
    free = terms.grace.interest_free
    in_columns = is_column(values.principal_minor)
    numerators = (_numerators if in_columns else _numerators_of_one)(dates, convention, free)
    unit = convention.denominator * PPM
    room = (LARGEST - unit) // max(1, largest(values.principal_minor) * largest(values.annual_rate_ppm))
    return Calculation(
        terms,
        principal_minor,
        values.annual_rate_ppm,
        numerators,
        unit,
        _rates(values.annual_rate_ppm, numerators),
        [in_columns and largest(numerator) > room for numerator in numerators],
        dates,
        values,
        terms.rounding,
    )


def _numerators(dates: Dates, convention: DayCount, free: int) -> tuple[Ints, ...]:
    """Return which part of a year each period is, over the denominator; nothing while interest-free."""
    return tuple(0 if k < free else convention.numerator(period) for k, period in enumerate(dates.spans))


_numerators_of_one = remember(256)(_numerators)


def _rates(rate_ppm: Ints, numerators: Sequence[Ints]) -> list[Ints]:
    """Return rate x numerator by period; periods of equal length share one column."""
    if not is_column(rate_ppm):
        return [rate_ppm * numerator for numerator in numerators]
    same: dict[int, Ints] = {}
    for numerator in numerators:
        if not is_column(numerator) and numerator not in same:
            same[numerator] = rate_ppm * numerator
    return [rate_ppm * n if is_column(n) else same[n] for n in numerators]


def down_payment_minor(terms: Terms, price_minor: Ints, down_payment_ppm: Ints) -> Ints:
    """Return the down payment on a price, rounded to the minor unit and then to the multiple of the terms."""
    down = round_div(price_minor * down_payment_ppm, PPM, terms.rounding)
    return round_to_multiple(down, terms.instalment_multiple_minor or 1, terms.rounding)


@dataclass(frozen=True, slots=True)
class Parts:
    """What falls due by period: principal, interest accrued, and whether interest is collected then.

    `drawn`, `repaid`: of a revolving line, further draws by period and what of its principal was repaid on days of
    its own; `movements`: (day number, draw or -repayment).
    """

    principal: list[Ints]
    interest: list[Ints]
    collects: list[Ints] | None = None
    drawn: tuple[int, ...] = ()
    repaid: tuple[int, ...] = ()
    movements: tuple[tuple[int, int], ...] = ()


def pay_totals(calculation: Calculation, totals: Sequence[Ints]) -> Parts:
    """Return the parts when period k pays `totals[k]` in all; interest first, and the last clears the balance.

    During the grace of principal only interest is paid. A total below the interest pays no principal: the
    balance never grows.
    """
    grace = calculation.terms.grace.principal

    def principal_of(period: int, balance_minor: Ints, interest_minor: Ints) -> Ints:
        if period < grace:
            return 0 * balance_minor
        return between(totals[period] - interest_minor, 0, balance_minor)

    return _run(calculation, principal_of)


def pay_principal(calculation: Calculation, principal: Sequence[Ints], collects: list[Ints] | None = None) -> Parts:
    """Return the parts when period k repays `principal[k]`, never more than the balance; the last clears it."""
    parts = _run(calculation, lambda period, balance, _: lesser(principal[period], balance))
    return Parts(parts.principal, parts.interest, collects)


def share_principal(calculation: Calculation, weights: Sequence[Ints]) -> list[Ints]:
    """Return the principal of each period in proportion to whole `weights`, each rounded by itself."""
    total = sum(weights[1:], start=weights[0])
    return [round_div(calculation.principal_minor * weight, total, calculation.rounding) for weight in weights]


def _run(calculation: Calculation, principal_of: Callable[[int, Ints, Ints], Ints]) -> Parts:
    balance, last = calculation.principal_minor, calculation.periods - 1
    principals, interests = [], []
    for period in range(last):
        interest = calculation.interest(balance, period)
        principal = principal_of(period, balance, interest)
        balance = balance - principal
        principals.append(principal)
        interests.append(interest)
    return Parts([*principals, balance], [*interests, calculation.interest(balance, last)])


def smooth(calculation: Calculation, totals: Sequence[Ints], parts: Parts) -> Parts:
    """Return the parts with the level instalment corrected once by the gap of the last, if that shrinks it.

    Tried where the last instalment differs from the one before by more than half the number of instalments
    (in minor units): the level moves by gap / instalments, rounded.
    """
    count = calculation.periods
    gap = _last_gap(parts)
    size = choose(gap < 0, -gap, gap)
    move = round_div(size, count * calculation.multiple, calculation.rounding) * calculation.multiple
    move = choose(size > count // 2, choose(gap < 0, -move, move), 0 * gap)
    again = pay_totals(calculation, [total + move for total in totals])
    gap_again = _last_gap(again)
    better = choose(gap_again < 0, -gap_again, gap_again) < size
    return Parts(
        [choose(better, new, old) for new, old in zip(again.principal, parts.principal, strict=True)],
        [choose(better, new, old) for new, old in zip(again.interest, parts.interest, strict=True)],
    )


def _last_gap(parts: Parts) -> Ints:
    return parts.principal[-1] + parts.interest[-1] - parts.principal[-2] - parts.interest[-2]
