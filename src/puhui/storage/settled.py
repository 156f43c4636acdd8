"""Which rows can no longer be joined by one with a smaller number.

On PostgreSQL a transaction takes its rows' numbers before it commits, so a row may appear behind larger numbers that
were there before. Each writer takes its transaction's number before it numbers a row; once every transaction that was
at work when we looked has ended, nothing can appear at or below the largest number that we saw.
"""

from typing import NamedTuple

from sqlalchemy import Connection

PATIENCE = 300


class Mark(NamedTuple):
    """What was seen: the largest row number, and a transaction number larger than that of any writer of it."""

    high: int
    transaction: int


def look(connection: Connection, table: str) -> Mark:
    """Return a mark of `table` (facts, entries) now; `connection` stands outside any transaction."""
    # In this order: who numbered a row that we see took a transaction's number before us.
    high = connection.exec_driver_sql(f"SELECT max(seq) FROM {table}").scalar() or 0  # noqa: S608
    if connection.dialect.name == "sqlite":
        return Mark(high, 0)
    return Mark(high, int(connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar() or 0))


def is_settled(connection: Connection, mark: Mark) -> bool:
    """Return whether all who were at work at the mark have ended; on SQLite there is one writer, so at once."""
    if connection.dialect.name == "sqlite":
        return True
    oldest = connection.exec_driver_sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").scalar()
    return int(oldest or 0) >= mark.transaction


def settled_through(connection: Connection, table: str) -> int:
    """Return the largest number of `table` that is settled now, waiting some seconds for writers; else 0."""
    mark = look(connection, table)
    for _ in range(PATIENCE):
        if is_settled(connection, mark):
            return mark.high
        connection.exec_driver_sql("SELECT pg_sleep(0.01)")
    return 0
