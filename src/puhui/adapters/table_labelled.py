"""Labelled tables from files: `credit.data.table.read_labelled` with the reader of files passed in."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from puhui.adapters.table_files import read_table
from puhui.adapters.table_limits import Limits
from puhui.credit.data import table
from puhui.credit.data.chunk import RawChunk
from puhui.credit.data.mapping import Mapping, Reading
from puhui.credit.data.types import LAST_DAY


def read_labelled(
    paths: str | Path | Sequence[str | Path],
    mapping: Mapping | str | Path | None = None,
    *,
    label: str = "",
    latest_on: date = LAST_DAY,
    limits: Limits | None = None,
) -> table.LabelledTable:
    """Return the labelled table of files by a mapping (or its name, or a .yaml), or by a draft around `label`."""

    def read(path: Path, reading: Reading, columns: Sequence[str] | None) -> Iterator[RawChunk]:
        return read_table(path, reading, limits, columns)

    return table.read_labelled(paths, mapping, read=read, label=label, latest_on=latest_on)
