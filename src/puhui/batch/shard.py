"""One day of one shard: from its file of the day before to its file of the day. Shards know nothing of each other.

A task is plain data, so that any engine can run it: here in threads or processes, later as tasks of a cluster.
"""

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.batch.book import ACTIVE, NO_DUES, Columns, Today, at, empty_book, size_of
from puhui.batch.day import LOOKED_AT, TOLD, DueRows, Events, alone_today, joined_dues, judged, passed
from puhui.batch.figures import figures_of
from puhui.batch.groups import Group, Groups, group_columns
from puhui.batch.snapshot import Part, part_name, read_part, write_part
from puhui.batch.sums import books_by_group, group_sums
from puhui.kernel.dates import day_number
from puhui.kernel.home import home
from puhui.risk.expected_loss import loss_model
from puhui.risk.floors import floors_on
from puhui.risk.loss_tables import loss_tables_on
from puhui.risk.policy import policy_on
from puhui.rulebook.loader import default_rulebook

# Rows stand by group, so that sums run along; beyond so many runs for each group they are put in order again.
MOST_RUNS = 4


@dataclass(frozen=True, slots=True)
class ShardTask:
    """What one shard's day needs.

    source: the file of the day before, with its digest; "" where there is none. folder: where the new file goes.
    number: of the shard, `of` how many; into: how many there are to be, `of` or twice as many.
    """

    day: date
    source: str
    sha256: str
    folder: str
    number: int
    of: int
    into: int
    groups: tuple[Group, ...]
    events: Events
    dues: DueRows


@dataclass(frozen=True, slots=True)
class ShardResult:
    """What one shard came to.

    held: the sub-ledger at the end of the day. posted: what of it came into the ledger by the loans' own entries since
    the day before. needed_minor: expected losses. All by account and group, or
    by group. told: keys of the loans whose class, stage or accrual the store is to be told, with these.
    """

    number: int
    parts: tuple[Part, ...]
    held: dict[str, NDArray[np.int64]]
    posted: dict[str, NDArray[np.int64]]
    needed_minor: NDArray[np.int64]
    figures: dict[str, NDArray[np.int64]]
    told: Columns


def shard_of(debtor: Any, key: Any, shards: int) -> Any:
    """Return the shard of a loan: by its debtor where claims are judged together, so that they are; else by key."""
    return np.where(np.asarray(debtor) > 0, debtor, key) % shards


def today_of(day: date, groups: tuple[Group, ...]) -> Today:
    """Return what the steps of a day hang on, before its dues are known."""
    return _today_of(day, groups, home())


@lru_cache(maxsize=4)
def _today_of(day: date, groups: tuple[Group, ...], _home: Path) -> Today:
    tables, rulebook = loss_tables_on(day), default_rulebook()
    terms = group_columns(Groups(list(groups)), rulebook, tables)
    return Today(day_number(day), terms, floors_on(day, rulebook), policy_on(day), loss_model(tables), NO_DUES)


def keys_alone(source: str, day: date, groups: tuple[Group, ...], dues: DueRows) -> NDArray[np.int64]:
    """Return the keys of a shard's loans that columns cannot state on the day (`day.alone_today`)."""
    book = read_part(Path(source), names=LOOKED_AT)
    today = today_of(day, groups)
    today = replace(today, dues=joined_dues(book, today.day, dues))
    keys: NDArray[np.int64] = book["key"][alone_today(book, today)]
    return keys


def run_shard(task: ShardTask) -> ShardResult:
    """Close the day for one shard and write its file, or two files where it is split."""
    book = read_part(Path(task.source), task.sha256) if task.source else empty_book()
    today = today_of(task.day, task.groups)
    today = replace(today, dues=joined_dues(book, today.day, task.dues))
    after = passed(book, today, task.events)
    del book
    whole = judged(after.book, today)
    groups = len(task.groups)
    held = books_by_group(whole, today, today.day)
    gone = books_by_group(after.gone, today, today.day - 1)
    booked = books_by_group(task.events.booked, today, today.day)
    return ShardResult(
        number=task.number,
        parts=_written(in_order(whole, groups), task),
        held=held,
        posted={account: booked[account] - gone[account] for account in held},
        needed_minor=group_sums(whole["group"], {"": whole["expected_loss_minor"]}, groups)[""],
        figures=figures_of(whole, today),
        told=_told(whole),
    )


def in_order(book: Columns, groups: int) -> Columns:
    """Return the book by group and key, where it has come too far out of that order."""
    runs = np.count_nonzero(book["group"][1:] != book["group"][:-1])
    if runs <= MOST_RUNS * groups:
        return book
    return at(book, np.lexsort((book["key"], book["group"])))


def _written(book: Columns, task: ShardTask) -> tuple[Part, ...]:
    folder = Path(task.folder)
    if task.into == task.of:
        return (write_part(folder.joinpath(part_name(task.number)), book),)
    places = shard_of(book["debtor"], book["key"], task.into)
    numbers = (task.number, task.number + task.of)
    return tuple(
        write_part(folder.joinpath(part_name(number)), at(book, np.flatnonzero(places == number))) for number in numbers
    )


def _told(book: Columns) -> Columns:
    changed = np.zeros(size_of(book), bool)
    for name in TOLD:
        changed |= book[name] != book[f"told_{name}"]
    rows = np.flatnonzero(changed & (book["status"] == ACTIVE))
    switched = {"switched": (book["accruing"] != book["told_accruing"]).astype(np.int8)}
    return at({**{name: book[name] for name in ("key", *TOLD)}, **switched}, rows)
