"""What the simulated parties (模拟当事人) apply for: when, for what, how much, how long, with how much cash in hand.

Three states: `ripe` (12 months or more ago: booked ones have a label), `recent` (booked, no label yet) and `new` (the
last month: to be decided). A tenth of those with a ripe loan come again in the last month.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from puhui.credit.county import assumed
from puhui.credit.county.latent import Latents
from puhui.credit.county.setting import (
    APPLICATION_MONTHS,
    BEFORE_MONTHS,
    LABEL_MONTHS,
    MONTHS,
    CountySetting,
    Flags,
    Floats,
    Wholes,
    generator,
)
from puhui.kernel.dates import FIRST_DAY_OF_MONTH

STATES: Final = ("ripe", "recent", "new")
STATE_SHARES: Final = (0.65, 0.12, 0.23)
AGAIN_SHARE: Final = 0.10
PURPOSES: Final = ("auto", "farm", "shop", "personal")
# The word of the product catalogue for each purpose.
USES: Final = ("vehicle", "farm_inputs", "stock", "daily_consumption")
AUTO, FARM, SHOP, PERSONAL = range(4)
TERMS: Final = ((24, 36, 48, 60), (12, 12, 18, 24), (12, 18, 24, 36), (6, 12, 18, 24))
# What an application's instalment is reckoned with before an offer exists: flat, a year.
FLAT_PPM: Final = 45_000
STEP_MINOR: Final = 100_000
LEAST_MINOR: Final = (1_600_000, 500_000, 1_000_000, 400_000)
MOST_MINOR: Final = (22_000_000, 19_000_000, 29_000_000, 6_000_000)
# The old policy that decided the past: too much burden by what was stated, and a few for reasons nobody kept.
OLD_MOST_BURDEN, OLD_STRICT, OLD_OTHER = 0.85, 0.8, 0.05


@dataclass(frozen=True)
class Wishes:
    """Columns of one row an application, in the order of their days; `who` is the row of the party in the latents."""

    who: Wholes
    state: Wholes
    on: Wholes
    month: Wholes
    purpose: Wholes
    amount_minor: Wholes
    term_months: Wholes
    instalment_minor: Wholes
    cash_minor: Wholes
    income_minor: Wholes
    stated_minor: Wholes
    stated_debt_minor: Wholes
    vehicle: Wholes
    price_minor: Wholes
    booked: Flags

    def __len__(self) -> int:
        return len(self.who)


def make_wishes(setting: CountySetting, latents: Latents, vehicles: pl.DataFrame) -> Wishes:
    """Return every application of the 24 months."""
    random = generator(setting, "wishes")
    who, state, month = _when(latents, random)
    first = np.asarray(FIRST_DAY_OF_MONTH(setting.first_month + month))
    on = first + random.integers(2, 28, len(who))
    order = np.lexsort((who, on))
    who, state, month, on = who[order], state[order], month[order], on[order]
    income = income_before(latents, who, month)
    purpose = _purposes(latents.group[who], random)
    vehicle, price = _vehicles(income, purpose, vehicles, random)
    amount, term = _amounts(latents, who, income, purpose, random)
    down = np.clip(0.20 + 0.10 * random.standard_normal(len(who)) + 0.05 * latents.ability[who], 0.10, 0.60)
    amount = np.where(purpose == AUTO, price - (price * down).astype(np.int64), amount)
    least, most = np.array(LEAST_MINOR)[purpose], np.array(MOST_MINOR)[purpose]
    amount = np.clip(amount // STEP_MINOR * STEP_MINOR, least, most)
    savings = np.exp(0.2 + 0.7 * latents.ability[who] + 0.3 * random.standard_normal(len(who)))
    cash = np.where(purpose == AUTO, price - amount, 0) + (np.clip(savings, 0.02, 12) * income).astype(np.int64)
    stated, debt = _stated(latents, who, income, random)
    instalment = instalment_of(amount, term)
    booked = _booked(state, instalment, debt, stated, random)
    return Wishes(
        who=who,
        state=state,
        on=on,
        month=month,
        purpose=purpose,
        amount_minor=amount,
        term_months=term,
        instalment_minor=instalment,
        cash_minor=cash // 10_000 * 10_000,
        income_minor=income,
        stated_minor=stated,
        stated_debt_minor=debt,
        vehicle=vehicle,
        price_minor=price,
        booked=booked,
    )


def instalment_of(amount: Wholes, term: Wholes) -> Wholes:
    """Return the level monthly burden that an amount is reckoned with: flat at `FLAT_PPM` a year, rounded up."""
    owed = amount + amount * FLAT_PPM // 1_000_000 * term // 12
    return np.asarray(-(-owed // term))


def income_before(latents: Latents, who: Wholes, month: Wholes) -> Wholes:
    """Return the mean true income of the twelve months before that of the application, in minor units."""
    summed = np.concatenate([np.zeros((len(latents), 1), np.int64), np.cumsum(latents.flow, axis=1)], axis=1)
    whole = summed[who, month] - summed[who, month - BEFORE_MONTHS]
    return np.asarray(np.maximum(whole // BEFORE_MONTHS, 50_000))


def _when(latents: Latents, random: np.random.Generator) -> tuple[Wholes, Wholes, Wholes]:
    """Return party, state and month of the grid of each application: one a party, and some come again."""
    count = len(latents)
    state = random.choice(len(STATES), count, p=STATE_SHARES).astype(np.int64)
    ripe = BEFORE_MONTHS + random.integers(0, APPLICATION_MONTHS - LABEL_MONTHS, count)
    recent = MONTHS - LABEL_MONTHS + random.integers(0, LABEL_MONTHS - 1, count)
    month = np.where(state == 0, ripe, np.where(state == 1, recent, MONTHS - 1))
    again = np.flatnonzero((state == 0) & (random.random(count) < AGAIN_SHARE))
    return (
        np.concatenate([np.arange(count), again]),
        np.concatenate([state, np.full(len(again), 2)]),
        np.concatenate([month, np.full(len(again), MONTHS - 1)]),
    )


def _purposes(group: Wholes, random: np.random.Generator) -> Wholes:
    chances = np.cumsum([each.purposes for each in assumed.GROUPS], axis=1)[group]
    return np.asarray((random.random(len(group))[:, None] > chances[:, :3]).sum(axis=1))


def _vehicles(
    income: Wholes, purpose: Wholes, vehicles: pl.DataFrame, random: np.random.Generator
) -> tuple[Wholes, Wholes]:
    """Return row and price of the vehicle next above what a party wishes to spend; -1 and 0 where it wants none."""
    by_price = vehicles["price_minor"].arg_sort().to_numpy().astype(np.int64)
    prices = vehicles["price_minor"].to_numpy()[by_price]
    wished = income * random.uniform(8, 20, len(income))
    near = np.searchsorted(prices, wished) + random.integers(-2, 3, len(income))
    row = by_price[np.clip(near, 0, len(by_price) - 1)]
    wanted = purpose == AUTO
    return np.where(wanted, row, -1), np.where(wanted, vehicles["price_minor"].to_numpy()[row], 0)


def _amounts(
    latents: Latents, who: Wholes, income: Wholes, purpose: Wholes, random: np.random.Generator
) -> tuple[Wholes, Wholes]:
    """Return amount (minor units; of a car it comes from the price) and term (months) that each wishes."""
    count = len(who)
    spread = np.exp(random.normal(0, 0.45, count))
    a_mu = 900 * 100 * latents.area_m2[who] // assumed.SQUARE_METRES_PER_MU
    farm = np.maximum(a_mu, 1_000_000) * spread
    shop = income * 4.5 * spread
    personal = income * 2.6 * spread
    amount = np.choose(purpose, [income, farm, shop, personal]).astype(np.int64)
    term = np.array(TERMS)[purpose, random.integers(0, 4, count)]
    return amount, np.asarray(term, dtype=np.int64)


def _stated(latents: Latents, who: Wholes, income: Wholes, random: np.random.Generator) -> tuple[Wholes, Wholes]:
    """Return stated income and stated debt service a month: the less willing overstate the one, hide of the other."""
    count = len(who)
    hidden = np.clip(-latents.willingness[who], 0, 2)
    told = np.exp(0.03 + 0.05 * hidden + 0.10 * random.standard_normal(count))
    stated = (income * told).astype(np.int64) // 10_000 * 10_000
    shown = np.clip(1 - 0.25 * hidden * random.random(count), 0, 1)
    return np.maximum(stated, 10_000), (latents.debt_minor[who] * shown).astype(np.int64) // 1_000 * 1_000


def _booked(state: Wholes, instalment: Wholes, debt: Wholes, stated: Wholes, random: np.random.Generator) -> Flags:
    """Return which the old policy lent to: all but most of the overburdened, and a few. New ones: nobody yet."""
    burden: Floats = (instalment + debt) / stated
    strict = (burden > OLD_MOST_BURDEN) & (random.random(len(state)) < OLD_STRICT)
    other = random.random(len(state)) < OLD_OTHER
    return np.asarray((state < 2) & ~strict & ~other)
