"""Farms and fields of the simulated county (模拟县): plots, sowings, harvests in their months.

What a harvest brings is area x yield x price x the county's weather x the farm's own luck and growth; a failed
crop brings little. Villagers with fields sell too, less.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from puhui.credit.county import assumed
from puhui.credit.county.latent import DRIFT_A_MONTH
from puhui.credit.county.rows import Block, Happening, instants, numbered
from puhui.credit.county.setting import MONTHS, Wholes, generator

# A year's harvest of a county does well or badly for all: one standard deviation of its logarithm.
WEATHER: Final = 0.10
PLOTS: Final = 3
# January: when a year's rent of plots is paid.
RENT_MONTH: Final = 1


def farms(block: Block) -> Iterator[Happening]:
    """Yield plots, sowings and harvests of farms and of villagers with fields."""
    yield _plots(block)
    for place in range(len(assumed.ROTATIONS[0])):
        yield _sown(block, place)
        yield _harvested(block, place)


def _farmed(block: Block) -> np.typing.NDArray[np.bool_]:
    return np.asarray(block.latents.area_m2 > 0)


def _plots(block: Block) -> Happening:
    """Up to three plots a party, in the first month seen and each January; villagers farm their own, without rent."""
    latents, random = block.latents, block.random("plots")
    who, month = block.cells(_farmed(block))
    first = np.argmax(block.windows.seen, axis=1)[who]
    told = (month == first) | (block.calendar(month) == RENT_MONTH)
    who, month = np.repeat(who[told], PLOTS), np.repeat(month[told], PLOTS)
    number = np.tile(np.arange(PLOTS), len(who) // PLOTS)
    area = latents.area_m2[who] * np.array((5, 3, 2))[number] // 10
    rented = (latents.group[who] == assumed.FARM) & (number > 0) & (block.calendar(month) == RENT_MONTH)
    rent = np.where(rented, -(area * assumed.RENT_A_MU * 100 // assumed.SQUARE_METRES_PER_MU), 0)
    at = instants(block, month, random.integers(0, 3, len(who)), 10 * 60)
    plot = numbered("plot", (block.start + who) * PLOTS + number, 7)
    return Happening("farm_plot", "sim_land", who, at, rent, plot, area_m2=area)


def _crop(block: Block, who: Wholes, place: int) -> Wholes:
    """Return which crop is the first or second of each party's year."""
    return np.asarray(np.array(assumed.ROTATIONS)[block.latents.rotation[who], place])


def _sown(block: Block, place: int) -> Happening:
    """The cost of a sowing, in the month of the crop."""
    latents, random = block.latents, block.random(f"sown {place}")
    who, month = block.cells(_farmed(block))
    crop = _crop(block, who, place)
    now = block.calendar(month) == np.array([each.sown for each in assumed.CROPS])[crop]
    who, month, crop = who[now], month[now], crop[now]
    cost = np.array([each.sowing for each in assumed.CROPS])[crop] * np.exp(0.12 * random.standard_normal(len(who)))
    amount = -(latents.area_m2[who] * cost * 100 / assumed.SQUARE_METRES_PER_MU).astype(np.int64)
    at = instants(block, month, random.integers(0, 25, len(who)), 11 * 60)
    plot = numbered("plot", (block.start + who) * PLOTS, 7)
    return Happening("farm_sown", "sim_coop", who, at, amount, plot, area_m2=latents.area_m2[who])


def _harvested(block: Block, place: int) -> Happening:
    """A harvest sold: within the month of the crop, to one of the county's buyers."""
    latents, random = block.latents, block.random(f"harvested {place}")
    weather = WEATHER * generator(block.setting, "weather").standard_normal(MONTHS)
    who, month = block.cells(_farmed(block))
    crop = _crop(block, who, place)
    now = block.calendar(month) == np.array([each.harvested for each in assumed.CROPS])[crop]
    who, month, crop = who[now], month[now], crop[now]
    a_mu = np.array([each.kg * each.price for each in assumed.CROPS])[crop]
    since = month - latents.shock_month[who]
    failed = (latents.shock[who] == assumed.SHOCKS.index("crop_failure")) & (since >= 0) & (since < 6)
    drift = DRIFT_A_MONTH * latents.drift[who] * (month - MONTHS // 2)
    luck = np.exp(
        weather[month] + drift + 0.15 * np.exp(-0.3 * latents.stability[who]) * random.standard_normal(len(who))
    )
    amount = latents.area_m2[who] * a_mu * 100 / assumed.SQUARE_METRES_PER_MU * luck * np.where(failed, 0.3, 1.0)
    at = instants(block, month, random.integers(3, 27, len(who)), random.integers(8 * 60, 17 * 60, len(who)))
    buyer = numbered("g", random.integers(0, 12, len(who)), 3)
    return Happening("farm_harvest", "sim_coop", who, at, amount.astype(np.int64), buyer, area_m2=latents.area_m2[who])
