"""The latent state of every simulated party (模拟当事人): what decides who pays, and what nobody observes.

Four traits, standard normal with correlation 0.3 between them: willingness (to pay when one can), stability (of
income), ability (savings behind the income), drift (income grows or shrinks). Beside them the level of income, the
debts, and at most one shock within the 36 months.
"""

from dataclasses import dataclass, fields

import numpy as np

from puhui.credit.county import assumed
from puhui.credit.county.setting import MONTHS, CountySetting, Floats, Matrix, Wholes, generator
from puhui.kernel.dates import day_number

TRAIT_CORRELATION = 0.3
# Income grows or shrinks so much a month for one standard deviation of drift.
DRIFT_A_MONTH = 0.008
OLD_LOAN_SHARE, CARD_SHARE = 0.45, 0.35


@dataclass(frozen=True)
class Latents:
    """Columns of one row a party, and `flow`: true income by party and month of the grid, in minor units."""

    group: Wholes
    township: Wholes
    village: Wholes
    age: Wholes
    woman: Wholes
    willingness: Floats
    stability: Floats
    ability: Floats
    drift: Floats
    income_minor: Wholes
    debt_minor: Wholes
    old_loan: Wholes
    card: Wholes
    shock: Wholes
    shock_month: Wholes
    area_m2: Wholes
    rotation: Wholes
    flow: Matrix

    def part(self, start: int, end: int) -> "Latents":
        """Return the parties from `start` to before `end`."""
        return Latents(**{each.name: getattr(self, each.name)[start:end] for each in fields(self)})

    def __len__(self) -> int:
        return len(self.group)


def make_latents(setting: CountySetting) -> Latents:
    """Return the latent state of every borrower: people first, then farms, shops and suppliers."""
    random = generator(setting, "latent")
    group = _groups(setting, random)
    count = len(group)
    common = random.standard_normal((count, 1))
    own = random.standard_normal((count, 4))
    traits = np.sqrt(TRAIT_CORRELATION) * common + np.sqrt(1 - TRAIT_CORRELATION) * own
    willingness, stability, ability, drift = np.ascontiguousarray(traits.T)
    township = random.choice(len(assumed.TOWNSHIPS), count, p=assumed.TOWNSHIP_SHARES)
    income = _incomes(group, township, random)
    old_loan = (random.random(count) < OLD_LOAN_SHARE).astype(np.int64)
    share = old_loan * np.clip(random.beta(2.0, 6.0, count) - 0.03 * ability, 0.02, 0.6)
    shock, shock_month = _shocks(group, stability, random)
    farmed = np.isin(group, (assumed.FARM, assumed.VILLAGER))
    large = income * 12 * assumed.FARM_SALES_TIMES / (100 * assumed.SALES_A_MU) * np.exp(random.normal(0, 0.2, count))
    mu = np.where(group == assumed.FARM, large, random.uniform(2, 6, count))
    flow = _flow(group, income, stability, drift, _Shock(shock, shock_month, random), setting)
    return Latents(
        group=group,
        township=township,
        village=random.integers(0, len(assumed.VILLAGES), count),
        age=np.clip(random.normal(41, 10.5, count), 20, 62).astype(np.int64),
        woman=(random.random(count) < np.where(group == assumed.DRIVER, 0.12, 0.47)).astype(np.int64),
        willingness=willingness,
        stability=stability,
        ability=ability,
        drift=drift,
        income_minor=income,
        debt_minor=(share * income).astype(np.int64),
        old_loan=old_loan,
        card=(random.random(count) < CARD_SHARE).astype(np.int64),
        shock=shock,
        shock_month=shock_month,
        area_m2=np.where(farmed, (mu * assumed.SQUARE_METRES_PER_MU).astype(np.int64), 0),
        rotation=random.choice(len(assumed.ROTATIONS), count, p=assumed.ROTATION_SHARES),
        flow=flow,
    )


@dataclass(frozen=True)
class _Shock:
    """The shocks, and the random numbers that say how deep each goes."""

    kind: Wholes
    month: Wholes
    random: np.random.Generator


def _groups(setting: CountySetting, random: np.random.Generator) -> Wholes:
    sizes = setting.sizes
    people = random.choice(len(assumed.PEOPLE_SHARES), sizes["people"], p=assumed.PEOPLE_SHARES)
    firms = [
        np.full(sizes[name], group)
        for name, group in (("farms", assumed.FARM), ("shops", assumed.SHOP), ("suppliers", assumed.SUPPLIER))
    ]
    return np.concatenate([people, *firms]).astype(np.int64)


def _incomes(group: Wholes, township: Wholes, random: np.random.Generator) -> Wholes:
    """Return the mean income of a month in minor units, whole yuan within the county's bounds."""
    median = np.array([each.income for each in assumed.GROUPS])[group]
    spread = np.array([each.spread for each in assumed.GROUPS])[group]
    income = median * np.array(assumed.TOWNSHIP_INCOME)[township] * np.exp(random.normal(0, spread))
    whole = np.clip(income, assumed.LEAST_INCOME, assumed.MOST_INCOME).astype(np.int64)
    return np.asarray(whole * 100)


def _shocks(group: Wholes, stability: Floats, random: np.random.Generator) -> tuple[Wholes, Wholes]:
    """Return kind and month of the shock of each party; kind 0 and month -1 where there is none.

    A less stable party is hit more often: the chance is multiplied by exp(-0.25 stability). Crops fail in the
    months before a harvest, which the month of the grid alone decides.
    """
    count = len(group)
    hit = random.random(count) < assumed.SHOCK_CHANCE * np.exp(-0.25 * stability)
    firm = {assumed.FARM: 3, assumed.SHOP: 4}
    kind = np.where(random.random(count) < 0.5, 1, 2)
    for code, shock in firm.items():
        kind = np.where((group == code) & (random.random(count) < 0.8), shock, kind)
    month = random.integers(0, MONTHS, count)
    return np.where(hit, kind, 0), np.where(hit, month, -1)


def _flow(
    group: Wholes, income: Wholes, stability: Floats, drift: Floats, shock: _Shock, setting: CountySetting
) -> Matrix:
    """Return true income by party and month: level x season x growth x noise x what the shock leaves, whole minor."""
    random = shock.random
    months = np.arange(MONTHS)
    calendar = (setting.first_month + months) % 12
    season = assumed.season_table()[group][:, calendar]
    growth = np.exp(DRIFT_A_MONTH * drift[:, None] * (months - MONTHS // 2))
    sigma = np.array([each.noise for each in assumed.GROUPS])[group] * np.exp(-0.35 * stability)
    noise = np.exp(np.clip(random.standard_normal((len(group), MONTHS)) * sigma[:, None], -0.9, 0.7))
    left = random.uniform(*assumed.SHOCK_LEFT, len(group))
    since = months - shock.month[:, None]
    hit = (shock.kind[:, None] > 0) & (since >= 0) & (since < assumed.SHOCK_MONTHS)
    flow = income[:, None] * season * growth * noise * np.where(hit, left[:, None], 1.0)
    return np.asarray(np.clip(flow, 0, income[:, None] * assumed.HIGHEST_SEASON).astype(np.int64))


def ages_on(setting: CountySetting, latents: Latents, who: Wholes, on: Wholes) -> Wholes:
    """Return the age in whole years of parties on days (day numbers), from the age at the end of the grid."""
    return np.asarray(latents.age[who] - (day_number(setting.until_on) - on) // 366)
