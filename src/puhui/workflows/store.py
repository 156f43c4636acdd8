"""The port that storage fills: what workflows read, and the one way they write.

A workflow reads, decides, and hands over `Changes`; the store writes them with the idempotency record in the one
transaction of the request. Nothing else writes facts, entries or positions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from puhui.kernel.facts import Fact
from puhui.kernel.refusals import declare
from puhui.ledger.entry import Dimensions, Entry
from puhui.lending.position import Position

LOAN_UNKNOWN = declare(
    "LOAN_UNKNOWN",
    404,
    "没有贷款 {loan}。请核对编号。",
    "There is no loan {loan}. Check the id.",
)


@dataclass(frozen=True, slots=True)
class Loan:
    """A loan as it is stored. `position` is a cache: the fold of its facts, as of `position.as_of`.

    key: the store's small number for it. sequence: its last fact. version: counts writes.
    booked_on: the day (number) through which its own entries are in the ledger; nights book the rest in aggregate.
    agreement: the body of its agreement fact.
    """

    id: str
    key: int
    party: str
    dimensions: Dimensions
    position: Position
    sequence: int
    version: int
    booked_on: int
    agreement: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell the outside, through the outbox: at least once, in order within its subject."""

    id: str
    topic: str
    subject: str
    payload: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Changes:
    """All that one request or one night step writes, in one transaction."""

    facts: Sequence[Fact] = ()
    entries: Sequence[Entry] = ()
    loans: Sequence[Loan] = ()
    new_loans: Sequence[Loan] = ()
    # Loans whose rows to come changed: their `dues` in the store are written anew from the position.
    replanned: frozenset[str] = frozenset()
    events: Sequence[Event] = ()
    result: Mapping[str, Any] = field(default_factory=dict)


class Store(Protocol):
    """One unit of work: reads see one state of the books; `record` writes; the edge commits."""

    def loan(self, loan_id: str, *, for_update: bool = False) -> Loan:
        """Return a loan; refuse LOAN_UNKNOWN. `for_update` keeps other writers of it waiting."""
        ...

    def facts(self, subject: str) -> list[Fact]:
        """Return the facts of a subject, by sequence."""
        ...

    def watermark(self) -> date | None:
        """Return the last day that a night has closed, None before the first."""
        ...

    def open_from(self) -> date | None:
        """Return the first day that entries may still take effect on, None when no period is closed."""
        ...

    def record(self, changes: Changes) -> None:
        """Write all of it; refuse LOAN_CHANGED when a loan's version is not the one read."""
        ...


class FactStore(Store, Protocol):
    """A store for facts about anything, not about loans alone."""

    def next_sequence(self, subject: str) -> int:
        """Return the sequence of the next fact of a subject; two writers of one subject cannot both use it."""
        ...
