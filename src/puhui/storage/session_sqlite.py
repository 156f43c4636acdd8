"""A session on SQLite: the standard library's driver, which keeps prepared statements by their text."""

import sqlite3
import threading

from puhui.kernel.refusals import Refusal
from puhui.storage.refusals import LOAN_CHANGED, STORE_BUSY, STORE_TEXT, STORE_UNREACHABLE, Fault
from puhui.storage.session import Question, Rows, Statement, Values

BUSY_SECONDS = 10
_OUTSIDE = ("unable to open", "disk i/o error", "is full", "readonly", "malformed", "not a database")


class Writers:
    """What the writers of one process share: whose turn it is, and the idempotency keys that are worked on."""

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def hold(self, key: tuple[str, str]) -> bool:
        """Take a key; return False when it is taken."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys.add(key)
            return True

    def let_go(self, keys: set[tuple[str, str]]) -> None:
        """Give keys back."""
        with self._lock:
            self._keys -= keys


class SqliteSession:
    """One transaction. Writers of one process wait in line at `turn`, those of other processes at the file's lock."""

    def __init__(self, driver: sqlite3.Connection, writers: Writers | None, store: str) -> None:
        self._driver = driver
        self._writers = writers
        self._store = store
        self._begun = False
        self._held: set[tuple[str, str]] = set()

    def begin(self) -> None:
        """Begin, after those that came before; refuse STORE_BUSY when that takes too long."""
        if self._begun:
            return
        if self._writers is not None and not self._writers.turn.acquire(timeout=BUSY_SECONDS):
            raise STORE_BUSY.refuse(store=self._store)
        self._begun = True
        try:
            self._driver.execute("BEGIN" if self._writers is None else "BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise refusal_of(error, self._store) from error

    def queue(self, what: Statement, values: Values = ()) -> None:
        """Run a statement now: here nothing is gained by waiting."""
        if not self._begun:
            self.begin()
        try:
            _check_texts(values)
            self._driver.execute(what.sqlite, values)
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise refusal_of(error, self._store) from error

    def ask(self, *questions: Question) -> list[Rows]:
        """Return the rows of each question."""
        if not self._begun:
            self.begin()
        try:
            rows = []
            for what, values in questions:
                _check_texts(values)
                rows.append(self._driver.execute(what.sqlite, values).fetchall())
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise refusal_of(error, self._store) from error
        return rows

    def hold(self, scope: str, key: str, *questions: Question) -> list[Rows] | None:
        """Take a key. One that another process holds is waited for: its result is then there to be repeated."""
        assert self._writers is not None, "only a write has a key"
        if not self._writers.hold((scope, key)):
            return None
        self._held.add((scope, key))
        return self.ask(*questions)

    def commit(self) -> None:
        """Commit: on the disk when this returns."""
        if not self._begun:
            return
        try:
            self._driver.execute("COMMIT")
        except sqlite3.Error as error:
            raise refusal_of(error, self._store) from error
        self._end()

    def rollback(self) -> None:
        """Take all of it back, unless it is over."""
        try:
            if self._begun and self._driver.in_transaction:
                self._driver.execute("ROLLBACK")
        finally:
            if self._begun:
                self._end()
            if self._held and self._writers is not None:
                self._writers.let_go(self._held)

    def _end(self) -> None:
        self._begun = False
        if self._writers is not None:
            self._writers.turn.release()


def refusal_of(error: sqlite3.Error | UnicodeEncodeError, store: str) -> Refusal | Fault:
    """Return what the driver's error means; a Fault when it should never be."""
    if isinstance(error, UnicodeEncodeError):
        return STORE_TEXT.refuse()
    text = str(error)
    if text.endswith(("NOT NULL constraint failed: loans.version", "facts.subject, facts.sequence")):
        return LOAN_CHANGED.refuse()
    if "locked" in text or "busy" in text:
        return STORE_BUSY.refuse(store=store)
    if any(word in text.lower() for word in _OUTSIDE):
        return STORE_UNREACHABLE.refuse(store=store, problem=text)
    return Fault(text)


def _check_texts(values: Values) -> None:
    """PostgreSQL keeps no NUL, so neither do we: what one engine takes the other takes."""
    for value in values:
        if type(value) is str and "\0" in value:
            raise STORE_TEXT.refuse()
