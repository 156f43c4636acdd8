"""The rows of one party: columns of Python values, each made when it is first asked for."""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from typing import Any, TypeAlias

Column: TypeAlias = Sequence[Any]


class Rows:
    """Columns by name; what nobody asks for costs nothing.

    made: the columns that are ready, and by its function what an expression gave on these rows.
    """

    __slots__ = ("_make", "height", "made")

    def __init__(self, height: int, make: Callable[[str], Column]) -> None:
        self.height = height
        self.made: dict[Any, Column] = {}
        self._make = make

    def __getitem__(self, name: str) -> Column:
        column = self.made.get(name)
        if column is None:
            column = self.made[name] = self._make(name)
        return column

    def where(self, keep: Sequence[bool | None]) -> "Rows":
        """Return the rows where it is true; where it is throughout, these rows with all that is made."""
        if all(keep):
            return self
        return Rows(sum(map(bool, keep)), lambda name: list(compress(self[name], keep)))


class Groups(Rows):
    """One row a group of rows that are alike in the keys; the groups stand in the order of their first rows."""

    __slots__ = ("_places", "source")

    def __init__(self, source: Rows, keys: Sequence[str], works: "dict[str, Callable[[Rows], Column]]") -> None:
        order: dict[Any, int] = {}
        alike = zip(*(source[key] for key in keys), strict=True)
        self._places = [order.setdefault(key, len(order)) for key in alike]
        self.source = source
        columns = dict(zip(keys, zip(*order, strict=True), strict=True)) if order else dict.fromkeys(keys, ())
        super().__init__(len(order), lambda name: columns[name] if name in columns else works[name](self))

    def split(self, column: Iterable[Any]) -> list[list[Any]]:
        """Return the values of each group."""
        if self.height == 1:
            return [list(column)]
        parts: list[list[Any]] = [[] for _ in range(self.height)]
        for place, value in zip(self._places, column, strict=True):
            parts[place].append(value)
        return parts

    def known(self, column: Iterable[Any]) -> list[list[Any]]:
        """Return the values of each group that are not null."""
        if self.height == 1:
            return [[value for value in column if value is not None]]
        return [[value for value in part if value is not None] for part in self.split(column)]
