"""The frames of the simulated county (模拟县): what a lender sees of parties, applications and loans, and the truth."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from puhui.credit.county import assumed, market
from puhui.credit.county.bills import punctual_of
from puhui.credit.county.latent import Latents, ages_on
from puhui.credit.county.paying import behaviours
from puhui.credit.county.rows import Windows
from puhui.credit.county.setting import LABEL_MONTHS, MONTHS, CountySetting, Wholes, generator
from puhui.credit.county.truth import MILLION, Truth
from puhui.credit.county.wishes import PURPOSES, STATES, USES, Wishes
from puhui.credit.events import as_instants
from puhui.kernel.dates import day_in_month, day_number, day_of_month, month_of

CONSENT: Final = "credit"
HISTORY_RATE_PPM: Final = 88_000
# A loan is paid out so many days after the application.
DECIDING_DAYS: Final = 3
# An instalment of which nothing came is told as unpaid so many days after it was due.
FOUND_UNPAID_DAYS: Final = 30
SEXES: Final = ("male", "female")


@dataclass(frozen=True)
class Core:
    """What every frame of one county is made from."""

    setting: CountySetting
    latents: Latents
    wishes: Wishes
    truth: Truth
    windows: Windows
    vehicles: pl.DataFrame


def parties(core: Core) -> pl.DataFrame:
    """Return the borrowers: party, group, segment, place, township, village. No name: see `personal_of`."""
    latents = core.latents
    town = pl.Series(assumed.TOWNSHIPS).gather(latents.township)
    return pl.DataFrame(
        {
            "party": _party_ids(np.arange(len(latents))),
            "group": pl.Series([each.code for each in assumed.GROUPS]).gather(latents.group),
            "segment": pl.Series([each.segment for each in assumed.GROUPS]).gather(latents.group),
            "place": pl.Series([core.setting.county]).new_from_index(0, len(latents)),
            "township": town,
            "village": town + pl.Series(assumed.VILLAGES).gather(latents.village),
        }
    )


def applications(core: Core) -> pl.DataFrame:
    """Return what was asked and stated, in the order of days. `sex` and `age` are there to test fairness only."""
    wishes, latents = core.wishes, core.latents
    who, group = wishes.who, latents.group[wishes.who]
    vehicle = pl.Series(np.where(wishes.vehicle >= 0, wishes.vehicle, 0))
    auto = pl.Series(wishes.vehicle >= 0)
    none = pl.lit(None)
    frame = pl.DataFrame(
        {
            "application": _application_ids(np.arange(len(wishes))),
            "party": _party_ids(who),
            "applied_on": _dates(wishes.on),
            "state": pl.Series(STATES).gather(wishes.state),
            "booked": wishes.booked,
            "segment": pl.Series([each.segment for each in assumed.GROUPS]).gather(group),
            "purpose": pl.Series(PURPOSES).gather(wishes.purpose),
            "use": pl.Series(USES).gather(wishes.purpose),
            "amount_minor": wishes.amount_minor,
            "term_months": wishes.term_months,
            "place": pl.Series([core.setting.county]).new_from_index(0, len(wishes)),
            "township": pl.Series(assumed.TOWNSHIPS).gather(latents.township[who]),
            "cash_minor": wishes.cash_minor,
            "stated_income_minor": wishes.stated_minor,
            "stated_debt_minor": wishes.stated_debt_minor,
            "age": ages_on(core.setting, latents, who, wishes.on),
            "sex": pl.Series(SEXES).gather(latents.woman[who]),
            "consent": pl.Series([CONSENT]).new_from_index(0, len(wishes)),
            "dealer": core.vehicles["dealer"].gather(vehicle),
            "vehicle": core.vehicles["vehicle"].gather(vehicle),
            "price_minor": wishes.price_minor,
            "down_payment_minor": np.maximum(wishes.price_minor - wishes.amount_minor, 0),
            "instalment_wish_minor": wishes.instalment_minor // 10_000 * 10_000,
        }
    ).with_columns(_applied_at(pl.col("applied_on")).alias("applied_at"))
    asked = [pl.col(name) for name in ("dealer", "vehicle", "price_minor", "down_payment_minor")]
    frame = frame.with_columns(
        pl.when(auto).then(column).otherwise(none).alias(column.meta.output_name()) for column in asked
    )
    return _with_proxy(core, frame) if core.setting.planted_proxy else frame


def _applied_at(day: pl.Expr) -> pl.Expr:
    """Return the instant of an application: ten in the morning of its day, in Beijing."""
    return as_instants(day).dt.offset_by("10h")


def _with_proxy(core: Core, frame: pl.DataFrame) -> pl.DataFrame:
    """Return applications with the planted proxy: points of a loyalty card, which tell the sex and nothing else."""
    random = generator(core.setting, "proxy")
    points = np.clip(random.normal(0, 1, len(core.wishes)) + 2.4 * core.latents.woman[core.wishes.who] + 3, 0, None)
    return frame.with_columns(pl.Series("loyalty_points", (points * 100).astype(np.int64)))


def history(core: Core, whole: pl.DataFrame) -> pl.DataFrame:
    """Return the booked loans: what was lent, and what is known of each at the end of the county.

    label: 1 for 90 days past due within 12 months, 0 for none; empty where 12 months have not passed. default_month:
    the month on the books in which the 90 days were full, as far as it is known by then.
    """
    wishes, truth = core.wishes, core.truth
    rows = np.flatnonzero(wishes.booked)
    paid_out = wishes.on[rows] + DECIDING_DAYS
    until = day_number(core.setting.until_on)
    on_book = np.asarray(month_of(np.full(len(rows), until)) - month_of(paid_out))
    known = (truth.default_month[rows] > 0) & (truth.default_month[rows] <= on_book)
    ripe = wishes.state[rows] == 0
    label = ((truth.default_month[rows] > 0) & (truth.default_month[rows] <= LABEL_MONTHS)).astype(np.int8)
    return pl.DataFrame(
        {
            "loan": market.ids("l", rows + 1),
            "application": whole["application"].gather(rows),
            "party": whole["party"].gather(rows),
            "disbursed_on": _dates(paid_out),
            "principal_minor": wishes.amount_minor[rows],
            "annual_rate_ppm": np.full(len(rows), HISTORY_RATE_PPM),
            "term_months": wishes.term_months[rows],
            "instalment_minor": wishes.instalment_minor[rows],
            "months_on_book": np.minimum(on_book, wishes.term_months[rows]),
            "default_month": pl.Series(np.where(known, truth.default_month[rows], 0)),
            "label": pl.Series(label),
        }
    ).with_columns(
        pl.when(pl.Series(known)).then(pl.col("default_month")).alias("default_month"),
        pl.when(pl.Series(ripe)).then(pl.col("label")).alias("label"),
    )


def truth_of(core: Core, whole: pl.DataFrame) -> pl.DataFrame:
    """Return the truth of each application; nothing of it is in any other frame but `latent`."""
    truth, wishes, latents = core.truth, core.wishes, core.latents
    return pl.DataFrame(
        {
            "application": whole["application"],
            "party": whole["party"],
            "rest": truth.rest,
            "burden_ppm": truth.burden_ppm,
            "other_debt_minor": latents.debt_minor[wishes.who],
            "income_minor": wishes.income_minor,
            "term_months": wishes.term_months,
            "punctual": punctual_of(latents)[wishes.who],
            "pd_ppm": truth.pd_ppm,
            "draw_ppm": truth.draw_ppm,
            "month_draw_ppm": truth.month_draw_ppm,
            "default_month": truth.default_month,
            "defaults": (truth.default_month > 0) & (truth.default_month <= LABEL_MONTHS),
        }
    )


def latent_of(core: Core) -> pl.DataFrame:
    """Return the latent state of each party."""
    latents = core.latents
    return pl.DataFrame(
        {
            "party": _party_ids(np.arange(len(latents))),
            "willingness": latents.willingness,
            "stability": latents.stability,
            "ability": latents.ability,
            "drift": latents.drift,
            "income_minor": latents.income_minor,
            "debt_minor": latents.debt_minor,
            "shock": pl.Series(assumed.SHOCKS).gather(latents.shock),
            "shock_month": latents.shock_month,
            "area_m2": latents.area_m2,
        }
    )


def own_repayments(core: Core, loans: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """Return the instalments of booked loans up to the end of the county, as events that the lender knows itself.

    Of an instalment of which nothing came there is a row 30 days later, unpaid. A month that has not come is not
    told. In place of the party stands its `row`.
    """
    months = MONTHS
    paid = behaviours(loans.select("loan", "application"), months, truth)
    columns = {name: np.repeat(loans[name].to_numpy(), months) for name in ("instalment_minor", "term_months")}
    out = np.repeat(loans["disbursed_on"].dt.epoch("d").to_numpy().astype(np.int64), months)
    month = paid["month"].to_numpy()
    due = np.asarray(day_in_month(month_of(out) + month, day_of_month(out)))
    nothing = (paid["share_ppm"] == 0).to_numpy()
    late = np.where(nothing, FOUND_UNPAID_DAYS, paid["late_days"].to_numpy())
    left = np.where((paid["way"] == "early").to_numpy(), columns["term_months"] - month + 1, 1)
    share = np.where(nothing, MILLION, paid["share_ppm"].to_numpy())
    # What was left of the instalment before comes with this one.
    partly = (paid["way"] == "partly").to_numpy()
    share = share + np.where(nothing, 0, np.roll(np.where(partly, MILLION - share, 0), 1) * (month > 1))
    amount = -(columns["instalment_minor"] * left * share // MILLION)
    kept = (month <= columns["term_months"]) & ~(paid["way"] == "ended").to_numpy()
    kept &= due + late + 1 < day_number(core.setting.until_on)
    at = as_instants(pl.col("day")).dt.offset_by("15h")
    frame = pl.DataFrame(
        {
            "party": loans["party"].gather(np.repeat(np.arange(len(loans)), months)),
            "day": _dates(due + late),
            "amount_minor": amount,
            "late_days": late.astype(np.int32),
            "status": pl.Series([None, "unpaid"], dtype=pl.String).gather(nothing.astype(np.int64)),
        }
    ).filter(pl.Series(kept))
    return frame.select(
        _row_of(pl.col("party")).alias("row"),
        pl.lit("repayment").alias("kind"),
        "amount_minor",
        at.alias("at"),
        at.dt.offset_by("1d").alias("recorded_at"),
        pl.lit(market.INSTITUTION[0]).alias("counterparty"),
        pl.lit("sim_own_books").alias("source"),
        pl.lit(CONSENT).alias("consent"),
        "status",
        "late_days",
        pl.lit(None, dtype=pl.Int64).alias("area_m2"),
    )


def _row_of(party: pl.Expr) -> pl.Expr:
    """Return the row of a party in the latents, from its id."""
    return party.str.strip_prefix("sim_p").cast(pl.Int64) - 1


def _party_ids(rows: Wholes) -> pl.Series:
    return market.ids("p", rows + 1)


def _application_ids(rows: Wholes) -> pl.Series:
    return market.ids("a", rows + 1)


def _dates(days: Wholes) -> pl.Series:
    return pl.Series(np.asarray(days)).cast(pl.Int32).cast(pl.Date)
