"""Revolving 随借随还: interest by the day on what is drawn; principal drawn and repaid at will."""

from puhui.kernel.dates import day_number, to_date
from puhui.kernel.daycount import day_count, span
from puhui.kernel.language import Text
from puhui.kernel.rounding import round_div
from puhui.products.calculation import Calculation, Parts, pay_principal
from puhui.products.kinds.kind import Kind, need
from puhui.products.terms import TERMS_INVALID, Movement, Terms


def plan(calculation: Calculation) -> Parts:
    """Return the parts by billing period: daily interest on the balance, the rest of the principal at the end.

    `principal_minor` is drawn on the first day; `movements` draw more or repay. A repayment stands in the row
    of its billing period. Interest of a period is summed exactly over the days and rounded once.
    """
    if not calculation.terms.movements:
        return pay_principal(calculation, [0] * calculation.periods)
    movements = sorted(calculation.terms.movements, key=lambda movement: movement.moved_on)
    need(movements[-1].moved_on < to_date(calculation.dates.due[-1]), "movements", _BEFORE_LAST)
    balance_minor, parts, drawn, repaid = calculation.principal_minor, Parts([], []), [], []
    for period, due in enumerate(calculation.dates.due):
        start = calculation.dates.spans[period].start
        within = [m for m in movements if start <= day_number(m.moved_on) < due]
        interest, after = _bill(calculation, balance_minor, period, within)
        last = period == calculation.periods - 1
        repaid.append(-sum(m.amount_minor for m in within if m.amount_minor < 0))
        parts.principal.append(repaid[-1] + (after if last else 0))
        parts.interest.append(interest)
        drawn.append(sum(m.amount_minor for m in within if m.amount_minor > 0))
        balance_minor = after
    moved = tuple((day_number(m.moved_on), m.amount_minor) for m in movements)
    return Parts(parts.principal, parts.interest, drawn=tuple(drawn), repaid=tuple(repaid), movements=moved)


def _bill(calculation: Calculation, balance_minor: int, period: int, movements: list[Movement]) -> tuple[int, int]:
    """Return the interest of a billing period, rounded once, and the balance after it."""
    terms = calculation.terms
    assert terms.day_count is not None or calculation.rate_ppm == 0
    convention = day_count(terms.day_count or "act/365", terms.unit)
    day, end = calculation.dates.spans[period].start, calculation.dates.spans[period].end
    numerator = 0
    for on, amount in [*((day_number(m.moved_on), m.amount_minor) for m in movements), (end, 0)]:
        numerator += balance_minor * convention.numerator(span(day, on))
        day, balance_minor = on, balance_minor + amount
        if balance_minor < 0:
            raise TERMS_INVALID.refuse("movements", problem=_repays_too_much(on))
    if period < terms.grace.interest_free:
        numerator = 0
    return round_div(numerator * calculation.rate_ppm, calculation.unit, calculation.rounding), balance_minor


def check(terms: Terms) -> None:
    """Refuse movements on or before the first day, after the last, or of nothing."""
    need(terms.day_count in (None, "act/360", "act/365", "act/364", "act/act"), "day_count", _DAILY)
    need(all(m.moved_on > terms.disbursed_on for m in terms.movements), "movements", _AFTER_FIRST)
    need(all(m.amount_minor for m in terms.movements), "movements", _OF_SOMETHING)
    # Else a movement between a due date and its rolled day would lie in two billing periods, or in none.
    one_end = not terms.movements or terms.holiday_roll == "none" or terms.interest_follows_roll
    need(one_end, "interest_follows_roll", _PERIODS_ROLL)


def _repays_too_much(day: int) -> Text:
    on = to_date(day).isoformat()
    return Text(f"在 {on} 归还超过所借本金", f"repay more than is drawn on {on}")


_DAILY = Text("须为按日计息（act/…）", "must count days (act/...)")
_AFTER_FIRST = Text("须晚于 disbursed_on", "must be later than disbursed_on")
_BEFORE_LAST = Text("须早于最后一期到期日", "must be earlier than the last due date")
_PERIODS_ROLL = Text("有支用或还款且顺延节假日时须为 true", "must be true with movements and a holiday_roll")
_OF_SOMETHING = Text("金额不得为 0", "must not be of 0")

KIND = Kind(
    "revolving",
    Text("随借随还", "draw and repay at will"),
    Text("按日计息，随时借、随时还", "interest by the day on what is drawn"),
    plan,
    fields=frozenset({"movements"}),
    check=check,
)
