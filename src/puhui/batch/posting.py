"""The one transaction in which a night becomes true, and what is checked and signed after it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.accounting.accounts import PROVISION
from puhui.accounting.books import MIRRORED
from puhui.batch.day import TOLD, DueRows
from puhui.batch.figures import added
from puhui.batch.gather import NIGHT, Gathered, is_tail
from puhui.batch.groups import Groups
from puhui.batch.ports import Unit
from puhui.batch.setting import CHUNK, Setting
from puhui.batch.shard import ShardResult
from puhui.batch.snapshot import Manifest, folder_of, install, manifest_of, write_manifest
from puhui.batch.steps.checkpoint import night_fact, subject_of
from puhui.batch.steps.classify import classified
from puhui.batch.steps.entries import Totals, by_dimensions, entries_of, moved_of
from puhui.batch.steps.provisions import needed_by_dimensions, provision_changes, totals_of_changes
from puhui.batch.steps.reconcile import reconciled
from puhui.kernel.dates import day_number
from puhui.kernel.facts import Fact
from puhui.ledger.balances import Difference
from puhui.ledger.chart import chart
from puhui.ledger.entry import Posting
from puhui.ledger.reads import Wanted
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance
from puhui.workflows.store import Changes, Loan

Sums = Mapping[str, NDArray[np.int64]]


@dataclass(slots=True)
class Worked:
    """A day as far as it is worked out. into: how many shards there will be. results: by shard, the last word."""

    day: date
    at: datetime
    before: Manifest | None
    source: Path
    gathered: Gathered
    folder: Path
    dues: DueRows
    into: int
    results: dict[int, ShardResult] = field(default_factory=dict)

    @property
    def shards(self) -> int:
        """How many shards there were."""
        return self.gathered.shards

    @property
    def groups(self) -> Groups:
        """The groups, new ones at the end."""
        return self.gathered.groups

    def take(self, result: ShardResult) -> None:
        """Take what a shard came to; a later word takes the place of an earlier one."""
        self.results[result.number] = result

    def sums(self, name: str) -> dict[str, NDArray[np.int64]]:
        """Return `held` or `posted` of all shards, by account and group."""
        size = len(self.groups.listed)
        return {
            account: _total((getattr(result, name)[account] for result in self.results.values()), size)
            for account in MIRRORED
        }

    def needed(self) -> NDArray[np.int64]:
        """Return the expected losses of all shards by group."""
        return _total((result.needed_minor for result in self.results.values()), len(self.groups.listed))

    def figures(self) -> dict[str, Any]:
        """Return the figures of all shards together, as lists."""
        total: Mapping[str, NDArray[np.int64]] = {}
        for result in self.results.values():
            total = added(total, result.figures) if total else result.figures
        return {name: figure.tolist() for name, figure in total.items()}

    def sums_before(self) -> dict[str, NDArray[np.int64]]:
        """Return the sub-ledger of the day before, by account and group; all 0 where no snapshot was read."""
        known = self.before.sums if self.before else {}
        size = len(self.groups.listed)
        return {account: _total([np.array(known.get(account, []), np.int64)], size) for account in MIRRORED}


def _total(parts: Iterable[NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    """Return the sum of arrays by group; those made before a group was known are shorter."""
    total = np.zeros(size, np.int64)
    for part in parts:
        total[: len(part)] += part
    return total


def post(setting: Setting, store: Unit, worked: Worked, at: datetime) -> None:
    """Write what the night says, in a unit of work that is alone; the watermark and the snapshot move with it."""
    day, nights = worked.day, store.nights
    held, needed = worked.sums("held"), worked.needed()
    manifest = _manifest(worked, held, needed)
    digest = write_manifest(worked.folder, manifest)
    moved = moved_of(held, worked.sums_before(), worked.sums("posted"))
    accrued = by_dimensions(moved, worked.groups)
    retried = [each.loan for each in worked.gathered.retried.values()]
    mended = [loan for loan in retried if loan not in worked.gathered.aside]
    _added(accrued, own_postings(store, mended, day - timedelta(days=1), day), -1)
    changes = provision_changes(needed_by_dimensions(needed, worked.groups), store.ledger.totals(None, day))
    provided = totals_of_changes(changes)
    body = {"snapshot_sha256": digest, "loans": manifest.rows, "set_aside": len(worked.gathered.aside)}
    fact = night_fact(day, store.next_sequence(subject_of(day)), NIGHT, at, body)
    entries = (
        *entries_of("accrual", accrued, fact.id, day, at),
        *entries_of("provision", provided, fact.id, day, at),
    )
    store.record(Changes(facts=[fact], entries=entries))
    told = _tell(store, worked, at)
    nights.clear_set_aside(day)
    for each in worked.gathered.aside.values():
        nights.set_aside(day, each.loan, "passing", each.problem, at)
    gathered = worked.gathered
    nights.mark_step(day, "gather", {"touched": len(gathered.versions), "alone": gathered.alone}, at)
    nights.mark_step(day, "columns", manifest.figures, at)
    nights.mark_step(day, "provisions", _by_account(provided), at)
    nights.mark_step(day, "entries", {"entries": len(entries), "moved": _by_account(accrued)}, at)
    nights.mark_step(day, "classify", {"facts": told}, at)
    nights.mark_step(day, "snapshot", {"sha256": digest, "loans": manifest.rows}, at)
    nights.move_watermark(day, {"fact": fact.id}, at)
    store.loans.clean_through(day_number(day))
    install(worked.folder, folder_of(setting.root, day))


def _manifest(worked: Worked, held: Sums, needed: NDArray[np.int64]) -> Manifest:
    parts = sorted(part for result in worked.results.values() for part in result.parts)
    sums = {account: column.tolist() for account, column in held.items()} | {PROVISION: (-needed).tolist()}
    return Manifest(worked.day, tuple(parts), worked.groups, sums, worked.figures(), worked.at.isoformat())


def _by_account(totals: Totals) -> dict[str, int]:
    """Return totals by account alone, all dimensions and currencies together."""
    accounts: dict[str, int] = {}
    for by_currency in totals.values():
        for moved in by_currency.values():
            for account, amount_minor in moved.items():
                accounts[account] = accounts.get(account, 0) + amount_minor
    return dict(sorted(accounts.items()))


# --- loans set aside ---------------------------------------------------------------------------------


def own_postings(store: Unit, loans: Iterable[str], night_on: date, through_on: date) -> Totals:
    """Return what loans posted by themselves, through a day, since the nights that set them aside; `night_on` the last.

    Their old rows stand as of the day before those nights; what came into the ledger since came by their own entries.
    """
    totals: Totals = {}
    for loan in loans:
        wanted = Wanted(subject=loan, from_on=stands_since(store, loan, night_on), to_on=through_on)
        for posting in _postings(store, wanted):
            if posting.account in MIRRORED:
                _count(totals, posting)
    return totals


def _count(totals: Totals, posting: Posting) -> None:
    accounts = totals.setdefault(posting.currency, {}).setdefault(posting.dimensions, {})
    accounts[posting.account] = accounts.get(posting.account, 0) + posting.amount_minor


def stands_since(store: Unit, loan: str, night_on: date) -> date | None:
    """Return the first of the nights in a row that set the loan aside; None where no night closed it before."""
    first = night_on
    while any(each.loan == loan for each in store.nights.set_asides(first - timedelta(days=1))):
        first -= timedelta(days=1)
    return first if store.nights.step_done(first - timedelta(days=1), "posted") else None


def _postings(store: Unit, wanted: Wanted) -> Iterator[Posting]:
    cursor = ""
    while True:
        page = store.ledger.entries(wanted, CHUNK, cursor)
        yield from (
            posting for entry in page.entries for posting in entry.postings if posting.subject == wanted.subject
        )
        cursor = page.cursor
        if not cursor:
            return


def _added(totals: Totals, others: Totals, sign: int) -> None:
    for currency, by_currency in others.items():
        for dimensions, accounts in by_currency.items():
            moved = totals.setdefault(currency, {}).setdefault(dimensions, {})
            for account, amount_minor in accounts.items():
                moved[account] = moved.get(account, 0) + sign * amount_minor


# --- what the store is told of single loans --------------------------------------------------------


def _tell(store: Unit, worked: Worked, at: datetime) -> int:
    """Record a fact for each loan that the day classified anew, and plans that passed days changed; return how many."""
    told = 0
    replanned = dict(worked.gathered.replanned)
    for keys, values in _told_chunks(worked):
        facts: list[Fact] = []
        loans: list[Loan] = []
        plans: set[str] = set()
        for loan in store.loans.by_keys(keys):
            if loan.position.as_of > day_number(worked.day):
                continue  # written on a later day: it stays marked, and the next night classifies it
            new, fact = classified(loan, values[loan.key], worked.day, NIGHT, at)
            replanned.pop(loan.id, None)
            if not is_tail(new.position.rows, loan.position.rows):
                plans.add(loan.id)
            loans.append(new)
            facts.append(fact)
        store.record(Changes(facts=facts, loans=loans, replanned=frozenset(plans)))
        told += len(facts)
    _replan(store, worked.day, list(replanned.values()))
    return told


def _told_chunks(worked: Worked) -> Iterable[tuple[list[int], dict[int, dict[str, int]]]]:
    for result in worked.results.values():
        keys = result.told["key"].tolist()
        for start in range(0, len(keys), CHUNK):
            places = range(start, min(start + CHUNK, len(keys)))
            yield (
                keys[start : start + CHUNK],
                {keys[place]: {name: int(result.told[name][place]) for name in TOLD} for place in places},
            )


def _replan(store: Unit, day: date, loans: list[Loan]) -> None:
    """Store the positions of loans whose instalments to come changed as days passed, so that their dues are right."""
    number = day_number(day)
    new = []
    for loan in loans:
        position = advance(loan.position, number, agreement_of(loan.agreement))
        new.append(replace(loan, position=position, booked_on=max(loan.booked_on, number)))
    if new:
        store.record(Changes(loans=new, replanned=frozenset(loan.id for loan in new)))


# --- after it ---------------------------------------------------------------------------------------


def finish(setting: Setting, day: date, at: datetime) -> None:
    """Do what a posted night still lacks: compare sub-ledger and general ledger, sign the proof log."""
    results: dict[str, dict[str, Any]] = {}
    with setting.books.read() as store:
        missing = [name for name in ("reconcile", "checkpoint") if store.nights.step_done(day, name) is None]
        if "reconcile" in missing:
            setting.say(day, "reconcile", 0, 1)
            results["reconcile"] = _reconcile(setting, store, day)
    if "checkpoint" in missing:
        setting.say(day, "checkpoint", 0, 1)
        signed = setting.sign(at)
        results["checkpoint"] = {"size": signed.size, "root": signed.root}
    if results:
        with setting.books.begin() as store:
            for name, result in results.items():
                store.nights.mark_step(day, name, result, at)


def _reconcile(setting: Setting, store: Unit, day: date) -> dict[str, Any]:
    step = store.nights.step_done(day, "snapshot")
    manifest = manifest_of(folder_of(setting.root, day), "" if step is None else str(step.result["sha256"]))
    sums = {account: np.array(column, np.int64) for account, column in manifest.sums.items()}
    needed = needed_by_dimensions(-sums.pop(PROVISION), manifest.groups)
    held = by_dimensions(sums, manifest.groups)
    aside = [each.loan for each in store.nights.set_asides(day)]
    _added(held, own_postings(store, aside, day, day), 1)
    found = reconciled(held, needed, store.ledger.totals(None, day), chart())
    return {
        "balances": found.accounts,
        "sound": found.is_sound,
        "unbalanced_minor": found.unbalanced_minor,
        "differences": [_difference(each) for each in found.differences[:100]],
        "different": len(found.differences),
    }


def _difference(each: Difference) -> dict[str, Any]:
    dimensions = each.key.dimensions
    return {
        "account": each.key.account,
        "currency": each.key.currency,
        "institution": dimensions.institution,
        "product": dimensions.product,
        "region": dimensions.region,
        "funder": dimensions.funder,
        "sub_ledger_minor": each.sub_ledger_minor,
        "general_ledger_minor": each.general_ledger_minor,
    }
