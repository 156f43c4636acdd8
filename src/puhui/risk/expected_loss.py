"""Expected credit loss: probability of default x loss given default x exposure, discounted, by stage.

Stage 1: defaults of the next 12 months. Stage 2: of the whole life. Stage 3: the default has happened.
Whole numbers throughout: a loss rate is kept in parts per billion, each product of two rates rounded half up to 1 ppb;
the amount is rounded once. So a rate is within 10 ppb a year of life, one fen in a million yuan, of the exact one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from puhui.kernel.columns import Ints, between, choose, greater, is_column, largest, lesser, table
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_div, round_mul_div
from puhui.risk.loss_tables import LIVE_BUCKETS, LossTables, Segment

PPB = 1_000_000_000
YEAR_MONTHS = 12
Lookup: TypeAlias = Callable[[Ints], Ints]


class Exposure(NamedTuple):
    """What an expected loss hangs on; an int or a column each.

    exposure_minor: what is owed on the balance sheet. undrawn_minor: what the borrower may still draw. segment: place
    in the tables. bucket: place in delinquency.BUCKETS. remaining_months: to the last instalment, at least 1.
    effective_rate_ppm: the rate of discount. amortising: principal is repaid evenly (1), or at the end (0).
    """

    exposure_minor: Ints
    undrawn_minor: Ints
    segment: Ints
    stage: Ints
    bucket: Ints
    remaining_months: Ints
    effective_rate_ppm: Ints
    amortising: Ints


@dataclass(frozen=True, slots=True)
class LossModel:
    """The figures of a day's tables, to be looked up by a segment, or by a column of them.

    hazard_ppm: of each year of life, by `_row`; the last one goes on.
    """

    hazard_ppm: tuple[Lookup, ...]
    loss_ppm: Lookup
    drawn_ppm: Lookup
    recovery_months: Lookup


def loss_model(tables: LossTables) -> LossModel:
    """Return the tables ready for `expected_loss_minor`."""
    segments = tables.segments
    years = 1 + max(len(segment.later_ppm) for segment in segments)
    return LossModel(
        tuple(table(_hazards(segments, year)) for year in range(years)),
        table(segment.loss_ppm for segment in segments),
        table(segment.drawn_ppm for segment in segments),
        table(segment.recovery_months for segment in segments),
    )


def _hazards(segments: Sequence[Segment], year: int) -> Iterator[int]:
    """Yield the hazard of a year (0: the first) in the order of `_row`: segment, then stage 1 or 2, then bucket."""
    for segment in segments:
        later_ppm = (PPM, *segment.later_ppm)
        times_ppm = later_ppm[min(year, len(later_ppm) - 1)]
        for least_ppm in (0, segment.watched_ppm):
            for chance_ppm in segment.default_ppm:
                yield min(PPM, round_div(max(chance_ppm, least_ppm) * times_ppm, PPM))


def _row(exposure: Exposure) -> Ints:
    bucket = lesser(exposure.bucket, LIVE_BUCKETS - 1)
    return (exposure.segment * 2 + (exposure.stage == 2)) * LIVE_BUCKETS + bucket


def expected_loss_minor(exposure: Exposure, model: LossModel) -> Ints:
    """Return the expected credit loss of each loan, minor units, rounded once, half up.

    round(exposure at default x loss rate / 10^9); the exposure at default is what is owed and the share of the undrawn
    limit that is drawn by then.

    >>> from datetime import date
    >>> from puhui.risk.loss_tables import loss_tables_on
    >>> loan = Exposure(1_000_000, 0, 1, 1, 0, 12, 0, 0)  # 10,000 yuan on a car, one year, no interest, paid at the end
    >>> expected_loss_minor(loan, loss_model(loss_tables_on(date(2026, 1, 1))))  # 1.2 % x 45 %
    5400
    """
    drawn_ppm = model.drawn_ppm(exposure.segment)
    at_default_minor = exposure.exposure_minor + round_mul_div(exposure.undrawn_minor, drawn_ppm, PPM)
    return round_mul_div(at_default_minor, loss_rate_ppb(exposure, model), PPB)


def loss_rate_ppb(exposure: Exposure, model: LossModel) -> Ints:
    """Return the loss rate of each loan in parts per billion of its exposure at default."""
    given_ppm = model.loss_ppm(exposure.segment)
    if not is_column(exposure.stage):
        return (_defaulted_ppb if exposure.stage == 3 else _live_ppb)(exposure, given_ppm, model)
    live_ppb, defaulted_ppb = _live_ppb(exposure, given_ppm, model), _defaulted_ppb(exposure, given_ppm, model)
    return choose(exposure.stage == 3, defaulted_ppb, live_ppb)


def _defaulted_ppb(exposure: Exposure, given_ppm: Ints, model: LossModel) -> Ints:
    """Return the loss rate after default: loss given default, discounted over the months to recovery."""
    whole_ppm = YEAR_MONTHS * PPM
    months = model.recovery_months(exposure.segment)
    return round_div(given_ppm * 1000 * whole_ppm, whole_ppm + exposure.effective_rate_ppm * months)


def _live_ppb(exposure: Exposure, given_ppm: Ints, model: LossModel) -> Ints:
    """Return the loss rate before default: the sum over the years of life that the stage looks at.

    A year's part: survivors x hazard x months / 12 x share of the principal still owed in its middle x loss given
    default, discounted from its middle (simple within a year, compound beyond).
    """
    months = greater(exposure.remaining_months, 1)
    looked_at_months = choose(exposure.stage == 2, months, lesser(months, YEAR_MONTHS))
    looked_at_months = choose(exposure.stage == 3, 0, looked_at_months)
    row, rate_ppm = _row(exposure), exposure.effective_rate_ppm
    alive_ppb: Ints = PPB
    factor_ppb: Ints = PPB
    total_ppb = row * 0
    for year in range(-(-largest(looked_at_months) // YEAR_MONTHS)):
        if year:
            factor_ppb = round_div(factor_ppb * PPM, PPM + rate_ppm)
        year_months = between(looked_at_months - YEAR_MONTHS * year, 0, YEAR_MONTHS)
        hazard_ppm = model.hazard_ppm[min(year, len(model.hazard_ppm) - 1)](row)
        rate_ppb = round_div(hazard_ppm * 1000 * year_months, YEAR_MONTHS)
        default_ppb = round_div(alive_ppb * rate_ppb, PPB) if year else rate_ppb
        loss_ppb = round_div(default_ppb * given_ppm, PPM)
        owed = 2 * (months - YEAR_MONTHS * year) - year_months
        loss_ppb = choose(exposure.amortising > 0, round_div(loss_ppb * greater(owed, 0), 2 * months), loss_ppb)
        middle_ppm = 2 * YEAR_MONTHS * PPM
        loss_ppb = round_div(loss_ppb * middle_ppm, middle_ppm + rate_ppm * year_months)
        total_ppb = total_ppb + (round_div(loss_ppb * factor_ppb, PPB) if year else loss_ppb)
        alive_ppb = alive_ppb - default_ppb
    return total_ppb
