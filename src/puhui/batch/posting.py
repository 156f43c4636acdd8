"""The one transaction in which a night becomes true, and what is checked and signed after it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.accounting.accounts import PROVISION
from puhui.accounting.books import MIRRORED
from puhui.batch.book import Columns, joined
from puhui.batch.day import TOLD, DueRows
from puhui.batch.figures import added
from puhui.batch.gather import NIGHT, Gathered, is_tail
from puhui.batch.groups import Groups
from puhui.batch.ports import Unit
from puhui.batch.setting import CHUNK, Setting
from puhui.batch.shard import ShardResult
from puhui.batch.snapshot import Manifest, folder_of, install, manifest_of, read_told, write_manifest, write_told
from puhui.batch.steps.checkpoint import night_fact, subject_of
from puhui.batch.steps.classify import classified, is_known
from puhui.batch.steps.entries import Totals, by_dimensions, entries_of, moved_of
from puhui.batch.steps.provisions import needed_by_dimensions, provision_changes, totals_of_changes
from puhui.batch.steps.reconcile import reconciled
from puhui.kernel.dates import day_number
from puhui.kernel.refusals import Refusal
from puhui.ledger.balances import Difference
from puhui.ledger.chart import chart
from puhui.ledger.entry import Posting
from puhui.ledger.reads import Wanted
from puhui.lending.agreement import agreement_of
from puhui.lending.fold import advance
from puhui.workflows.store import Changes, Loan

Sums = Mapping[str, NDArray[np.int64]]
# So many loans are classified in one transaction, beside other writers; and so often, where one of them is in the way.
TELL_AT_ONCE, ATTEMPTS = 200, 5


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

    def told(self) -> Columns:
        """Return the loans of all shards whose class the store is to be told."""
        return joined(result.told for result in self.results.values())

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
    _switch(store, worked, at)
    nights.clear_set_aside(day)
    for each in worked.gathered.aside.values():
        nights.set_aside(day, each.loan, "passing", each.problem, at)
    gathered = worked.gathered
    nights.mark_step(day, "gather", {"touched": len(gathered.versions), "alone": gathered.alone}, at)
    nights.mark_step(day, "columns", manifest.figures, at)
    nights.mark_step(day, "provisions", _by_account(provided), at)
    nights.mark_step(day, "entries", {"entries": len(entries), "moved": _by_account(accrued)}, at)
    nights.mark_step(day, "snapshot", {"sha256": digest, "loans": manifest.rows}, at)
    nights.move_watermark(day, {"fact": fact.id}, at)
    store.loans.clean_through(day_number(day))
    install(worked.folder, folder_of(setting.root, day))


def _manifest(worked: Worked, held: Sums, needed: NDArray[np.int64]) -> Manifest:
    parts = sorted(part for result in worked.results.values() for part in result.parts)
    sums = {account: column.tolist() for account, column in held.items()} | {PROVISION: (-needed).tolist()}
    told = write_told(worked.folder, worked.told())
    return Manifest(worked.day, tuple(parts), worked.groups, sums, worked.figures(), worked.at.isoformat(), told)


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


def _switch(store: Unit, worked: Worked, at: datetime) -> None:
    """Record the classifications that move what is income, and plans that passed days changed.

    They are in the entries of the night, so that no writer may see the one without the other; the other
    classifications move no balance and can come after.
    """
    told = worked.told()
    switched = _at(told, np.flatnonzero(told["switched"]))
    replanned = dict(worked.gathered.replanned)
    for start in range(0, len(switched["key"]), CHUNK):
        for loan in tell(store, _at(switched, slice(start, start + CHUNK)), worked.day, at):
            replanned.pop(loan.id, None)
    _replan(store, worked.day, list(replanned.values()))


def tell(store: Unit, told: Columns, day: date, at: datetime) -> list[Loan]:
    """Record a fact for each loan that the day classified anew, unless the store knows; return the loans told.

    A loan written on a later day is left out: it stays marked, and the next night classifies it.
    """
    values = {key: {name: int(told[name][place]) for name in TOLD} for place, key in enumerate(told["key"].tolist())}
    pairs = [
        (loan, *classified(loan, values[loan.key], day, NIGHT, at))
        for loan in store.loans.by_keys(list(values))
        if loan.position.as_of <= day_number(day) and not is_known(loan, values[loan.key])
    ]
    plans = frozenset(new.id for old, new, _ in pairs if not is_tail(new.position.rows, old.position.rows))
    store.record(Changes(facts=[fact for *_, fact in pairs], loans=[new for _, new, _ in pairs], replanned=plans))
    store.loans.clean(replace(new, version=new.version + 1) for _, new, _ in pairs)
    return [old for old, *_ in pairs]


def _at(columns: Columns, rows: Any) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


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
    """Do what a posted night still lacks: tell classes, compare sub-ledger and general ledger, sign the proof log."""
    with setting.books.read() as store:
        missing = [name for name in FINISHING if store.nights.step_done(day, name) is None]
    results = {}
    for name in missing:
        setting.say(day, name, 0, 1)
        results[name] = FINISHING[name](setting, day, at)
    if results:
        with setting.books.begin() as store:
            for name, result in results.items():
                store.nights.mark_step(day, name, result, at)


def _classify(setting: Setting, day: date, at: datetime) -> dict[str, Any]:
    """Record the classifications that move no balance, some at a time, beside other writers."""
    with setting.books.read() as store:
        folder, manifest = _snapshot(setting, store, day)
    told = read_told(folder, manifest.told_sha256)
    loans = len(told["key"])
    for start in range(0, loans, TELL_AT_ONCE):
        part = _at(told, slice(start, start + TELL_AT_ONCE))
        for attempt in range(ATTEMPTS):
            try:
                with setting.books.begin() as store:
                    tell(store, part, day, at)
                break
            except Refusal as refusal:
                # Someone wrote one of these loans in the same moment: read them again.
                if refusal.code != "LOAN_CHANGED" or attempt == ATTEMPTS - 1:
                    raise
        setting.say(day, "classify", start, loans)
    return {"facts": loans}


def _sign(setting: Setting, _day: date, at: datetime) -> dict[str, Any]:
    signed = setting.sign(at)
    return {"size": signed.size, "root": signed.root}


def _snapshot(setting: Setting, store: Unit, day: date) -> tuple[Path, Manifest]:
    """Return the folder and the manifest of a posted day; refuse SNAPSHOT_WRONG."""
    step, folder = store.nights.step_done(day, "snapshot"), folder_of(setting.root, day)
    return folder, manifest_of(folder, "" if step is None else str(step.result["sha256"]))


def _reconcile(setting: Setting, day: date, _at: datetime) -> dict[str, Any]:
    with setting.books.read() as store:
        return reconciled_on(setting, store, day)


def reconciled_on(setting: Setting, store: Unit, day: date) -> dict[str, Any]:
    """Return how the sub-ledger of a posted day's snapshot and the general ledger compare."""
    _, manifest = _snapshot(setting, store, day)
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


# What comes after a night is posted, in order; each can be done again.
FINISHING: dict[str, Callable[[Setting, date, datetime], dict[str, Any]]] = {
    "classify": _classify,
    "reconcile": _reconcile,
    "checkpoint": _sign,
}
