"""The night: every day that is missing, in order, from the snapshot of the day before to the snapshot of the day.

A day is read and worked out beside other writers; then, in one transaction that keeps them out for a moment, loans
written meanwhile are taken in, entries, classifications and marks are written and the watermark moves. Killed before
that, nothing has happened and the day is done again; killed after it, what is missing (reconcile, checkpoint) is.
"""

import shutil
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from puhui.batch.day import DueRows
from puhui.batch.gather import Gathered
from puhui.batch.groups import Groups, still_hold
from puhui.batch.lock import NIGHT_BUSY, only_one
from puhui.batch.ports import Unit
from puhui.batch.posting import Worked, finish, post, stands_since
from puhui.batch.setting import CHUNK, Setting
from puhui.batch.shard import ShardTask, keys_alone, run_shard
from puhui.batch.snapshot import Manifest, folder_of, manifest_of, part_name
from puhui.kernel.clock import business_date
from puhui.kernel.dates import day_number, to_date
from puhui.kernel.refusals import declare

NIGHT_TOO_EARLY = declare(
    "NIGHT_TOO_EARLY",
    422,
    "{day} 尚未到来（今天是 {today}），不能关账。",
    "{day} has not come yet (today is {today}): it cannot be closed.",
)


def close(setting: Setting, day: date, at: datetime, *, rebuild: bool = False) -> list[date]:
    """Close every missing day through `day`; return the days that were posted now. Twice is once.

    rebuild: take no snapshot, but all loans from the store. Refuses NIGHT_TOO_EARLY, NIGHT_BUSY, SNAPSHOT_WRONG,
    PERIOD_CLOSED, and what the tables of rules refuse.
    """
    today = business_date(at)
    if day > today:
        raise NIGHT_TOO_EARLY.refuse("day", day=day.isoformat(), today=today.isoformat())
    setting.root.mkdir(parents=True, exist_ok=True)
    with only_one(setting.root):
        with setting.books.read() as store:
            watermark = store.watermark()
            days = list(_missing(store, watermark, day))
        if watermark is not None and not rebuild:
            finish(setting, watermark, at)
        for each in days:
            _close_day(setting, each, at, rebuild=rebuild)
            finish(setting, each, at)
            rebuild = False
    return days


def _missing(store: Unit, posted_on: date | None, day: date) -> Iterator[date]:
    """Yield the days to close. Before the first night loans are booked by their own entries: it begins after those."""
    last = day_number(day)
    if posted_on is not None:
        first = day_number(posted_on) + 1
    else:
        active = (
            loan.booked_on for chunk in store.loans.chunks(CHUNK) for loan in chunk if loan.position.status == "active"
        )
        first = min(min(active, default=last) + 1, last)
    return map(to_date, range(first, last + 1))


def _close_day(setting: Setting, day: date, at: datetime, *, rebuild: bool) -> None:
    new = setting.root.joinpath(f".{folder_of(setting.root, day).name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    with setting.books.read() as store:
        before = None if rebuild else _before(setting, store)
        gathered = _gathered(setting, store, day, before, new)
        dues = _dues(store, day)
    source = folder_of(setting.root, before.day) if before else setting.root
    loans = len(gathered.versions) + (before.rows if before else 0)
    split = before is not None and loans > gathered.shards * setting.shard_loans
    worked = Worked(day, at, before, source, gathered, new, dues, gathered.shards * (1 + split))
    tasks = tasks_of(worked, range(worked.shards))
    for done, result in enumerate(setting.engine(run_shard, tasks), start=1):
        worked.take(result)
        setting.say(day, "columns", done, worked.shards)
    with setting.books.begin(alone=True) as store:
        if _posted(store) != gathered.watermark:
            # On another machine; or by a process that was killed when its commit was on its way already.
            raise NIGHT_BUSY.refuse()
        _take_latecomers(setting, store, worked)
        post(setting, store, worked, at)


def _before(setting: Setting, store: Unit) -> Manifest | None:
    """Return the manifest of the last posted night; None before the first. Refuses SNAPSHOT_WRONG."""
    watermark = store.watermark()
    if watermark is None:
        return None
    step = store.nights.step_done(watermark, "snapshot")
    digest = "" if step is None else str(step.result["sha256"])
    manifest = manifest_of(folder_of(setting.root, watermark), digest)
    return manifest if still_hold(manifest.groups) else None


def _gathered(setting: Setting, store: Unit, day: date, before: Manifest | None, folder: Path) -> Gathered:
    watermark, posted = store.watermark(), _posted(store)
    loans = store.loans.count()
    shards = _shards(loans, setting.shard_loans) if before is None else len(before.parts)
    groups = Groups() if before is None else Groups(list(before.groups.listed))
    gathered = Gathered(day, posted, shards, groups, store.facts, folder)
    if watermark is not None:
        for each in store.nights.set_asides(watermark):
            since = stands_since(store, each.loan, watermark) if before is None else None
            gathered.retry(store.loan(each.loan), None if since is None else day_number(since) - 1)
    for done, chunk in enumerate(store.loans.chunks(CHUNK, dirty=before is not None)):
        gathered.add([loan for loan in chunk if loan.key not in gathered.retried])
        setting.say(day, "gather", done * CHUNK, loans)
    if before is not None:
        _gather_alone(setting, store, gathered, before)
    return gathered


def _posted(store: Unit) -> int:
    """Return the day number through which nights have posted, -1 before the first."""
    watermark = store.watermark()
    return -1 if watermark is None else day_number(watermark)


def _gather_alone(setting: Setting, store: Unit, gathered: Gathered, before: Manifest) -> None:
    """Add the loans that columns cannot state today, unless they were added already."""
    source, dues = folder_of(setting.root, before.day), _dues(store, gathered.day)
    groups = tuple(gathered.groups.listed)

    def look(number: int) -> NDArray[np.int64]:
        return keys_alone(str(source.joinpath(part_name(number))), gathered.day, groups, dues)

    for keys in setting.engine(look, range(len(before.parts))):
        wanted = [key for key in keys.tolist() if key not in gathered.versions]
        for start in range(0, len(wanted), CHUNK):
            gathered.add(store.loans.by_keys(wanted[start : start + CHUNK]), alone=True)


def _take_latecomers(setting: Setting, store: Unit, worked: Worked) -> None:
    """Take in the loans that were written since the store was read, and do their shards again."""
    gathered = worked.gathered
    known = gathered.versions
    late = [key for key, version in store.loans.dirty_versions().items() if known.get(key) != version]
    if not late:
        return
    gathered.facts = store.facts
    gathered.touched.clear()
    for start in range(0, len(late), CHUNK):
        loans = store.loans.by_keys(late[start : start + CHUNK])
        for loan in loans:
            if loan.key in gathered.retried:
                gathered.retry(loan, gathered.retried[loan.key].through)
        gathered.add([loan for loan in loans if loan.key not in gathered.retried])
    numbers = range(worked.shards) if -1 in gathered.touched else sorted(gathered.touched)
    for result in setting.engine(run_shard, tasks_of(worked, numbers)):
        worked.take(result)


def _shards(loans: int, most: int) -> int:
    return max(1, -(-loans // most))


def _dues(store: Unit, day: date) -> DueRows:
    """Return what falls due on a day as columns, in the order of loan_key; loans with two of them are left out."""
    table = store.nights.dues_on(day)
    # Without a copy, and without pandas, which Arrow's own `to_numpy` loads where it is installed.
    columns = {
        name: np.from_dlpack(table[name].combine_chunks()).astype(np.int64, copy=False) for name in table.column_names
    }
    keys, counts = np.unique(columns["loan_key"], return_counts=True)
    once = np.isin(columns["loan_key"], keys[counts == 1])
    return {name: column[once] for name, column in columns.items()}


def tasks_of(worked: Worked, numbers: Sequence[int]) -> Iterator[ShardTask]:
    """Yield the tasks of some shards; their events are put together when a task is taken."""
    before, gathered = worked.before, worked.gathered
    groups = tuple(gathered.groups.listed)
    for number in numbers:
        part = before.parts[number] if before else None
        source = str(worked.source.joinpath(part.name)) if part else ""
        yield ShardTask(
            *(worked.day, source, part.sha256 if part else "", str(worked.folder), number),
            *(worked.shards, worked.into, groups, gathered.events_of(number), worked.dues),
        )
