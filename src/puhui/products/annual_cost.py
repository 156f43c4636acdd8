"""True annual cost: what a loan costs a year when every flow between lender and borrower is counted.

Flows carry a sign from the borrower's side, received +, paid -; turning all signs changes no rate. When flows
change sign several times there can be several rates. Then the rate is the smallest that is not negative, or the
greatest negative one when all are negative, and the others are always reported beside it.

Floats are meant here: a rate is not money. Nothing is rounded but the ppm figures, once, half up.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from puhui.kernel.language import Text
from puhui.kernel.rates import PPM
from puhui.kernel.refusals import INPUT_INVALID, Refusal, declare
from puhui.products.annual_cost_solver import (
    LOWEST,
    Equation,
    OneSignError,
    Roots,
    TangledFlowsError,
    roots,
)

ANNUAL_COST_ONE_SIGN = declare(
    "ANNUAL_COST_ONE_SIGN",
    422,
    "{field} 的现金流方向相同（或相互抵消），没有年化成本。应既有收到的（正），又有支付的（负）。",
    "The flows in {field} all go one way (or cancel out): there is no annual cost. Some must be received (+) and "
    "some paid (-).",
)
ANNUAL_COST_NO_ROOT = declare(
    "ANNUAL_COST_NO_ROOT",
    422,
    "{field} 的现金流没有年化成本：任何高于 -100% 的利率都不能使收付现值相等。",
    "The flows in {field} have no annual cost: no rate above -100 % makes what is received and what is paid "
    "equal in present value.",
)
ANNUAL_COST_TANGLED = declare(
    "ANNUAL_COST_TANGLED",
    422,
    "{field} 的现金流几乎处处相互抵消，无法确定全部年化成本。请检查数据。",
    "The flows in {field} cancel almost everywhere: their annual costs cannot all be found. Check the data.",
)

ANNUAL_COST_TOO_HIGH = declare(
    "ANNUAL_COST_TOO_HIGH",
    422,
    "{field} 的年化成本超过 9e14%，无法以 ppm 表示。请检查金额和日期。",
    "The annual cost of {field} is over 9e14 %, more than ppm can hold. Check the amounts and dates.",
)

YEAR_MONTHS = 12
YEAR_DAYS = 365
# A figure within a millionth of a ppm below a half counts as the half: noise of floats must not round it down.
TIE_PPM = 1e-6
# ln(1 + rate) of the largest rate whose ppm stay within 63 bits.
LARGEST_YEARLY = math.log(9e12)
# No flow lies farther from the start than this, in years or periods.
FARTHEST = 1e6
REQUIRED = Text("缺少必填字段", "is required")
UNKNOWN = Text("未知字段，请删除或更正拼写", "is not a known field; remove it or correct its spelling")
# Keys of a published case that describe it and change nothing.
DESCRIPTIVE = frozenset(
    (
        *("id", "group", "title", "source", "provenance", "notes", "note", "description", "comment"),
        *("published", "published_unit", "published_decimals", "published_rounded", "tolerance"),
        *("reproduces", "headline_reproduces", "recomputed"),
    )
)


@dataclass(frozen=True, slots=True)
class Solution:
    """The annual cost as a fraction (0.24 is 24 %), the other rates that fit, the evaluations it took."""

    rate: float
    other_rates: tuple[float, ...]
    iterations: int


@dataclass(frozen=True, slots=True)
class Nominal:
    """Annual cost by periods: 12 x monthly rate, and (1 + monthly rate)^12 - 1; fractions, and ppm half up.

    `other_rates` are the other 12 x monthly rates that fit the flows, seldom any.
    """

    irr_x12_ppm: int
    effective_ppm: int
    irr_x12: float
    effective: float
    other_rates: tuple[float, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON; `other_rates` only when there are some."""
        fields = asdict(self)
        fields["other_rates"] = list(self.other_rates)
        return fields if self.other_rates else {k: v for k, v in fields.items() if k != "other_rates"}


@dataclass(frozen=True, slots=True)
class Figures(Nominal):
    """The three figures kept for every loan: those of Nominal, and by days, XIRR / 365."""

    xirr_365_ppm: int = 0
    xirr_365: float = 0.0


class Flows(NamedTuple):
    """Flows read by a convention: amounts, times in its unit, fractions with simple interest (Reg Z) or None."""

    amounts: list[float]
    times: list[float]
    parts: list[float] | None = None


@dataclass(frozen=True, slots=True)
class Convention:
    """A way of stating annual cost: its name, its definition, how flows are written, what else it needs."""

    name: str
    text: Text
    read: Callable[[Sequence[Any], str], Flows]
    times_periods: bool = False
    dated_by_unit: bool = False


def solve(
    flows: Sequence[Any], convention: str, periods_per_year: float | None = None, unit: str = "month"
) -> Solution:
    """Return the annual cost of `flows` by a convention of CONVENTIONS, as a fraction.

    `flows` are written as the convention says: amounts, [years, amount], [date, amount] or
    [periods, fraction, amount]. `periods_per_year` multiplies a periodic rate where the convention needs it.
    Refuses INPUT_INVALID naming the field, ANNUAL_COST_ONE_SIGN, ANNUAL_COST_NO_ROOT, ANNUAL_COST_TANGLED.

    >>> round(solve([[0, 1000], [1, -600], [2, -600]], "EFF_YEARS").rate, 6)
    0.130662
    """
    kind = CONVENTIONS.get(convention) if isinstance(convention, str) else None
    if kind is None:
        known = ", ".join(CONVENTIONS)
        raise wrong("convention", f"必须是其中之一：{known}", f"must be one of: {known}")
    if not isinstance(flows, (list, tuple)) or not flows:
        raise wrong("flows", "必须是非空列表", "must be a list with at least one flow")
    factor = _periods(periods_per_year) if kind.times_periods else 1.0
    read = kind.read(flows, unit)
    found = _all_roots(_equation(read.amounts, read.times, "flows", read.parts), "flows")
    rates = [math.expm1(u) * factor for u in found.values]
    rate = the_rate(rates)
    return Solution(rate, tuple(other for other in rates if other != rate), found.evaluations)


def the_rate(rates: Sequence[float]) -> float:
    """Return the rate among several: the smallest that is not negative, else the greatest.

    >>> the_rate([-0.97, 0.69, 59.0]), the_rate([-0.9, -0.2])
    (0.69, -0.2)
    """
    return rates[0] if len(rates) == 1 else min((rate for rate in rates if rate >= 0), default=max(rates))


def nominal(amounts: Sequence[int], months: Sequence[float]) -> Nominal:
    """Return the annual cost of flows at positions in months, without dates.

    `amounts`: borrower's side, received +, paid -, in any one unit. Refuses as `figures`.

    >>> nominal([12000000] + [-1025000] * 12, range(13)).irr_x12_ppm
    45834
    """
    return Nominal(**_monthly(_equation(amounts, months, "amounts")))


def figures(amounts: Sequence[int], months: Sequence[float], on: Sequence[date]) -> Figures:
    """Return the annual cost of a plan's flows, three ways.

    `amounts`: minor units from the borrower's side, received +, paid -; `months`: each flow's position in months
    from the start, whole or not; `on`: each flow's date. With i the rate that makes
    sum amount / (1 + i)^months zero: 12 i, (1 + i)^12 - 1; and x with sum amount / (1 + x)^(days / 365) zero.
    Refuses ANNUAL_COST_ONE_SIGN, ANNUAL_COST_NO_ROOT, ANNUAL_COST_TOO_HIGH, ANNUAL_COST_TANGLED naming `amounts`.
    """
    by_months = _equation(amounts, months, "amounts")
    found = _monthly(by_months)
    days = [day.toordinal() for day in on]
    first = min(days)
    by_days = _equation(amounts, [(day - first) / YEAR_DAYS for day in days], "amounts", like=by_months)
    xirr = _yearly(the_rate(_all_roots(by_days, "amounts").values))
    return Figures(**found, xirr_365_ppm=to_ppm(xirr), xirr_365=xirr)


def figures_of(flows: Sequence[tuple[date, int, int]], positions_a_month: int) -> Figures:
    """Return the figures of flows written (date, position, amount), position in 1/`positions_a_month` of a month."""
    months = [position / positions_a_month for _, position, _ in flows]
    return figures([amount for _, _, amount in flows], months, [on for on, _, _ in flows])


def chosen_root(amounts: Sequence[float], times: Sequence[float], field: str) -> float:
    """Return ln(1 + rate) of flows at `times`, the rate chosen by `the_rate`; refuses as `figures`, naming `field`."""
    return the_rate(_all_roots(_equation(amounts, times, field), field).values)


def to_ppm(rate: float) -> int:
    """Return the whole ppm of a fraction, half up.

    >>> to_ppm(0.2400005), to_ppm(0.24000049), to_ppm(-0.0000015)
    (240001, 240000, -1)
    """
    return math.floor(rate * PPM + 0.5 + TIE_PPM)


def annual_cost_case(data: object) -> dict[str, Any]:
    """Return `{"rate", "convention"}`, and "other_rates" when several fit, for a case as it is published.

    A case is an object with `convention` and `flows`, and `periods_per_year` or `unit` where the convention
    needs it; keys that only describe it (DESCRIPTIVE) are ignored, any other is refused by name.
    """
    if not isinstance(data, Mapping):
        raise wrong("$", "必须是一个 JSON 对象", "must be a JSON object")
    known = {"convention", "flows", "periods_per_year", "unit"} | DESCRIPTIVE
    for name in data:
        if name not in known:
            raise wrong(
                str(name),
                "未知字段，请删除或更正拼写",
                "is not a known field; remove it or correct its spelling",
            )
    for name in ("convention", "flows"):
        if data.get(name) is None:
            raise wrong(name, *REQUIRED)
    unit = data.get("unit")
    if unit is not None and data["convention"] in [
        name for name, kind in CONVENTIONS.items() if not kind.dated_by_unit
    ]:
        raise wrong("unit", "只用于 EU_APR", "is for EU_APR only")
    found = solve(data["flows"], data["convention"], data.get("periods_per_year"), "month" if unit is None else unit)
    answer: dict[str, Any] = {"rate": found.rate, "convention": data["convention"]}
    if found.other_rates:
        answer["other_rates"] = list(found.other_rates)
    return answer


def wrong(field: str, zh: str, en: str) -> Refusal:
    """Return the refusal of one wrong input, the sentence going on after the field's name."""
    return INPUT_INVALID.refuse(field, problem=Text(f"{field} {zh}", f"{field} {en}"))


def eu_years(start_on: date, end_on: date, unit: str = "month") -> float:
    """Return the years between two dates as EU law counts them for the APR.

    Whole years, months or weeks (`unit`) are counted backwards from the later date; the days left over count
    1/365, or 1/366 when the year that ends where they end holds a 29 February. A year has 12 equal months or
    52 weeks. Source: Directive 2008/48/EC, Annex I; SWD(2012)128, section 4.1.1.

    >>> round(eu_years(date(2012, 1, 12), date(2012, 2, 15)), 6)  # 1 month and 3 days of 365
    0.091553
    """
    if unit == "week":
        whole, left = divmod((end_on - start_on).days, 7)
        odd_end_on = start_on + timedelta(days=left)
        return whole / 52 + left / _year_days(odd_end_on)
    step = YEAR_MONTHS if unit == "year" else 1
    months = (end_on.year - start_on.year) * YEAR_MONTHS + end_on.month - start_on.month
    months -= months % step
    while months_before(end_on, months) < start_on:
        months -= step
    odd_end_on = months_before(end_on, months)
    return months / YEAR_MONTHS + (odd_end_on - start_on).days / _year_days(odd_end_on)


def months_before(on: date, months: int) -> date:
    """Return the date that many months earlier, at the month's last day where the day does not exist."""
    year, month = divmod(on.year * YEAR_MONTHS + on.month - 1 - months, YEAR_MONTHS)
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def _year_days(end_on: date) -> int:
    """Return the days of the year that ends on `end_on`: 366 when a 29 February lies in it."""
    leap = calendar.isleap(end_on.year if (end_on.month, end_on.day) >= (2, 29) else end_on.year - 1)
    return YEAR_DAYS + leap


def _monthly(equation: Equation) -> dict[str, Any]:
    values = _all_roots(equation, "amounts").values
    effective = _yearly(YEAR_MONTHS * the_rate(values))
    rates = [YEAR_MONTHS * math.expm1(u) for u in values]
    irr_x12 = the_rate(rates)
    return {
        "irr_x12_ppm": to_ppm(irr_x12),
        "effective_ppm": to_ppm(effective),
        "irr_x12": irr_x12,
        "effective": effective,
        "other_rates": tuple(rate for rate in rates if rate != irr_x12),
    }


def _yearly(u: float) -> float:
    """Return the effective rate of u = ln(1 + rate) a year; refuse one that ppm cannot hold."""
    if u <= LOWEST:
        raise ANNUAL_COST_NO_ROOT.refuse("amounts")
    if u > LARGEST_YEARLY:
        raise ANNUAL_COST_TOO_HIGH.refuse("amounts")
    return math.expm1(u)


def _equation(
    amounts: Sequence[float],
    times: Sequence[float],
    field: str,
    parts: Sequence[float] | None = None,
    like: Equation | None = None,
) -> Equation:
    """Return the equation of flows, quicker `like` one of the same amounts; refuse naming `field`."""
    try:
        return Equation(amounts, times, parts) if like is None else like.timed(amounts, times)
    except OneSignError:
        raise ANNUAL_COST_ONE_SIGN.refuse(field) from None


def _all_roots(equation: Equation, field: str) -> Roots:
    """Return every ln(1 + rate) of the flows, at least one; refuse naming `field`."""
    try:
        found = roots(equation)
    except TangledFlowsError:
        raise ANNUAL_COST_TANGLED.refuse(field) from None
    if not found.values:
        raise ANNUAL_COST_NO_ROOT.refuse(field)
    return found


def _number(value: object, field: str, least: float = -math.inf, most: float = math.inf) -> float:
    """Return a finite number within [least, most] as a float; refuse anything else naming `field`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong(field, "必须是数字", "must be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise wrong(field, "必须是有限的数", "must be a finite number")
    if number < least:
        raise wrong(field, f"不得小于 {least:g}", f"must be at least {least:g}")
    if number > most:
        raise wrong(field, f"不得大于 {most:g}", f"must be at most {most:g}")
    return number


def _periods(value: object) -> float:
    if value is None:
        raise wrong("periods_per_year", *REQUIRED)
    number = _number(value, "periods_per_year")
    if number <= 0:
        raise wrong("periods_per_year", "必须大于 0", "must be more than 0")
    return number


def _on(value: object, field: str) -> date:
    if type(value) is date:
        return value
    try:
        if isinstance(value, str) and len(value) == len("YYYY-MM-DD") and value[4] == value[7] == "-":
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise wrong(field, "不是有效日期，请写作 YYYY-MM-DD", "is not a real date; write YYYY-MM-DD")


def _rows(flows: Sequence[Any], *parts: str) -> list[tuple[Any, ...]]:
    """Return the flows as tuples with the named parts; refuse one of another shape by its place."""
    rows = []
    for place, flow in enumerate(flows):
        if not isinstance(flow, (list, tuple)) or len(flow) != len(parts):
            shape = ", ".join(parts)
            raise wrong(f"flows.{place}", f"必须写作 [{shape}]", f"must be written [{shape}]")
        rows.append(tuple(flow))
    return rows


def _periodic(flows: Sequence[Any], _unit: str) -> Flows:
    amounts = [_number(flow, f"flows.{place}") for place, flow in enumerate(flows)]
    return Flows(amounts, list(map(float, range(len(amounts)))))


def _timed(flows: Sequence[Any], _unit: str) -> Flows:
    rows = list(enumerate(_rows(flows, "years", "amount")))
    times = [_number(years, f"flows.{place}.0", 0, FARTHEST) for place, (years, _) in rows]
    return Flows([_number(amount, f"flows.{place}.1") for place, (_, amount) in rows], times)


def _dated(flows: Sequence[Any]) -> tuple[list[float], list[date]]:
    rows = list(enumerate(_rows(flows, "date", "amount")))
    on = [_on(day, f"flows.{place}.0") for place, (day, _) in rows]
    return [_number(amount, f"flows.{place}.1") for place, (_, amount) in rows], on


def _by_days(flows: Sequence[Any], _unit: str) -> Flows:
    amounts, on = _dated(flows)
    first_on = min(on)
    return Flows(amounts, [(day - first_on).days / YEAR_DAYS for day in on])


def _by_eu_intervals(flows: Sequence[Any], unit: str) -> Flows:
    if unit not in ("year", "month", "week"):
        raise wrong("unit", "必须是其中之一：year, month, week", "must be one of: year, month, week")
    amounts, on = _dated(flows)
    first_on = min(on)
    return Flows(amounts, [eu_years(first_on, day, unit) for day in on])


def _by_unit_periods(flows: Sequence[Any], _unit: str) -> Flows:
    rows = list(enumerate(_rows(flows, "periods", "fraction", "amount")))
    times = [_number(periods, f"flows.{place}.0", 0, FARTHEST) for place, (periods, _, _) in rows]
    parts = [_number(part, f"flows.{place}.1", 0, 1) for place, (_, part, _) in rows]
    return Flows([_number(amount, f"flows.{place}.2") for place, (_, _, amount) in rows], times, parts)


_ALL = (
    Convention("IRR_PERIOD", Text("每期内部收益率", "rate per period, flows at 0, 1, 2, ..."), _periodic),
    Convention(
        "NOMINAL_IRR_X_W",
        Text("近似折算年化利率（单利）：每期内部收益率×每年期数", "rate per period x periods a year"),
        _periodic,
        times_periods=True,
    ),
    Convention("EFF_YEARS", Text("有效年利率，时间以年计", "effective annual rate, times in years"), _timed),
    Convention("XIRR_365", Text("按天的有效年利率，实际天数/365", "effective annual rate, days / 365"), _by_days),
    Convention("EU_APR", Text("欧盟 APR，按日期", "EU APR, from dates"), _by_eu_intervals, dated_by_unit=True),
    Convention(
        "REGZ",
        Text("美国 Z 条例精算法 APR", "US Regulation Z APR, actuarial method"),
        _by_unit_periods,
        times_periods=True,
    ),
)
CONVENTIONS: dict[str, Convention] = {convention.name: convention for convention in _ALL}
