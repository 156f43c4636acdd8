"""The short road to the database, for what every request does: prepared statements, few round trips.

SQLAlchemy makes the connections and serves every other read; the few statements of the hot path go to the driver
directly, written once with `?` for values. `queue` sends what needs no answer with the next question or the commit.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = str | int | bytes | None
Values: TypeAlias = Sequence[Value]
Rows: TypeAlias = list[tuple[Any, ...]]

# The most rows of one statement; more are sent in several.
MOST_ROWS, FEW_ROWS = 64, 16


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as each engine reads it; `name` is the prepared statement's on PostgreSQL."""

    name: bytes
    sqlite: str
    postgresql: bytes


def statement(name: str, text: str, postgresql: str = "") -> Statement:
    """Return a statement; `postgresql` where its text differs. `?` stands for a value and nothing else.

    >>> statement("one", "SELECT body FROM facts WHERE id = ?").postgresql
    b'SELECT body FROM facts WHERE id = $1'
    """
    parts = (postgresql or text).split("?")
    numbered = "".join(f"{part}${place}" for place, part in enumerate(parts[:-1], start=1)) + parts[-1]
    return Statement(f"puhui_{name}".encode(), text, numbered.encode())


compact = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode

Question: TypeAlias = tuple[Statement, Values]


class Session(Protocol):
    """One transaction on one connection, begun with the first statement."""

    def begin(self) -> None:
        """Begin now, and send what is queued."""
        ...

    def queue(self, what: Statement, values: Values = ()) -> None:
        """Send a statement no later than with the next question; a refusal may come only then."""
        ...

    def ask(self, *questions: Question) -> list[Rows]:
        """Send what is queued and the questions; return the rows of each question."""
        ...

    def hold(self, scope: str, key: str, *questions: Question) -> list[Rows] | None:
        """Take an idempotency key until the end, and ask; None when another transaction holds the key."""
        ...

    def commit(self) -> None:
        """Send what is queued and commit. Afterwards the session is over."""
        ...

    def rollback(self) -> None:
        """Take all of it back, unless it is over. Afterwards the session is over."""
        ...


class Insert:
    """Rows into one table. `first`: an expression for the first column instead of a value, by engine."""

    def __init__(self, table: str, columns: Sequence[str], first: tuple[str, str] = ("", ""), name: str = "") -> None:
        self.table = table
        self.columns = columns
        self._first = first
        self._name = name or table
        self._shapes: dict[int, Statement] = {}

    def queue(self, queue: Callable[[Statement, Values], None], rows: Sequence[Values]) -> None:
        """Queue the rows: up to 16 in one statement, more in statements of 64 and 32: few shapes are prepared."""
        start = 0
        while start < len(rows):
            left = len(rows) - start
            size = left if left <= FEW_ROWS else min(MOST_ROWS, 1 << (left.bit_length() - 1))
            part = rows[start : start + size]
            shape = self._shapes.get(size) or self._shape(size)
            queue(shape, part[0] if size == 1 else [value for row in part for value in row])
            start += size

    def _shape(self, rows: int) -> Statement:
        into = f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES "  # noqa: S608
        texts = []
        for first in self._first:
            places = ", ".join([first] * bool(first) + ["?"] * (len(self.columns) - bool(first)))
            texts.append(into + ", ".join([f"({places})"] * rows))
        return self._shapes.setdefault(rows, statement(f"{self._name}_{rows}", *texts))
