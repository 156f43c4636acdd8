"""A chunk: some rows of a table as they were read, before anything is typed, and rows that could not be read."""

from dataclasses import dataclass

import polars as pl

ROW = "__row__"
BAD_SCHEMA = pl.Schema({ROW: pl.Int64, "code": pl.String, "column": pl.String, "value": pl.String})


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Rows of one file. `frame` has ROW (data rows from 1, without the header), then the file's columns.

    Columns are text where the format has no types. `bad` are rows that are no rows (ROW, code of the reason, column,
    value). Each row of the file is in one of the two. `unread` are columns that were not asked for.
    """

    file: str
    frame: pl.DataFrame
    bad: pl.DataFrame
    unread: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows of the file this chunk accounts for."""
        return self.frame.height + self.bad[ROW].n_unique()


def bad_rows(rows: list[tuple[int, str, str, str]]) -> pl.DataFrame:
    """Return a frame of rows set aside."""
    return pl.DataFrame(rows, schema=BAD_SCHEMA, orient="row")
