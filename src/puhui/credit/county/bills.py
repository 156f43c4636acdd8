"""Bills and instalments of the simulated county (模拟县): electricity, telephone, earlier loans, the bank's own loans.

One trait, punctuality (0.9 willingness + 0.5 ability), decides the chance to be late with any of them; a month in
which a shock bites doubles the odds twice over. Who is more than 60 days late is found unpaid.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from puhui.credit.county.latent import Latents
from puhui.credit.county.paying import late_chance
from puhui.credit.county.rows import Block, Happening, instants
from puhui.credit.county.setting import Floats, Wholes

UNPAID_AFTER_DAYS: Final = 60
# Yuan of the dearer and the cheaper telephone plan that the planted proxy gives to men and to women.
PROXY_PLANS: Final = (89, 39)
PLANS: Final = (39, 59, 89, 129)


def punctual_of(latents: Latents) -> Floats:
    """Return the trait that bills and loans share: 0.9 willingness + 0.5 ability."""
    return np.asarray(0.9 * latents.willingness + 0.5 * latents.ability)


def bills(block: Block) -> Iterator[Happening]:
    """Yield electricity and telephone bills of everybody, and instalments of earlier loans of those who have one."""
    latents = block.latents
    everybody = np.ones(len(latents), bool)
    yield _paid(block, "bill", "sim_power", everybody, _electricity(block))
    yield _paid(block, "bill", "sim_telecom", everybody, _telephone(block))
    yield _paid(block, "repayment", "sim_lender", latents.old_loan == 1, np.maximum(latents.debt_minor, 5_000)[:, None])


def _electricity(block: Block) -> Wholes:
    """Return yuan of power by party and month, in minor units: more in summer and winter, more for who earns more."""
    latents, random = block.latents, block.random("power")
    season = np.array((1.25, 1.15, 0.9, 0.8, 0.8, 1.0, 1.4, 1.45, 1.0, 0.8, 0.9, 1.15))
    months = np.arange(latents.flow.shape[1])
    level = 40 + 0.00012 * latents.income_minor
    noise = np.exp(0.18 * random.standard_normal(latents.flow.shape))
    amount = level[:, None] * season[block.calendar(months) - 1] * noise * 100
    return np.asarray(np.clip(amount, 1_000, 80_000).astype(np.int64))


def _telephone(block: Block) -> Wholes:
    """Return the telephone bill by party, in minor units; under the planted proxy the plan tells the sex."""
    latents, random = block.latents, block.random("telephone")
    plan = random.integers(0, len(PLANS), len(latents))
    plans = np.array(PLANS)[plan]
    if block.setting.planted_proxy:
        plans = np.where(random.random(len(latents)) < 0.9, np.array(PROXY_PLANS)[latents.woman], plans)
    return np.asarray(plans[:, None] * 100)


def _paid(block: Block, kind: str, source: str, wanted: np.typing.NDArray[np.bool_], due: Wholes) -> Happening:
    """Return one row a month: the day it was paid with the days after due (before due < 0), or found unpaid."""
    latents, random = block.latents, block.random(f"paying {source}")
    who, month = block.cells(wanted)
    due_day = random.integers(9, 24, len(latents))[who]
    since = month - latents.shock_month[who]
    hit = (latents.shock[who] > 0) & (since >= 0) & (since < 4)
    chance = late_chance(punctual_of(latents)[who] - 1.4 * hit + 0.25 * random.standard_normal(len(who)))
    late = random.random(len(who)) < chance
    # How late: days with a mean that grows as the trait falls.
    mean = np.clip(9 * np.exp(-0.45 * punctual_of(latents)[who]), 2, 60)
    days = np.where(late, 1 + random.exponential(mean).astype(np.int64), -random.integers(0, 6, len(who)))
    unpaid = days > UNPAID_AFTER_DAYS
    days = np.minimum(days, UNPAID_AFTER_DAYS)
    amounts = np.broadcast_to(due, latents.flow.shape)[who, month]
    status = pl.Series([None, "unpaid"], dtype=pl.String).gather(unpaid.astype(np.int64))
    return Happening(
        kind,
        source,
        who,
        instants(block, month, due_day + days, random.integers(8 * 60, 21 * 60, len(who))),
        -amounts,
        source,
        status,
        days,
        service=source == "sim_telecom",
    )
