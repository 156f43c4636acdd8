"""The unit of work: one transaction of one request or night step, as `workflows.store.Store` wants it.

Reads see one state of the books; `record` writes all that follows from a decision; the edge (`Database.begin`) commits.
What a write refuses may come with the next read or the commit, because writes travel together with it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from puhui.kernel.dates import to_date
from puhui.kernel.facts import Fact
from puhui.ledger.entry import Entry
from puhui.ledger.period import check_open
from puhui.proof.leaf import canonical
from puhui.storage import entry_rows, fact_rows, loan_rows
from puhui.storage.events import INSERT as INSERT_EVENTS
from puhui.storage.events import Events, event_row
from puhui.storage.fact_rows import micros
from puhui.storage.ledger_reads import StoredLedger
from puhui.storage.loan_reads import LoanReads
from puhui.storage.nights import Nights
from puhui.storage.refusals import (
    FACT_MISSING,
    IDEMPOTENCY_IN_FLIGHT,
    IDEMPOTENCY_MISMATCH,
    LOAN_UNKNOWN,
)
from puhui.storage.session import Session, compact, statement
from puhui.storage.work import Work
from puhui.workflows.store import Changes, Loan

INSERT_KEY = statement(
    "key_insert",
    "INSERT INTO idempotency (scope, key, input_hash, result, created_at) VALUES (?, ?, ?, ?, ?)",
)


@dataclass(frozen=True, slots=True)
class Key:
    """The idempotency key that a unit of work was given, and the hash of the input that came with it."""

    scope: str
    key: str
    input_hash: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of the request that had this key before."""

    result: Mapping[str, Any]


class UnitOfWork:
    """One transaction. `loans`, `ledger`, `nights` and `events` hold what goes beyond the port."""

    def __init__(self, session: Session, connection: Connection, *, alone: bool) -> None:
        self.work = Work(session, connection, alone=alone)
        self._key: Key | None = None
        self._remembered = False

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection in this transaction, for reads and tables of other parts. Do not commit it."""
        return self.work.connection

    @cached_property
    def loans(self) -> LoanReads:
        """Many loans at once: pages, chunks, those written since the night."""
        return LoanReads(self.work)

    @cached_property
    def ledger(self) -> StoredLedger:
        """The ledger's reads, roll-up and periods."""
        return StoredLedger(self.work)

    @cached_property
    def nights(self) -> Nights:
        """The nights' steps, watermark and errors, and what falls due on a day."""
        return Nights(self.work)

    @cached_property
    def events(self) -> Events:
        """What goes, or went, out."""
        return Events(self.work)

    # --- the port ---------------------------------------------------------------------------------

    def loan(self, loan_id: str, *, for_update: bool = False) -> Loan:
        """Return a loan; refuse LOAN_UNKNOWN. `for_update` keeps other writers of it waiting."""
        locked = self.work.locked
        if loan_id in locked:
            return locked[loan_id]
        [rows] = self.work.ask((loan_rows.READ_TO_WRITE if for_update else loan_rows.READ, (loan_id,)))
        if not rows:
            raise LOAN_UNKNOWN.refuse("loan", loan=loan_id)
        loan = loan_rows.loan_of(rows[0])
        if for_update:
            locked[loan_id] = loan
        return loan

    def facts(self, subject: str) -> list[Fact]:
        """Return the facts of a subject, by sequence."""
        [rows] = self.work.ask((fact_rows.OF_SUBJECT, (subject,)))
        return [fact_rows.fact_of(row) for row in rows]

    def watermark(self) -> date | None:
        """Return the last day that a night has posted, None before the first."""
        day = self.work.state()[0]
        return None if day is None else to_date(day)

    def open_from(self) -> date | None:
        """Return the first day that entries may still take effect on, None when no period is closed."""
        day = self.work.state()[1]
        return None if day is None else to_date(day + 1)

    def record(self, changes: Changes) -> None:
        """Write all of it, and the result, if it has one, under the key of `replayed`.

        Refuses PERIOD_CLOSED; LOAN_CHANGED when a loan (or the sequence of a subject) is not what was read, STORE_TEXT
        and PROOF_VALUE.
        """
        queue = self.work.queue
        if changes.entries:
            self._record_entries(changes.entries)
        fact_rows.INSERT.queue(queue, [fact_rows.row_of(fact) for fact in changes.facts])
        for loan in changes.new_loans:
            loan_rows.INSERT.queue(queue, [loan_rows.insert_row(loan)])
            loan_rows.INSERT_NEW_DUES.queue(queue, loan_rows.due_values(loan))
        for loan in changes.loans:
            queue(loan_rows.UPDATE, loan_rows.update_values(loan))
            if loan.id in changes.replanned:
                queue(loan_rows.DELETE_DUES, (loan.key,))
                loan_rows.INSERT_DUES.queue(queue, [(loan.key, *row) for row in loan_rows.due_values(loan)])
        INSERT_EVENTS.queue(queue, [event_row(event) for event in changes.events])
        if self._key is not None and changes.result and not self._remembered:
            self.remember(changes.result)

    # --- beyond the port --------------------------------------------------------------------------

    def replayed(self, scope: str, key: str, given: object, at: datetime, *, loan: str = "") -> Replay | None:
        """Return the result of the request that had this key before, None when it is new: then do the work.

        `scope` is whose keys they are (a caller, a route); `given` the input, canonical JSON or bytes, of which the
        hash is kept; `at` now; `loan` one that the work will read for update, which saves a round trip. The first
        `record` with a result, or `remember`, stores it with the work.
        Refuses IDEMPOTENCY_MISMATCH when the key came with another input, IDEMPOTENCY_IN_FLIGHT while another
        transaction works under it.
        """
        assert self._key is None, "one request has one key"
        input_hash = sha256(given if isinstance(given, bytes) else canonical(given, "$")).digest()
        questions = [(loan_rows.READ_TO_WRITE_IF_HELD, (loan,))] if loan else []
        ours, known_hash, result = self.work.hold(scope, key, *questions)
        if not ours:
            raise IDEMPOTENCY_IN_FLIGHT.refuse("Idempotency-Key")
        if known_hash is not None:
            if known_hash != input_hash:
                raise IDEMPOTENCY_MISMATCH.refuse("Idempotency-Key", key=key)
            return Replay(json.loads(result))
        self._key = Key(scope, key, input_hash, at)
        for row in self.work.answers[0] if loan else ():
            self.work.locked[loan] = loan_rows.loan_of(row)
        return None

    def remember(self, result: Mapping[str, Any]) -> None:
        """Store the result under the key of `replayed`, for work that `record` does not write."""
        assert self._key is not None, "there is no key to remember it under"
        assert not self._remembered, "a request has one result"
        self._remembered = True
        one = self._key
        text = compact(result)
        self.work.queue(INSERT_KEY, (one.scope, one.key, one.input_hash, text, micros(one.at)))

    def finish(self) -> None:
        """Assert that nothing is left half done; the edge calls it before the commit."""
        assert self._key is None or self._remembered, "a request with a key stores its result"

    def fact(self, fact_id: str) -> Fact:
        """Return a fact; refuse FACT_MISSING."""
        [rows] = self.work.ask((fact_rows.BY_ID, (fact_id,)))
        if not rows:
            raise FACT_MISSING.refuse("fact", fact=fact_id)
        return fact_rows.fact_of(rows[0])

    def next_sequence(self, subject: str) -> int:
        """Return the sequence of the next fact of a subject; two writers of one subject cannot both use it."""
        [rows] = self.work.ask((fact_rows.LAST_SEQUENCE, (subject,)))
        return int(rows[0][0] or 0) + 1

    def _record_entries(self, entries: Sequence[Entry]) -> None:
        open_from = self.open_from()
        for entry in entries:
            check_open(entry.effective_on, open_from)
            common = entry_rows.common_subject(entry)
            entry_rows.INSERT.queue(self.work.queue, [entry_rows.entry_row(entry, common)])
            entry_rows.INSERT_POSTINGS.queue(self.work.queue, entry_rows.posting_rows(entry, common))
