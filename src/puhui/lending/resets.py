"""Reset days of a floating rate: when, and to what."""

from puhui.kernel.dates import day_in_month, day_number, day_of_month, month_of, to_date
from puhui.kernel.refusals import declare
from puhui.lending.agreement import Agreement
from puhui.lending.effects.effect import NOT_AGREED
from puhui.lending.facts import RateReset

NOT_A_RESET_DAY = declare(
    "NOT_A_RESET_DAY",
    422,
    "{effective_on} 不是约定的重定价日，下一个为 {next_on}。",
    "{effective_on} is not an agreed reset day; the next is {next_on}.",
)


def next_reset_on(agreement: Agreement, day: int) -> int | None:
    """Return the first reset day on or after `day` (day numbers), None for a fixed rate."""
    rule = agreement.floating
    if rule is None:
        return None
    first = day_number(rule.first_on)
    if day <= first:
        return first
    months = int(month_of(day) - month_of(first))
    step = months // rule.every_months * rule.every_months
    candidates = (day_in_month(month_of(first) + step + extra, day_of_month(first)) for extra in (0, rule.every_months))
    return next(int(candidate) for candidate in candidates if candidate >= day)


def reset_to(agreement: Agreement, value_ppm: int) -> dict[str, int | str]:
    """Return the body of the rate_reset fact when the series stands at `value_ppm`; the rate is at least 0."""
    rule = agreement.floating
    assert rule is not None, "a fixed rate is not reset"
    spread = max(rule.spread_ppm, -value_ppm)
    rate = value_ppm + spread
    return {"annual_rate_ppm": rate, "series": rule.series, "value_ppm": value_ppm, "spread_ppm": spread}


def check_reset(agreement: Agreement, body: RateReset, day: int) -> None:
    """Refuse a reset of a fixed rate, by another series or spread, or on another day."""
    rule = agreement.floating
    if rule is None:
        raise NOT_AGREED.refuse("floating")
    if body.series != rule.series:
        raise NOT_AGREED.refuse("series")
    if body.value_ppm is not None and body.spread_ppm != max(rule.spread_ppm, -body.value_ppm):
        raise NOT_AGREED.refuse("spread_ppm")
    next_on = next_reset_on(agreement, day)
    if next_on != day:
        days = {"effective_on": to_date(day).isoformat(), "next_on": to_date(next_on or 0).isoformat()}
        raise NOT_A_RESET_DAY.refuse("effective_on", **days)
