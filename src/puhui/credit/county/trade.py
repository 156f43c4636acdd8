"""Shops and suppliers of the simulated county (模拟县): daily takings, orders from buyers, VAT-like invoices.

Takings are several times the owner's income and follow it; a shop that closes has no rows for its months. Suppliers
sell to a few buyers: the less steady, the fewer; bad habits show as void and red-letter invoices.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from puhui.credit.county import assumed
from puhui.credit.county.rows import Block, Happening, instants, numbered
from puhui.credit.county.setting import Wholes

# Takings for one yuan of the owner's income, and what is bought for them.
TAKINGS_TIMES: Final = 5.0
SALES_TIMES: Final = 8.0
BOUGHT_SHARE: Final = 0.72
SELLING_DAYS: Final = 28
WEEK: Final = (0.92, 0.90, 0.93, 0.96, 1.05, 1.16, 1.08)
RED_LETTER_DAYS: Final = 12


def trade(block: Block) -> Iterator[Happening]:
    """Yield the sales of shops and the orders and invoices of suppliers in the block."""
    yield _takings(block)
    yield _stock(block)
    yield _buyers_orders(block)
    yield from _invoices(block)


def _takings(block: Block) -> Happening:
    """A day's takings of each shop, 28 days a month; some days shut, more where less steady."""
    latents, random = block.latents, block.random("takings")
    who, month = block.cells(latents.group == assumed.SHOP)
    who, month = np.repeat(who, SELLING_DAYS), np.repeat(month, SELLING_DAYS)
    day = np.tile(np.arange(SELLING_DAYS), len(who) // SELLING_DAYS)
    at = instants(block, month, day, 21 * 60 + random.integers(0, 120, len(who)))
    week = np.array(WEEK)[(at // 86_400_000_000 + 3) % 7]
    level = latents.flow[who, month] * TAKINGS_TIMES / SELLING_DAYS
    noise = np.exp(0.22 * np.exp(-0.3 * latents.stability[who]) * random.standard_normal(len(who)))
    amount = (level * week * noise).astype(np.int64)
    shut = random.random(len(who)) < np.clip(0.05 * np.exp(-0.5 * latents.stability[who]), 0, 0.4)
    closed = latents.shock[who] == len(assumed.SHOCKS) - 1
    since = month - latents.shock_month[who]
    # A closure: the first two months have no takings at all.
    open_day = ~(shut | (closed & (since >= 0) & (since < 2)))
    return Happening("sale", "sim_till", who[open_day], at[open_day], amount[open_day], "sim_customers")


def _stock(block: Block) -> Happening:
    """Four purchases of stock a month of each shop."""
    latents, random = block.latents, block.random("stock")
    who, month = block.cells(latents.group == assumed.SHOP)
    who, month = np.repeat(who, 4), np.repeat(month, 4)
    level = latents.income_minor[who] * TAKINGS_TIMES * BOUGHT_SHARE / 4
    amount = -(level * np.exp(0.3 * random.standard_normal(len(who)))).astype(np.int64)
    at = instants(block, month, random.integers(0, 28, len(who)), random.integers(6 * 60, 18 * 60, len(who)))
    return Happening("order", "sim_wholesale", who, at, amount, numbered("w", random.integers(0, 25, len(who)), 3))


def _buyers(block: Block, who: Wholes, random: np.random.Generator) -> Wholes:
    """Return a buyer of each row: a party has one to ten, and the first takes most."""
    spread = np.clip(5 + 2 * block.latents.stability[who], 1, 10)
    place = (random.random(len(who)) ** 2 * spread).astype(np.int64)
    return np.asarray((block.start + who) * 11 + place) % 90_000


def _buyers_orders(block: Block) -> Happening:
    """Orders that suppliers took, three to nine a month; some cancelled or returned."""
    latents, random = block.latents, block.random("buyers")
    who, month = block.cells(latents.group == assumed.SUPPLIER)
    times = random.integers(3, 10, len(who))
    level = np.repeat(latents.flow[who, month] * SALES_TIMES / np.maximum(times, 1), times)
    who, month = np.repeat(who, times), np.repeat(month, times)
    amount = (level * np.exp(0.4 * random.standard_normal(len(who)))).astype(np.int64)
    back = random.random(len(who)) < np.clip(0.04 * np.exp(-0.4 * latents.stability[who]), 0, 0.5)
    choice = np.where(back, random.integers(1, 3, len(who)), 0)
    status = pl.Series([None, "cancelled", "returned"], dtype=pl.String).gather(choice)
    at = instants(block, month, random.integers(0, 28, len(who)), random.integers(8 * 60, 18 * 60, len(who)))
    return Happening("sale", "sim_orders", who, at, amount, numbered("b", _buyers(block, who, random)), status)


def _invoices(block: Block) -> Iterator[Happening]:
    """Invoices with tax: sold four to nine a month, bought three to six; void ones, and red letters some days after."""
    latents = block.latents
    for kind, least, most, times_income in (
        ("invoice_sold", 4, 10, SALES_TIMES),
        ("invoice_bought", 3, 7, SALES_TIMES * BOUGHT_SHARE),
    ):
        random = block.random(kind)
        who, month = block.cells(latents.group == assumed.SUPPLIER)
        times = random.integers(least, most, len(who))
        level = np.repeat(latents.flow[who, month] * times_income / times, times)
        who, month = np.repeat(who, times), np.repeat(month, times)
        amount = (level * np.exp(0.35 * random.standard_normal(len(who)))).astype(np.int64)
        day = random.integers(0, 28, len(who))
        bad = np.exp(-0.5 * latents.willingness[who] - 0.2 * latents.stability[who])
        void = random.random(len(who)) < np.clip(0.03 * bad, 0, 0.5)
        red = ~void & (random.random(len(who)) < np.clip(0.02 * bad, 0, 0.5))
        other = _buyers(block, who, random)
        at = instants(block, month, day, random.integers(9 * 60, 18 * 60, len(who)))
        later = instants(block, month[red], day[red] + RED_LETTER_DAYS, 10 * 60)
        status = pl.Series([None, "void"], dtype=pl.String).gather(
            np.concatenate([void.astype(np.int64), np.zeros(int(red.sum()), np.int64)])
        )
        yield Happening(
            kind,
            "sim_tax",
            np.concatenate([who, who[red]]),
            np.concatenate([at, later]),
            np.concatenate([amount, -amount[red]]),
            numbered("b", np.concatenate([other, other[red]])),
            status,
        )
