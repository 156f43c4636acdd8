"""A session on PostgreSQL: libpq's pipeline through psycopg's own binding.

Each `ask` is one round trip, whatever is queued before it; BEGIN goes with the first, the writes with COMMIT. Measured
on two cores with 8 clients: 940 transactions/s through cursors, 1,560 this way.
"""

import select
from collections.abc import Callable, Sequence
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

from puhui.kernel.refusals import Refusal
from puhui.storage.refusals import (
    IDEMPOTENCY_IN_FLIGHT,
    LOAN_CHANGED,
    STORE_BUSY,
    STORE_TEXT,
    STORE_UNREACHABLE,
    Fault,
)
from puhui.storage.session import Question, Rows, Statement, Values, statement

BEGIN = statement("begin", "BEGIN")
BEGIN_READ = statement("begin_read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
COMMIT = statement("commit", "COMMIT")
# Each writer holds the books, shared; who wants them alone waits for those at work. The number of the transaction is
# taken before any row is numbered: by it `settled` tells which rows may still come.
SHARE_BOOKS = statement("share", "SELECT pg_advisory_xact_lock_shared(?), pg_current_xact_id()")
TAKE_BOOKS = statement("take", "SELECT pg_advisory_xact_lock(?), pg_current_xact_id()")
# Whether the key is ours stays known to later statements of the transaction: see IF_HELD.
_TRY = "set_config('puhui.held', pg_try_advisory_xact_lock(?)::text, true)"
TRY_LOCK = statement("try", f"SELECT {_TRY}")
SHARE_AND_TRY = statement("share_try", f"SELECT {_TRY}, pg_advisory_xact_lock_shared(?), pg_current_xact_id()")
# Statements in one round trip; more go in several.
SLICE = 256

_INTS = frozenset({20, 21, 23, 26, 28, 5069})
_POLL = getattr(select, "poll", None)
_BYTES = 17
_BOOL = 16
_BUSY = frozenset({"55P03", "40P01", "40001", "57014"})  # lock timeout, deadlock, serialization, cancelled
_OUTSIDE = frozenset({"08", "53", "57", "58"})  # connection, resources, operator, system


def opening(way: str, books: int) -> list[Question]:
    """Return what a session of that way (read, write, alone) sends before all else; `books`: the number of the lock."""
    if way == "read":
        return [(BEGIN_READ, ())]
    return [(BEGIN, ()), (SHARE_BOOKS if way == "write" else TAKE_BOOKS, (books,))]


class PostgresqlSession:
    """One transaction on one connection; `prepared` holds the names that the connection knows.

    `opening` is sent before all else: BEGIN, and the locks that each writer takes.
    """

    def __init__(
        self,
        driver: Connection[Any],
        prepared: set[bytes],
        store: str,
        opening: Sequence[Question],
        lock_number: Callable[..., int],
    ) -> None:
        self._pg: PGconn = driver.pgconn
        self._prepared = prepared
        self._store = store
        self._pending: list[Question] = list(opening)
        self._lock_number = lock_number

    def begin(self) -> None:
        """Begin now, and send what is queued."""
        if self._pending:
            self._send()

    def queue(self, what: Statement, values: Values = ()) -> None:
        """Send a statement with the next question or the commit."""
        self._pending.append((what, values))
        if len(self._pending) >= SLICE:
            self._send()

    def ask(self, *questions: tuple[Statement, Values]) -> list[Rows]:
        """Return the rows of each question: one round trip, with all that is queued."""
        self._pending += questions
        results = self._send()[-len(questions) :]
        return [rows_of(result, what.name) for result, (what, _) in zip(results, questions, strict=True)]

    def hold(self, scope: str, key: str, *questions: Question) -> list[Rows] | None:
        """Take a key. Another's that commits just now is seen by the questions, asked when the lock is ours."""
        number = self._lock_number("key", scope, key)
        if self._pending and self._pending[-1][0] is SHARE_BOOKS:
            books = self._pending.pop()[1]
            held, *answers = self.ask((SHARE_AND_TRY, (number, *books)), *questions)
        else:
            held, *answers = self.ask((TRY_LOCK, (number,)), *questions)
        return answers if held[0][0] == "true" else None

    def commit(self) -> None:
        """Send what is queued, and COMMIT behind it: when any of it is refused, nothing is committed."""
        self._pending.append((COMMIT, ()))
        self._send()

    def rollback(self) -> None:
        """Take all of it back, unless it is over; a connection that is lost has done so itself."""
        self._pending.clear()
        if self._pg.status == ConnStatus.OK and self._pg.transaction_status != TransactionStatus.IDLE:
            self._pg.exec_(b"ROLLBACK")

    def _send(self) -> list[PGresult]:
        pending, self._pending = self._pending, []
        try:
            encoded = [_encoded(values) for _, values in pending]
        except UnicodeEncodeError:
            raise STORE_TEXT.refuse() from None
        try:
            results, fresh = self._round_trip(pending, encoded)
        except OperationalError as error:  # the binding's own word for a connection that is gone
            raise self._lost(str(error)) from None
        # A statement stays prepared though the transaction that first used it is taken back.
        self._prepared.update(name for place, name in fresh if results[place].status == ExecStatus.COMMAND_OK)
        failed = next((result for result in results if result.status == ExecStatus.FATAL_ERROR), None)
        if failed is not None:
            raise self._refusal(failed)
        places = {place for place, _ in fresh}
        return [result for place, result in enumerate(results) if place not in places]

    def _round_trip(
        self, pending: Sequence[Question], encoded: Sequence[list[bytes | None]]
    ) -> tuple[list[PGresult], list[tuple[int, bytes]]]:
        """Return all results, and which of them (place, name) only prepare a statement."""
        pg = self._pg
        pg.enter_pipeline_mode()
        fresh: list[tuple[int, bytes]] = []
        sent = 0
        for (what, _), values in zip(pending, encoded, strict=True):
            if what.name not in self._prepared and all(name != what.name for _, name in fresh):
                fresh.append((sent, what.name))
                pg.send_prepare(what.name, what.postgresql)
                sent += 1
            pg.send_query_prepared(what.name, values)
            sent += 1
        pg.pipeline_sync()
        while pg.flush():
            self._wait(writing=True)
            pg.consume_input()
        results = self._received()
        pg.exit_pipeline_mode()
        return results, fresh

    def _received(self) -> list[PGresult]:
        """Return the result of each statement, up to the end of the round trip."""
        results: list[PGresult] = []
        pg = self._pg
        while True:
            # libpq would wait by itself, but while it does no other thread of this process could go on.
            while pg.is_busy():
                self._wait()
                pg.consume_input()
            result = pg.get_result()
            if result is None:
                if pg.status != ConnStatus.OK:
                    raise OperationalError(pg.get_error_message())
            elif result.status == ExecStatus.PIPELINE_SYNC:
                return results
            else:
                results.append(result)

    def _wait(self, *, writing: bool = False) -> None:
        """Wait until there is something to read (or room to write), letting other threads run."""
        if _POLL is None:  # Windows
            sockets = [self._pg.socket]
            select.select(sockets, sockets if writing else [], [])
            return
        poll = _POLL()
        poll.register(self._pg.socket, select.POLLIN | (select.POLLOUT if writing else 0))
        poll.poll()

    def _lost(self, text: str) -> Refusal:
        lines = text.strip().splitlines()
        return STORE_UNREACHABLE.refuse(store=self._store, problem=lines[0] if lines else "the connection was lost")

    def _refusal(self, result: PGresult) -> Refusal | Fault:
        state = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
        text = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode(errors="replace")
        constraint = (result.error_field(DiagnosticField.CONSTRAINT_NAME) or b"").decode()
        column = (result.error_field(DiagnosticField.TABLE_NAME), result.error_field(DiagnosticField.COLUMN_NAME))
        if column == (b"loans", b"version") or constraint == "uq_facts_subject_sequence":
            return LOAN_CHANGED.refuse()
        if constraint == "pk_idempotency":
            return IDEMPOTENCY_IN_FLIGHT.refuse("Idempotency-Key")
        if state in _BUSY:
            return STORE_BUSY.refuse(store=self._store)
        if not state or state[:2] in _OUTSIDE:
            return STORE_UNREACHABLE.refuse(store=self._store, problem=text or "the connection was lost")
        return Fault(f"{state} {text} {constraint}".strip())


_READERS: dict[bytes, list[Any]] = {}


def rows_of(result: PGresult, name: bytes) -> Rows:
    """Return the rows of a statement: whole numbers, text, bytes, true and false; nothing else is asked for."""
    count = result.ntuples
    if not count:
        return []
    readers = _READERS.get(name)
    if readers is None:
        readers = _READERS[name] = [_reader(result.ftype(column)) for column in range(result.nfields)]
    get = result.get_value
    return [
        tuple(None if (raw := get(row, column)) is None else read(raw) for column, read in enumerate(readers))
        for row in range(count)
    ]


def _reader(kind: int) -> Any:
    if kind in _INTS:
        return int
    if kind == _BYTES:
        return _read_bytes
    if kind == _BOOL:
        return _read_bool
    return bytes.decode


def _read_bytes(raw: bytes) -> bytes:
    return bytes.fromhex(raw[2:].decode())


def _read_bool(raw: bytes) -> bool:
    return raw == b"t"


_AS_TEXT: dict[type, Callable[[Any], bytes | None]] = {
    str: str.encode,
    int: b"%d".__mod__,
    bool: b"%d".__mod__,
    bytes: lambda value: b"\\x" + value.hex().encode(),
    type(None): lambda _: None,
}


def _encoded(values: Values) -> list[bytes | None]:
    """Return values as PostgreSQL reads them in text; refuse STORE_TEXT a NUL, where libpq would cut the text off."""
    encoded = [_AS_TEXT[type(value)](value) for value in values]
    if b"\0" in b"".join(filter(None, encoded)):
        raise STORE_TEXT.refuse()
    return encoded
