"""Terms in, instalments out: a pure function of whole numbers, for one loan or for columns of loans.

Both ends share every formula: `_due` works on `Ints`. See `schedule_columns.py` for the column door.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from puhui.kernel.columns import Ints, choose, largest, lesser
from puhui.kernel.dates import day_number, to_date, to_dates
from puhui.kernel.daycount import day_count
from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div, round_mul_div
from puhui.products.calculation import Calculation, Parts, Values, calculation_of, down_payment_minor
from puhui.products.due_dates import NO_DAY, due_dates
from puhui.products.kinds import kind_of
from puhui.products.kinds.kind import Kind
from puhui.products.plan import Charge, Flow, Instalment, Plan
from puhui.products.terms import TERMS_INVALID, Terms


@dataclass(frozen=True, slots=True)
class Rows:
    """The plan by row (a list of ints or of columns), amounts in minor units, days as day numbers."""

    due: list[Ints]
    principal: list[Ints]
    interest: list[Ints]
    fee: list[Ints]
    total: list[Ints]
    outstanding: list[Ints]
    subsidy: list[Ints]
    upfront: list[Ints]
    fees: list[list[Ints]]
    calculation: Calculation
    parts: Parts


def values_of(terms: Terms) -> Values:
    """Return the numbers of one loan's terms."""
    first = terms.first_due_on
    return Values(
        terms.principal_minor,
        terms.annual_rate_ppm,
        day_number(terms.disbursed_on),
        NO_DAY if first is None else day_number(first),
        terms.due_day or 0,
        terms.down_payment_ppm,
        terms.balloon_minor or 0,
        terms.step_minor or 0,
        terms.step_ppm or 0,
    )


def schedule(terms: Terms) -> Plan:
    """Return the repayment plan of one loan.

    Refuses METHOD_UNKNOWN and TERMS_INVALID, naming the field.
    """
    rows = rows_of(terms, values_of(terms), kind_of(terms))
    down = [0] if terms.down_payment_ppm else []
    columns = (rows.principal, rows.interest, rows.fee, rows.total, rows.outstanding, rows.subsidy)
    numbers = range(1, len(rows.due) + 1)
    instalments = tuple(map(Instalment._make, zip(numbers, to_dates(rows.due), *columns, strict=True)))
    charges = tuple(
        Charge(fee.name, fee.payee, fee.collect, fee.deducted, upfront, tuple(by_row))
        for fee, upfront, by_row in zip(terms.fees, rows.upfront, rows.fees, strict=True)
    )
    dates = rows.calculation.dates
    positions = (*down, *dates.position)
    repaid = (*down, *rows.parts.repaid)
    return Plan(terms, instalments, charges, positions, dates.positions_a_month, _movements(rows), repaid)


# A decision asks for the same plan several times: its price, its design, the rules, each funder.
planned = lru_cache(maxsize=128)(schedule)


def rows_of(terms: Terms, values: Values, kind: Kind) -> Rows:
    """Return the rows of one loan (ints) or of a column of loans that share every other term."""
    down = down_payment_minor(terms, values.principal_minor, values.down_payment_ppm)
    if largest(down - values.principal_minor) >= 0:
        raise TERMS_INVALID.refuse("down_payment_ppm", problem=_NOTHING_LENT)
    dates = due_dates(terms, values.disbursed_on, values.first_due_on, values.due_day, kind.one_due)
    convention = day_count(terms.day_count or "period/12", terms.unit)
    calculation = calculation_of(terms, values, values.principal_minor - down, dates, convention)
    parts = kind.plan(calculation)
    interest, subsidy = _collected(calculation, parts)
    outstanding = _outstanding(calculation.principal_minor, parts)
    fees, upfront = _fees(calculation, outstanding)
    if upfront and largest(sum(upfront) - calculation.principal_minor) >= 0:
        raise TERMS_INVALID.refuse("fees", problem=_FEES_EAT_ALL)
    fee = [sum(by_row) for by_row in zip(*fees, strict=True)] if fees else [0] * len(interest)
    total = [principal + charge for principal, charge in zip(parts.principal, interest, strict=True)]
    if fees:
        total = [amount + charge for amount, charge in zip(total, fee, strict=True)]
    rows = Rows(
        list(dates.due), parts.principal, interest, fee, total, outstanding, subsidy, upfront, fees, calculation, parts
    )
    return _with_down_payment(rows, down, values) if largest(values.down_payment_ppm) else rows


def _collected(calculation: Calculation, parts: Parts) -> tuple[list[Ints], list[Ints]]:
    """Return interest and subsidy by the row they are collected in: what is deferred comes with the next."""
    terms = calculation.terms
    granted = _subsidies(calculation, parts.interest)
    if parts.collects is None and not terms.grace.interest_payment:
        return parts.interest, granted
    interest: list[Ints] = []
    subsidy: list[Ints] = []
    owed, owed_subsidy = 0 * parts.interest[0], 0 * parts.interest[0]
    for period, (accrued, grant) in enumerate(zip(parts.interest, granted, strict=True)):
        owed, owed_subsidy = owed + accrued, owed_subsidy + grant
        collects = parts.collects[period] if parts.collects else True
        if period < terms.grace.interest_payment:
            collects = False
        interest.append(choose(collects, owed, 0 * owed))
        subsidy.append(choose(collects, owed_subsidy, 0 * owed))
        owed, owed_subsidy = owed - interest[-1], owed_subsidy - subsidy[-1]
    return interest, subsidy


def _subsidies(calculation: Calculation, interest: list[Ints]) -> list[Ints]:
    """Return the part of each period's interest that the programme pays: subsidy rate / contract rate, capped.

    Rounded once, on the cumulative figure: what is granted by a period is the rounded share of all interest so far.
    """
    subsidy = calculation.terms.subsidy
    if subsidy is None:
        return [0] * len(interest)
    rate_ppm = calculation.rate_ppm + (calculation.rate_ppm == 0)
    subsidy_ppm = lesser(subsidy.rate_ppm, rate_ppm)
    so_far, before, granted = 0 * rate_ppm, 0 * rate_ppm, []
    for period, accrued in enumerate(interest):
        if subsidy.instalments is None or period < subsidy.instalments:
            so_far = so_far + accrued
        by_now = round_mul_div(so_far, subsidy_ppm, rate_ppm, calculation.rounding)
        if subsidy.cap_minor is not None:
            by_now = lesser(by_now, subsidy.cap_minor)
        granted.append(by_now - before)
        before = by_now
    return granted


def _outstanding(principal_minor: Ints, parts: Parts) -> list[Ints]:
    drawn = parts.drawn or (0,) * len(parts.principal)
    outstanding = []
    for repaid, draw in zip(parts.principal, drawn, strict=True):
        principal_minor = principal_minor + draw - repaid
        outstanding.append(principal_minor)
    return outstanding


def _fees(calculation: Calculation, outstanding: list[Ints]) -> tuple[list[list[Ints]], list[Ints]]:
    """Return, by fee of the terms, its amounts by row and its amount at disbursement."""
    before = [calculation.principal_minor, *outstanding[:-1]]
    by_row, upfront = [], []
    for fee in calculation.terms.fees:
        rows, at_once = [0] * len(outstanding), 0
        bases = before if fee.base == "outstanding" else [calculation.principal_minor] * len(before)
        amounts = [
            0 * base + fee.amount_minor
            if fee.amount_minor is not None
            else round_div(base * (fee.rate_ppm or 0), PPM, calculation.rounding)
            for base in bases
        ]
        if fee.collect == "at_disbursement":
            at_once = amounts[0]
        elif fee.collect == "each_instalment":
            rows = amounts
        else:
            rows = _on_date(day_number(fee.charged_on or calculation.terms.disbursed_on), calculation, amounts)
        by_row.append(rows)
        upfront.append(at_once)
    return by_row, upfront


def _on_date(day: int, calculation: Calculation, amounts: list[Ints]) -> list[Ints]:
    """Return the amounts by row, only in the first row due on or after `day`; refuse a day after the last."""
    rows, before = [], None
    for due, amount in zip(calculation.dates.due, amounts, strict=True):
        due_then = (due >= day) if before is None else (due >= day) & (before < day)
        rows.append(choose(due_then, amount, 0 * amount))
        before = due
    if largest(day - calculation.dates.due[-1]) > 0:
        raise TERMS_INVALID.refuse("fees.charged_on", problem=_AFTER_THE_END)
    return rows


def _with_down_payment(rows: Rows, down: Ints, values: Values) -> Rows:
    nothing = 0 * down
    return replace(
        rows,
        due=[values.disbursed_on, *rows.due],
        principal=[down, *rows.principal],
        interest=[nothing, *rows.interest],
        fee=[nothing, *rows.fee],
        total=[down, *rows.total],
        outstanding=[rows.calculation.principal_minor, *rows.outstanding],
        subsidy=[nothing, *rows.subsidy],
        fees=[[nothing, *by_row] for by_row in rows.fees],
    )


def _movements(rows: Rows) -> tuple[Flow, ...]:
    first = rows.calculation.dates.spans[0].start
    per_month = rows.calculation.dates.positions_a_month
    return tuple(
        Flow(to_date(day), (day - first) * 12 * per_month // 365, amount) for day, amount in rows.parts.movements
    )


_FEES_EAT_ALL = Text("放款时收取的费用不得达到贷款本金", "at disbursement must be less than the principal")
_NOTHING_LENT = Text("取整后不小于价款，无款可贷", "rounds to the whole price: nothing is left to lend")
_AFTER_THE_END = Text("晚于最后一期到期日", "is later than the last due date")
