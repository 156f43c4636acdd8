"""Money of simulated people (模拟人): wages, wallet and bank flows, balances, orders, cards, inquiries, places.

Spending is a share of income that falls with savings; the balance is a buffer of months of income that follows the
flow. Nothing here reads the truth of a loan: only the latent traits, which the truth reads too.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl

from puhui.credit.county import assumed
from puhui.credit.county.rows import Block, Happening, instants, numbered
from puhui.credit.county.setting import Wholes
from puhui.kernel.dates import FIRST_DAY_OF_MONTH

# Group, kind and source of its payments, how many a month, and what share of its income they are.
INCOMES: Final = (
    (assumed.VILLAGER, "bank_in", "sim_bank", 2, 0.75),
    (assumed.TRADER, "wallet_in", "sim_wallet", 8, 1.0),
    (assumed.DRIVER, "wallet_in", "sim_wallet", 6, 1.0),
    (assumed.FARM, "wallet_in", "sim_wallet", 1, 0.15),
    (assumed.SUPPLIER, "bank_in", "sim_bank", 3, 1.0),
)


def flows(block: Block) -> Iterator[Happening]:
    """Yield the money events of everybody in the block."""
    yield from _incomes(block)
    yield from _spending(block)
    yield _balances(block)
    yield _orders(block)
    yield from _cards(block)
    yield from _bureau(block)
    yield _places(block)


def _incomes(block: Block) -> Iterator[Happening]:
    """Wages once a month; what villagers send home, traders take and drivers earn in several payments a month.

    A farm's income beside its harvests and a shop's takings come from `farms` and `trade`.
    """
    group, flow = block.latents.group, block.latents.flow
    random = block.random("wages")
    who, month = block.cells(group == assumed.WAGE_EARNER)
    employer = (random.integers(0, 400, len(group)))[who]
    payday = np.array((9, 14, 24))[employer % 3] + random.integers(0, 2, len(who))
    amount = flow[who, month]
    paid = amount >= 20_000
    at = instants(block, month, payday, 9 * 60 + random.integers(0, 480, len(who)))
    yield Happening("wage", "sim_bank", who[paid], at[paid], amount[paid], numbered("e", employer[paid]))
    for code, kind, source, times, share in INCOMES:
        random = block.random(f"income {code}")
        who, month = block.cells(group == code)
        season = assumed.season_table()[code][block.calendar(month) - 1]
        farmed = code in (assumed.VILLAGER, assumed.FARM)
        # What the season brings to those with fields is their harvest, not what is sent or earned beside it.
        amount = (share * flow[who, month] / np.where(farmed, season, 1.0)).astype(np.int64)
        yield _split(block, Happening(kind, source, who, month, amount), times, random)


def _split(block: Block, whole: Happening, times: int, random: np.random.Generator) -> Happening:
    """Return monthly amounts as some payments each (`at` of the whole are months), from a few payers a party."""
    count = len(whole.who)
    weight = random.gamma(2.0, 1.0, (count, times))
    assert whole.amount_minor is not None, "there is an amount to split"
    parts = (np.abs(whole.amount_minor)[:, None] * weight / weight.sum(axis=1, keepdims=True)).astype(np.int64)
    # A steadier party has fewer payers who stay.
    spread = np.clip(6 - 2 * block.latents.stability[whole.who], 1, 12).astype(np.int64)
    payer = np.asarray(block.start + whole.who)[:, None] * 13 + random.integers(0, 99, (count, times)) % spread[:, None]
    day, minute = random.integers(0, 28, (count, times)), random.integers(7 * 60, 22 * 60, (count, times))
    at = instants(block, np.repeat(whole.at, times), day.ravel(), minute.ravel())
    sign = 1 if whole.kind.endswith("_in") else -1
    return Happening(
        whole.kind,
        whole.source,
        np.repeat(whole.who, times),
        at,
        sign * parts.ravel(),
        numbered("c", payer.ravel() % 90_000),
    )


def _spending(block: Block) -> Iterator[Happening]:
    """Four payments a month by wallet and one by bank; the less saved, the more of the income is spent."""
    latents = block.latents
    for kind, source, times, share in (("wallet_out", "sim_wallet", 4, 0.52), ("bank_out", "sim_bank", 1, 0.25)):
        random = block.random(f"spending {kind}")
        who, month = block.cells(np.ones(len(latents), bool))
        # Spending follows the level of income more than the month's.
        base = 0.6 * latents.income_minor[who] + 0.4 * latents.flow[who, month]
        part = share * np.exp(-0.10 * latents.ability[who] + 0.18 * random.standard_normal(len(who)))
        yield _split(block, Happening(kind, source, who, month, (base * part).astype(np.int64)), times, random)


def _balances(block: Block) -> Happening:
    """The balance at the end of each month: a buffer of months of income, moved by the month's flow."""
    latents, random = block.latents, block.random("balances")
    who, month = block.cells(np.ones(len(latents), bool))
    buffer = np.exp(-0.3 + 0.75 * latents.ability + 0.25 * random.standard_normal(len(latents)))
    moved = np.cumsum(latents.flow - latents.income_minor[:, None], axis=1)[who, month] * 0.3
    balance = buffer[who] * latents.income_minor[who] + moved + 0.15 * latents.flow[who, month]
    noise = np.exp(0.25 * random.standard_normal(len(who)))
    amount = np.maximum(balance * noise, random.integers(0, 5_000, len(who))).astype(np.int64)
    at = instants(block, month, _last_day(block, month), 23 * 60 + 30)
    return Happening("balance", "sim_bank", who, at, amount, "sim_account")


def _orders(block: Block) -> Happening:
    """One to three orders a month on a platform; those short of savings return and cancel a little more."""
    latents, random = block.latents, block.random("orders")
    who, month = block.cells(
        np.isin(latents.group, (assumed.VILLAGER, assumed.WAGE_EARNER, assumed.TRADER, assumed.DRIVER))
    )
    times = random.integers(1, 4, len(who))
    who, month = np.repeat(who, times), np.repeat(month, times)
    amount = -(latents.income_minor[who] * 0.02 * np.exp(0.7 * random.standard_normal(len(who)))).astype(np.int64) - 500
    back = random.random(len(who)) < 0.06 * np.exp(-0.35 * latents.willingness[who])
    status = pl.Series([None, "returned", "cancelled"], dtype=pl.String).gather(
        np.where(back, random.integers(1, 3, len(who)), 0)
    )
    at = instants(block, month, random.integers(0, 28, len(who)), random.integers(8 * 60, 23 * 60, len(who)))
    return Happening("order", "sim_platform", who, at, amount, numbered("o", random.integers(0, 60, len(who))), status)


def _cards(block: Block) -> Iterator[Happening]:
    """The limit and the use of a credit card, seen at the end of each month of those who have one."""
    latents, random = block.latents, block.random("cards")
    who, month = block.cells(latents.card == 1)
    times = np.exp(1.0 + 0.3 * random.standard_normal(len(latents)))
    limit = (np.maximum(times * latents.income_minor, 400_000).astype(np.int64) // 100_000 * 100_000)[who]
    level = 0.6 * latents.ability + 0.4 * latents.willingness + 0.7 * random.standard_normal(len(latents))
    use = 1 / (1 + np.exp(0.6 + 1.1 * level[who] + 0.4 * random.standard_normal(len(who))))
    at = instants(block, month, _last_day(block, month), 22 * 60)
    yield Happening("credit_limit", "sim_bureau", who, at, limit, "sim_card_bank")
    yield Happening("credit_used", "sim_bureau", who, at, (limit * use).astype(np.int64), "sim_card_bank")


def _bureau(block: Block) -> Iterator[Happening]:
    """Inquiries by lenders, more by those in need; and the reports that the lender read the day before applications."""
    latents, random = block.latents, block.random("inquiries")
    who, month = block.cells(np.ones(len(latents), bool))
    rate = 0.10 * np.exp(-0.45 * latents.willingness[who] - 0.35 * latents.ability[who])
    times = np.minimum(random.poisson(rate), 6)
    who, month = np.repeat(who, times), np.repeat(month, times)
    at = instants(block, month, random.integers(0, 28, len(who)), random.integers(9 * 60, 18 * 60, len(who)))
    yield Happening("inquiry", "sim_bureau", who, at, None, numbered("l", random.integers(0, 30, len(who)), 3))
    windows = block.windows
    first, again = np.arange(len(latents)), np.flatnonzero(windows.again > windows.fetched)
    read = np.concatenate([windows.fetched, windows.again[again]])
    known = np.concatenate([first, again])
    yield Happening("credit_report", "sim_bureau", known, read, None, "sim_bureau", late=False)


def _places(block: Block) -> Happening:
    """Where each lives or works, as known from the first month seen on."""
    first = np.argmax(block.windows.seen, axis=1)
    who = np.arange(len(block.latents))
    return Happening(
        "located", "sim_register", who, instants(block, first, 0, 0), None, block.setting.county, late=False
    )


def _last_day(block: Block, month: Wholes) -> Wholes:
    """Return the last day of months of the grid, 0 being the first."""
    number = block.setting.first_month + month
    return np.asarray(FIRST_DAY_OF_MONTH(number + 1) - FIRST_DAY_OF_MONTH(number) - 1)
