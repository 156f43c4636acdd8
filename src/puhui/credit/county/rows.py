"""From arrays to tidy events: who and which month of the grid, day and minute, amount; and what the lender knew when.

The lender of the simulated county (模拟县) reads a party's sources once, at noon of the day before it applies, with
its consent; later only those of its own loans, for three months, a few days after they happen. About one row in a
hundred comes some days late, after the application: a feature that respects `recorded_at` does not see it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl

from puhui.credit.county.latent import Latents
from puhui.credit.county.market import ids
from puhui.credit.county.setting import (
    BEFORE_MONTHS,
    MONTHS,
    WATCHED_MONTHS,
    CountySetting,
    Flags,
    Matrix,
    Wholes,
    generator,
)
from puhui.credit.county.wishes import Wishes
from puhui.credit.events import SCHEMA
from puhui.kernel.dates import FIRST_DAY_OF_MONTH

DAY_US: Final = 86_400_000_000
MINUTE_US: Final = 60_000_000
# Beijing is eight hours ahead of UTC.
CHINA_US: Final = 8 * 3_600_000_000
LATE_ROWS: Final = 0.01
SERVICE_ONLY_SHARE: Final = 0.04


@dataclass(frozen=True)
class Windows:
    """Per party: which months of the grid have flows, and the instants (us since 1970, UTC) that bound its knowledge.

    fetched: the first reading of its sources; again: that of its last application (the same for most); watched: the
    end of watching a loan; until: after it nothing is known. service: whether the telephone bills were given for the
    service only, never for a decision.
    """

    seen: Flags
    fetched: Wholes
    again: Wholes
    watched: Wholes
    until: Wholes
    service: Flags


@dataclass(frozen=True)
class Block:
    """Some parties of the county, with all that their events are made from. `start` is the row of the first party."""

    setting: CountySetting
    start: int
    latents: Latents
    windows: Windows

    def random(self, name: str) -> np.random.Generator:
        """Return the random numbers of one subject of this block."""
        return generator(self.setting, f"events {name}", self.start)

    def cells(self, wanted: Flags) -> tuple[Wholes, Wholes]:
        """Return party row and month of the grid of every month seen of the wanted parties."""
        who, month = np.nonzero(self.windows.seen & wanted[:, None])
        return who, month

    def calendar(self, month: Wholes) -> Wholes:
        """Return the calendar month, 1..12, of months of the grid."""
        return np.asarray((self.setting.first_month + month) % 12 + 1)


def make_windows(setting: CountySetting, count: int, wishes: Wishes) -> Windows:
    """Return what months of each party are seen, and up to when."""
    first = np.full(count, MONTHS)
    last = np.zeros(count, np.int64)
    fetched, again, watched_to = np.full(count, 2**62), np.zeros(count, np.int64), np.zeros(count, np.int64)
    asked = (wishes.on - 1) * DAY_US + 12 * 60 * MINUTE_US - CHINA_US
    watched = np.minimum(wishes.month + WATCHED_MONTHS, MONTHS - 1)
    ends = np.asarray(FIRST_DAY_OF_MONTH(setting.first_month + watched + 1)) * DAY_US - CHINA_US
    np.minimum.at(first, wishes.who, wishes.month - BEFORE_MONTHS)
    np.maximum.at(last, wishes.who, np.where(wishes.booked, watched, wishes.month))
    np.minimum.at(fetched, wishes.who, asked)
    np.maximum.at(again, wishes.who, asked)
    np.maximum.at(watched_to, wishes.who, np.where(wishes.booked, ends, 0))
    months = np.arange(MONTHS)
    seen = (months >= first[:, None]) & (months <= last[:, None])
    service = generator(setting, "service").random(count) < SERVICE_ONLY_SHARE
    return Windows(seen, fetched, again, watched_to, np.maximum(watched_to, again), service)


@dataclass(frozen=True)
class Happening:
    """Rows of one kind of event: arrays of one length, or one value for all of them.

    service: some parties gave it for the service only. late: a row may come after the reading that should have it.
    who: row of the party in the block. at: us since 1970 (see `instants`). other: id of the other side.
    """

    kind: str
    source: str
    who: Wholes
    at: Wholes
    amount_minor: Wholes | None = None
    other: pl.Series | str | None = None
    status: pl.Series | None = None
    late_days: Wholes | None = None
    area_m2: Wholes | None = None
    service: bool = False
    late: bool = True


def instants(block: Block, month: Wholes, day: Wholes | int, minute: Wholes | int) -> Wholes:
    """Return us since 1970 of a day (0 is the first; it may run over) and minute in Beijing of months of the grid."""
    first = np.asarray(FIRST_DAY_OF_MONTH(block.setting.first_month + month))
    return np.asarray((first + day) * DAY_US + minute * MINUTE_US - CHINA_US)


def rows_known(block: Block, rows: Happening) -> pl.DataFrame:
    """Return the rows as events, `row` in place of the party, without those that nobody came to know."""
    windows, who = block.windows, rows.who
    recorded = _recorded(block, rows)
    consent = np.where(rows.at <= windows.again[who], 0, 1)
    if rows.service:
        consent = np.where(windows.service[who], 2, consent)
    count = len(who)
    values: dict[str, Any] = {
        "row": pl.Series(who),
        "kind": pl.Series([rows.kind]).new_from_index(0, count),
        "amount_minor": _whole(rows.amount_minor, count, pl.Int64),
        "at": pl.Series(rows.at).cast(pl.Datetime("us", "UTC")),
        "recorded_at": pl.Series(recorded).cast(pl.Datetime("us", "UTC")),
        "counterparty": _text(rows.other, count),
        "source": pl.Series([rows.source]).new_from_index(0, count),
        "consent": pl.Series(["credit", "monitoring", "service"]).gather(consent),
        "status": _text(rows.status, count),
        "late_days": _whole(rows.late_days, count, pl.Int32),
        "area_m2": _whole(rows.area_m2, count, pl.Int64),
    }
    return pl.DataFrame(values).filter(pl.Series((rows.at <= windows.until[who]) & (recorded < _end(block))))


def in_order(block: Block, frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows as events of `credit.events.SCHEMA`, by party and time; what comes at once stays in its order.

    Sorted by one number, and ids looked up in the end: several times faster than by texts.
    """
    key = pl.col("row") * 2**30 + (pl.col("at").cast(pl.Int64) // MINUTE_US)
    ordered = frame.sort(key, maintain_order=True)
    parties = ids("p", block.start + 1 + np.arange(len(block.latents)))
    return ordered.with_columns(parties.gather(ordered["row"]).alias("party")).select(list(SCHEMA))


def _recorded(block: Block, rows: Happening) -> Wholes:
    """Return the instant at which the lender came to know each row: at a reading, or some days after it happened.

    What happens while a loan is watched comes one to three days later; what happens after that, with the next reading.
    """
    windows, who, at = block.windows, rows.who, rows.at
    random = block.random(f"knowing {rows.kind} {rows.source}")
    days = random.integers(1, 4, len(who))
    fetched, again = windows.fetched[who], windows.again[who]
    read = np.where(at <= fetched, fetched, again)
    if rows.late:
        read = np.where(random.random(len(who)) < LATE_ROWS, read + (days + 3) * DAY_US, read)
    watched = (at > fetched) & (at <= windows.watched[who])
    return np.asarray(np.where(watched, at + days * DAY_US, read))


def numbered(stem: str, numbers: Matrix, digits: int = 5) -> pl.Series:
    """Return ids of other sides; few different ones, so each is written once and looked up."""
    most = int(numbers.max(initial=0)) + 1
    return ids(stem, np.arange(most), digits).gather(numbers)


def _end(block: Block) -> int:
    """Return the instant at which the county ends: the first of the month after the grid, in Beijing."""
    return int(FIRST_DAY_OF_MONTH(block.setting.first_month + MONTHS)) * DAY_US - CHINA_US


def _whole(values: Wholes | None, count: int, kind: type[pl.Int64] | type[pl.Int32]) -> pl.Series:
    if values is None:
        return pl.Series([None], dtype=kind).new_from_index(0, count)
    return pl.Series(np.asarray(values)).cast(kind)


def _text(values: pl.Series | str | None, count: int) -> pl.Series:
    if isinstance(values, pl.Series):
        return values
    return pl.Series([values], dtype=pl.String).new_from_index(0, count)
