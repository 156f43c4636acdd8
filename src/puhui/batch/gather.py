"""Gathering the loans that columns alone cannot close: those written since the last night, and those done alone.

Each becomes a row at the end of the day, and a row of what the ledger has of it already. Rows are kept by shard; very
many go to files, so that memory stays bounded when a book is read for the first time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np

from puhui.batch.book import Columns, at, empty_book, joined, size_of
from puhui.batch.day import Events, frozen
from puhui.batch.groups import Groups, group_of
from puhui.batch.rows import Identity, book_of_rows, debtor_of, row_of
from puhui.batch.shard import shard_of
from puhui.batch.snapshot import read_part, write_part
from puhui.kernel.clock import business_date
from puhui.kernel.dates import day_number
from puhui.kernel.facts import Fact
from puhui.kernel.refusals import Refusal
from puhui.lending.agreement import Agreement, agreement_of
from puhui.lending.fold import advance, fold
from puhui.lending.position import Position
from puhui.workflows.store import Loan

# Rows held in memory before they go to files.
MOST_HELD = 250_000
# What a loan whose data are not what they should be may raise in its fold. It is set aside; the night goes on.
FAULTS = (Refusal, AssertionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

FactsOf = Callable[[str], list[Fact]]


@dataclass(frozen=True, slots=True)
class SetAside:
    """A loan that the night cannot close, and why."""

    loan: str
    problem: str


@dataclass(frozen=True, slots=True)
class Retried:
    """A loan that the night before had set aside. through: see `Gathered.retry`."""

    loan: str
    through: int | None


@dataclass(slots=True)
class Gathered:
    """Loans with an event on a day, by shard. Later words on a loan take the place of earlier ones.

    watermark: day number through which nights have posted, -1 before the first. folder: where rows go that are too
    many for memory. versions: of the loans taken, by key. aside: loans that could not be closed. replanned: loans that
    the passing of days gave other instalments than the store knows. touched: shards, -1 for all of them. retried:
    loans that the night before had set aside, by key. alone: how many were done alone.
    """

    day: date
    watermark: int
    shards: int
    groups: Groups
    facts: FactsOf
    folder: Path
    versions: dict[int, int] = field(default_factory=dict)
    aside: dict[str, SetAside] = field(default_factory=dict)
    replanned: dict[str, Loan] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    retried: dict[int, Retried] = field(default_factory=dict)
    alone: int = 0
    _held: list[tuple[Columns, Columns]] = field(default_factory=list)
    _files: list[tuple[Path, Path]] = field(default_factory=list)
    _aside_keys: list[int] = field(default_factory=list)
    _ahead_keys: list[int] = field(default_factory=list)
    _stood: list[list[int]] = field(default_factory=list)

    def add(self, loans: Sequence[Loan], *, alone: bool = False) -> None:
        """Take loans: with what the ledger has of them, or `alone`, where it has their old rows."""
        rows: list[list[int]] = []
        booked: list[list[int]] = []
        self.alone += len(loans) if alone else 0
        for loan in loans:
            self.versions[loan.key] = loan.version
            self.replanned.pop(loan.id, None)
            try:
                self._add(loan, rows, None if alone else booked)
            except FAULTS as fault:
                self._set_aside(loan, fault)
        self._hold(book_of_rows(rows), frozen(book_of_rows([*booked, *self._stood])))
        self._stood.clear()

    def retry(self, loan: Loan, through: int | None) -> None:
        """Take a loan that the night before had set aside: the ledger has its old row, and its own entries since.

        through: where there are no old rows, the day number that its old row stood for; None where it had none.
        """
        self.retried[loan.key] = Retried(loan.id, through)
        self.add([loan], alone=True)

    def events_of(self, shard: int) -> Events:
        """Return the events of a shard."""
        parts = [*self._held, *((read_part(one), read_part(other)) for one, other in self._files)]
        rows = self._last_words([self._of_shard(part, shard) for part, _ in parts])
        booked = self._last_words([self._of_shard(part, shard) for _, part in parts])
        return Events(rows, booked, np.array(self._aside_keys, np.int64), np.array(self._ahead_keys, np.int64))

    def _add(self, loan: Loan, rows: list[list[int]], booked: list[list[int]] | None) -> None:
        agreement, day = agreement_of(loan.agreement), day_number(self.day)
        position = position_on(loan, day, self.facts)
        if position is None:
            return  # agreed after the day
        if loan.position.as_of > day:
            self._ahead_keys.append(loan.key)
        row = self._row(loan, position, agreement)
        stood = self.retried.get(loan.key)
        if stood is not None and stood.through is not None:
            before = position_on(loan, stood.through, self.facts)
            assert before is not None, "a loan that a night closed was there"
            self._stood.append(self._row(loan, before, agreement))
        if booked is not None:
            through = max(loan.booked_on, self.watermark)
            before = position if through >= day else advance(loan.position, through, agreement)
            booked.append(self._row(loan, before, agreement))
        elif loan.position.as_of <= day and not is_tail(position.rows, loan.position.rows):
            self.replanned[loan.id] = loan
        rows.append(row)

    def _row(self, loan: Loan, position: Position, agreement: Agreement) -> list[int]:
        group = group_of(loan.dimensions, position, agreement)
        debtor = debtor_of(loan.dimensions.institution, loan.party) if group.together else 0
        return row_of(Identity(loan.key, self.groups.place_of(group), debtor), position, agreement)

    def _set_aside(self, loan: Loan, fault: Exception) -> None:
        problem = fault.message("en") if isinstance(fault, Refusal) else f"{type(fault).__name__}: {fault}"
        self.aside[loan.id] = SetAside(loan.id, problem[:500])
        self._aside_keys.append(loan.key)
        self.touched.add(-1)

    def _hold(self, rows: Columns, booked: Columns) -> None:
        if size_of(rows):
            self.touched.update(np.unique(shard_of(rows["debtor"], rows["key"], self.shards)).tolist())
            self._held.append((rows, booked))
        if sum(size_of(rows) for rows, _ in self._held) > MOST_HELD:
            place = len(self._files)
            names = [self.folder.joinpath(f"{name}-{place:05d}.events") for name in ("rows", "booked")]
            for name, part in zip(names, (0, 1), strict=True):
                write_part(name, joined([held[part] for held in self._held]))
            self._files.append((names[0], names[1]))
            self._held.clear()

    def _of_shard(self, book: Columns, shard: int) -> Columns:
        return at(book, np.flatnonzero(shard_of(book["debtor"], book["key"], self.shards) == shard))

    def _last_words(self, parts: Iterable[Columns]) -> Columns:
        book = joined([empty_book(), *parts])
        _, last = np.unique(book["key"][::-1], return_index=True)
        return at(book, size_of(book) - 1 - last)


def position_on(loan: Loan, day: int, facts: FactsOf) -> Position | None:
    """Return the position at the end of a day as it was known by then, None where there was no loan yet.

    What was recorded on a later business day is left out, but for the night's own classifications: the ledger has it
    on that later day.
    """
    agreement = agreement_of(loan.agreement)
    if loan.position.as_of <= day:
        return advance(loan.position, day, agreement)
    known = [fact for fact in facts(loan.id) if _known_on(fact, day)]
    return fold(known, day) if known else None


def is_tail(rows: Sequence[object], of: Sequence[object]) -> bool:
    """Return whether rows are the last of others: nothing but falling due has happened to a plan."""
    return list(of[len(of) - len(rows) :]) == list(rows) if len(rows) <= len(of) else False


def _known_on(fact: Fact, day: int) -> bool:
    recorded = day_number(business_date(fact.recorded_at))
    return recorded <= day or (fact.actor == NIGHT and day_number(fact.effective_on) <= day)


# Who says what the night says.
NIGHT = "night"
