"""A plan for the rows of one party: what a LazyFrame is for a population.

It takes the calls by which the tables of features are written, with the same names and meaning, and is laid once. So
there is one definition, for a population in Polars and for one party in plain Python (a test says that both agree).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import polars as pl

from puhui.credit.features.expressions import Work, work_of
from puhui.credit.features.rows import Groups, Rows

Columns: TypeAlias = pl.Expr | str | Iterable[pl.Expr]


class Plan:
    """Steps from rows to rows; every call returns a new plan."""

    def __init__(self, *steps: Callable[[Rows], Rows]) -> None:
        self._steps = steps

    def of(self, rows: Rows) -> Rows:
        """Return what the plan makes of rows."""
        for step in self._steps:
            rows = step(rows)
        return rows

    def _then(self, step: Callable[[Rows], Rows]) -> "Plan":
        return Plan(*self._steps, step)

    def filter(self, *conditions: pl.Expr) -> "Plan":
        """Keep the rows where all conditions are true."""
        works = [work_of(condition) for condition in conditions]
        return self._then(lambda rows: rows.where(list(map(all, zip(*(work(rows) for work in works), strict=True)))))

    def select(self, *columns: Columns) -> "Plan":
        """Make these columns and no others."""
        works = _works(columns)
        return self._then(lambda rows: Rows(rows.height, lambda name: works[name](rows)))

    def with_columns(self, *columns: Columns) -> "Plan":
        """Add columns."""
        works = _works(columns)
        return self._then(
            lambda rows: Rows(rows.height, lambda name: works[name](rows) if name in works else rows[name])
        )

    def group_by(self, *keys: str) -> "Grouping":
        """Group rows that are alike in the keys."""
        return Grouping(self, keys)

    def unique(self, names: Sequence[str]) -> "Plan":
        """Keep these columns, and one row of those that are alike in them."""
        return self.group_by(*names).agg()

    def sort(self, *names: str) -> "Plan":
        """Order rows by columns without nulls."""

        def ordered(rows: Rows) -> Rows:
            keys = list(zip(*(rows[name] for name in names), strict=True))
            order = sorted(range(rows.height), key=keys.__getitem__)
            return Rows(rows.height, lambda name: [rows[name][place] for place in order])

        return self._then(ordered)

    def join(self, other: pl.LazyFrame, on: str, how: str) -> "Plan":
        """Add the columns of a table with one row for each value of `on`; null where it has none."""
        assert how == "left", how
        table = {row[on]: row for row in other.collect().iter_rows(named=True)}
        names = set(other.collect_schema()) - {on}

        def joined(rows: Rows) -> Rows:
            found = [table.get(key, {}) for key in rows[on]]
            return Rows(rows.height, lambda name: [row.get(name) for row in found] if name in names else rows[name])

        return self._then(joined)


class Grouping:
    """A plan whose rows are to be grouped."""

    def __init__(self, plan: Plan, keys: tuple[str, ...]) -> None:
        self._plan, self._keys = plan, keys

    def agg(self, *columns: Columns) -> Plan:
        """Make one row a group, of aggregates."""
        works = _works(columns)
        return self._plan._then(lambda rows: Groups(rows, self._keys, works))


def _works(columns: Iterable[Columns]) -> dict[str, Work]:
    flat: list[pl.Expr] = []
    for each in columns:
        if isinstance(each, str):
            flat.append(pl.col(each))
        elif isinstance(each, pl.Expr):
            flat.append(each)
        else:
            flat += each
    return {each.meta.output_name(): work_of(each) for each in flat}
