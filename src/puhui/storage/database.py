"""The database: one SQLite file under PUHUI_HOME, or the PostgreSQL that PUHUI_DATABASE_URL names.

A write is `with database.begin() as store:`, one transaction that commits at the end of the block and is taken back
when the block raises. `database.read()` sees one state of the books and writes nothing.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select

from puhui.storage import migrate
from puhui.storage.engine import (
    FILE,
    URL_VARIABLE,
    Held,
    Pool,
    default_address,
    described,
    make_engine,
    read_address,
)
from puhui.storage.refusals import STORE_AHEAD, STORE_BEHIND
from puhui.storage.session import Session
from puhui.storage.session_sqlite import SqliteSession, Writers
from puhui.storage.tables import facts
from puhui.storage.unit_of_work import UnitOfWork

__all__ = ["FILE", "URL_VARIABLE", "Database", "connect"]


class Database:
    """Where the books are kept. One for a process, shared by its threads; a forked process makes its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.name = described(engine.url)
        self._writers = Writers()
        self._pool = Pool(engine)
        self._schema = ""
        self._books_lock = 0

    @contextmanager
    def begin(self, *, alone: bool = False) -> Iterator[UnitOfWork]:
        """Give a unit of work that commits at the end of the block; on an exception all of it is taken back.

        `alone` keeps every other writer out until it ends: for the moment in which a night is posted or a period is
        closed. It waits for those at work. On SQLite every writer is alone. Refuses STORE_UNREACHABLE, STORE_BUSY,
        and at the end of the block what the last writes refuse.
        """
        held = self._pool.take()
        try:
            session = self._session(held, "alone" if alone else "write")
            try:
                store = UnitOfWork(session, held.connection, alone=alone or self.sqlite)
                yield store
                store.finish()
                session.commit()
            finally:
                session.rollback()
        finally:
            self._pool.give_back(held)

    @contextmanager
    def read(self) -> Iterator[UnitOfWork]:
        """Give a unit of work that only reads, one state of the books however long it takes."""
        held = self._pool.take()
        try:
            session = self._session(held, "read")
            try:
                yield UnitOfWork(session, held.connection, alone=False)
            finally:
                session.rollback()
        finally:
            self._pool.give_back(held)

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Give a connection outside any transaction: each statement stands alone. Refuses STORE_UNREACHABLE."""
        held = self._pool.take()
        try:
            yield held.connection
        finally:
            self._pool.give_back(held)

    def lock_number(self, *names: str) -> int:
        """Return the number of an advisory lock, 64 bits with sign: each schema of a server has its own."""
        digest = hashlib.sha256("\0".join((self._schema, *names)).encode(errors="replace")).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def structure(self) -> tuple[str, str]:
        """Return the number of the structure that is there, and of the one that is needed."""
        with self.connection() as connection:
            return migrate.found(connection), migrate.needed()

    def check_structure(self) -> None:
        """Refuse STORE_BEHIND or STORE_AHEAD unless the structure is the one that is needed."""
        found, needed = self.structure()
        if found != needed:
            kind = STORE_BEHIND if found < needed else STORE_AHEAD
            raise kind.refuse(store=self.name, found=found, needed=needed)

    def migrate(self) -> None:
        """Bring the structure to the one that is needed, all or nothing, and check it; refuse STORE_AHEAD."""
        with self.begin(alone=True) as store:
            found, needed = migrate.found(store.connection), migrate.needed()
            if found > needed:
                raise STORE_AHEAD.refuse(store=self.name, found=found, needed=needed)
            migrate.upgrade(store.connection)

    def is_new(self) -> bool:
        """Return whether there are no tables of ours, or none in which anything was ever recorded."""
        if self.structure()[0] == migrate.NOTHING:
            return True
        with self.connection() as connection:
            return connection.execute(select(facts.c.seq).limit(1)).first() is None

    def close(self) -> None:
        """Close the connections that are idle."""
        self._pool.close()

    def _session(self, held: Held, way: str) -> Session:
        if self.sqlite:
            return SqliteSession(held.driver, None if way == "read" else self._writers, self.name)
        from puhui.storage.session_postgresql import PostgresqlSession, opening

        if not self._schema:
            self._schema = held.schema
            self._books_lock = self.lock_number("books")
        return PostgresqlSession(
            held.driver, held.prepared, self.name, opening(way, self._books_lock), self.lock_number
        )


def connect(url: str | None = None, *, checked: bool = True) -> Database:
    """Return the database at `url`, else at PUHUI_DATABASE_URL, else the file `puhui.db` under PUHUI_HOME.

    A new SQLite file is given its tables at once. Refuses STORE_UNREACHABLE; STORE_BEHIND and STORE_AHEAD where the
    structure is not the program's, unless `checked` is False. Passwords are never shown.
    """
    database = Database(make_engine(read_address(url or os.environ.get(URL_VARIABLE) or default_address())))
    try:
        if database.sqlite and database.structure()[0] == migrate.NOTHING:
            database.migrate()
        if checked:
            database.check_structure()
    except BaseException:
        database.close()
        raise
    return database
