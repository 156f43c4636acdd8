"""Connections: where the database is, how each engine is set up, and those that are kept at hand.

SQLAlchemy makes the connections. They never begin or end a transaction by themselves: sessions do.
"""

import os
import select
import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from puhui.kernel.home import home
from puhui.kernel.language import Text
from puhui.storage.refusals import STORE_BUSY, STORE_UNREACHABLE
from puhui.storage.session_sqlite import BUSY_SECONDS

URL_VARIABLE = "PUHUI_DATABASE_URL"
FILE = "puhui.db"
OLDEST_SQLITE = (3, 35, 0)  # RETURNING
OLDEST_POSTGRESQL = 150_000
# Connections at once; who wants one more waits as long as for a lock.
MOST = 64

_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",  # a commit is on the disk, not only in the system's memory
    f"busy_timeout = {BUSY_SECONDS * 1000}",
    "foreign_keys = ON",
    "recursive_triggers = ON",  # so that INSERT OR REPLACE meets the triggers on DELETE
    "cache_size = -65536",
    "wal_autocheckpoint = 8000",  # pages, 32 MB: each copy into the file is dear, and takes many commits at once
)

_UNREADABLE_URL = Text(
    "地址应为 postgresql://用户:密码@主机/库 或 sqlite:///文件",
    "the address should be postgresql://user:password@host/database or sqlite:///file",
)
_TOO_OLD = Text("版本太旧，需要 PostgreSQL 15 或 SQLite 3.35 以上", "too old: PostgreSQL 15 or SQLite 3.35 is needed")


class Held:
    """A connection at hand, with what is looked up once: the driver's own, and the statements it knows."""

    __slots__ = ("_poll", "connection", "driver", "prepared", "schema")

    def __init__(self, connection: Connection) -> None:
        proxied: Any = connection.connection
        self.connection = connection
        self.driver = proxied.driver_connection
        self.prepared: set[bytes] = proxied.info.setdefault("prepared", set())
        self.schema = str(proxied.info.get("schema", ""))
        self._poll: Any = None
        if connection.dialect.name != "sqlite" and hasattr(select, "poll"):
            self._poll = select.poll()
            self._poll.register(self.driver.pgconn.socket, select.POLLIN)

    def is_lost(self) -> bool:
        """Return whether the connection is known to be gone."""
        return self.connection.invalidated or (self._poll is not None and self.driver.closed)

    def is_over(self) -> bool:
        """Return whether the server has closed it while it lay idle: there is something to read, its last word."""
        return self.is_lost() or (self._poll is not None and bool(self._poll.poll(0)))


class Pool:
    """Connections kept at hand for threads to share: SQLAlchemy's own way in and out takes as long as a statement."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._idle: deque[Held] = deque()
        self._free = threading.Semaphore(MOST)
        self._name = described(engine.url)

    def take(self) -> Held:
        """Return a connection for one thread; refuse STORE_UNREACHABLE, STORE_BUSY when there are too many."""
        if not self._free.acquire(timeout=BUSY_SECONDS):
            raise STORE_BUSY.refuse(store=self._name)
        held = None
        try:
            held = self._kept() or Held(self._engine.connect())
        except DBAPIError as error:
            raise unreachable(self._name, error) from None
        finally:
            if held is None:
                self._free.release()
        return held

    def _kept(self) -> Held | None:
        while True:
            try:
                held = self._idle.pop()
            except IndexError:
                return None
            if not held.is_over():
                return held
            _drop(held)

    def give_back(self, held: Held) -> None:
        """Keep a connection for the next."""
        try:
            if held.is_lost():
                _drop(held)
                return
            if held.connection.in_transaction():
                held.connection.rollback()  # SQLAlchemy's view of it: the session has ended the transaction itself
            self._idle.append(held)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close those that are idle."""
        while (held := self._kept()) is not None:
            held.connection.close()
        self._engine.dispose()


def _drop(held: Held) -> None:
    held.connection.invalidate()
    held.connection.close()


def described(url: URL) -> str:
    """Return what may be shown of an address: no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"postgresql://{url.host or ''}:{url.port or 5432}/{url.database or ''}"


def unreachable(store: str, error: DBAPIError) -> Exception:
    """Return the refusal that says why the driver could not connect."""
    lines = str(error.orig).strip().splitlines()
    return STORE_UNREACHABLE.refuse(store=store, problem=lines[0] if lines else type(error.orig).__name__)


def default_address() -> str:
    """Return the address of the file under PUHUI_HOME."""
    return f"sqlite:///{home().joinpath(FILE)}"


def read_address(text: str) -> URL:
    """Return an address as SQLAlchemy has it; refuse STORE_UNREACHABLE what is none, without showing it."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise STORE_UNREACHABLE.refuse(URL_VARIABLE, store=URL_VARIABLE, problem=_UNREADABLE_URL) from None
    backend = url.drivername.split("+")[0]
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url.set(drivername="sqlite")
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise STORE_UNREACHABLE.refuse(URL_VARIABLE, store=URL_VARIABLE, problem=_UNREADABLE_URL)


def make_engine(url: URL) -> Engine:
    """Return SQLAlchemy's engine for an address, each new connection set up; refuse STORE_UNREACHABLE."""
    # Transactions are begun and ended by the sessions; SQLAlchemy and the drivers must not do it too.
    options: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
        "poolclass": NullPool,  # `Pool` keeps them
        "pool_reset_on_return": None,
        "hide_parameters": True,
    }
    if url.get_backend_name() == "sqlite":
        _make_folder(url)
        engine = create_engine(url, connect_args={"cached_statements": 512}, **options)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _make_folder(url: URL) -> None:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # the books are for their owner's eyes
    except OSError as error:
        raise STORE_UNREACHABLE.refuse(store=str(path), problem=error.strerror) from None


def _prepare_sqlite(driver: sqlite3.Connection, _record: Any) -> None:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise STORE_UNREACHABLE.refuse(store="SQLite", problem=_TOO_OLD)
    for pragma in _PRAGMAS:
        driver.execute(f"PRAGMA {pragma}")


def _prepare_postgresql(driver: Any, record: Any) -> None:
    if driver.info.server_version < OLDEST_POSTGRESQL:
        driver.close()
        raise STORE_UNREACHABLE.refuse(store="PostgreSQL", problem=_TOO_OLD)
    driver.execute("SET lock_timeout = '10s'")
    driver.execute("SET application_name = 'puhui'")
    record.info["schema"] = driver.execute("SELECT current_schema()").fetchone()[0] or ""
