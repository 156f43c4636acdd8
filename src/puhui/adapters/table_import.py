"""Importing files by a mapping: typed Parquet parts, a quarantine, and an account of every row.

Everything is written beside the folder and takes its place at the end, so that a broken import leaves the old one.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from puhui import __version__
from puhui.adapters.table_files import read_table
from puhui.adapters.table_limits import Limits
from puhui.adapters.table_write import SafeCsv
from puhui.credit.data.chunk import ROW, RawChunk
from puhui.credit.data.mapping import Applications, Mapping, Table, table_of
from puhui.credit.data.reasons import reason
from puhui.credit.data.seen import Seen
from puhui.credit.data.tidy import Tidy, columns_needed, plan_of, tidy
from puhui.credit.data.types import LAST_DAY
from puhui.kernel.refusals import declare

FOLDER_IN_USE = declare(
    "FOLDER_IN_USE",
    409,
    "文件夹 {folder} 已有别的内容，不是一次导入。请换 --out。",
    "The folder {folder} holds something else, not an import. Choose another --out.",
)
MANIFEST = "import.json"
QUARANTINE = "quarantine.csv"
QUARANTINE_COLUMNS = ("file", "row", "column", "code", "value", "zh", "en")

Progress = Callable[[str, int], None]
Observe = Callable[[Table, Tidy], None]


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What became of the rows of one file. Rows in are rows out and rows set aside."""

    file: str
    table: str
    sha256: str
    rows_in: int
    rows_out: int
    rows_aside: int
    reasons: dict[str, int]
    left_out: tuple[str, ...]
    without_label: bool

    def as_dict(self) -> dict[str, Any]:
        """Return what a program reads."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Setting:
    """How an import is done: limits, the last day that a date may fall on, who watches rows and progress."""

    limits: Limits = field(default_factory=Limits)
    latest_on: date = LAST_DAY
    progress: Progress = lambda _file, _rows: None
    observe: Observe = lambda _table, _tidy: None


@dataclass(frozen=True, slots=True)
class Imported:
    """A finished import: where it is, and the account of each file."""

    folder: Path
    mapping: Mapping
    files: tuple[FileAccount, ...]

    @property
    def rows_in(self) -> int:
        """All rows of all files."""
        return sum(each.rows_in for each in self.files)

    @property
    def rows_out(self) -> int:
        """Rows in the tidy tables."""
        return sum(each.rows_out for each in self.files)

    @property
    def rows_aside(self) -> int:
        """Rows in the quarantine."""
        return sum(each.rows_aside for each in self.files)

    def as_dict(self) -> dict[str, Any]:
        """Return what a program reads, and what the manifest holds."""
        return {
            "mapping": self.mapping.name,
            "puhui": __version__,
            "rows_in": self.rows_in,
            "rows_out": self.rows_out,
            "rows_aside": self.rows_aside,
            "files": [each.as_dict() for each in self.files],
        }


def import_files(paths: Iterable[Path], mapping: Mapping, folder: Path, setting: Setting | None = None) -> Imported:
    """Read files by a mapping into `folder`: parties/, applications/, events/ (Parquet), quarantine.csv, import.json.

    Refuses FOLDER_IN_USE, FILE_NOT_MAPPED, COLUMNS_MISSING and what reading a table refuses; then nothing is changed.
    """
    setting = setting or Setting()
    if folder.exists() and not folder.joinpath(MANIFEST).exists() and any(folder.iterdir()):
        raise FOLDER_IN_USE.refuse("out", folder=folder)
    fresh = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        with SafeCsv(fresh.joinpath(QUARANTINE), QUARANTINE_COLUMNS) as quarantine:
            writer = _Writer(fresh, quarantine, setting)
            # Applications first: they know more of a party than its events do.
            tables = sorted(((path, table_of(mapping, path.name)) for path in paths), key=_applications_first)
            accounts = tuple(writer.one_file(path, table) for path, table in tables)
        done = Imported(folder, mapping, accounts)
        manifest = {**done.as_dict(), "definition": mapping.model_dump(mode="json", by_alias=True, exclude_unset=True)}
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        fresh.joinpath(MANIFEST).write_text(text, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return done


class _Writer:
    """Parts being written, ids seen so far."""

    def __init__(self, folder: Path, quarantine: SafeCsv, setting: Setting) -> None:
        self._folder, self._quarantine, self._setting = folder, quarantine, setting
        self._applications, self._parties = Seen(), Seen()
        self._parts: Counter[str] = Counter()
        self._attributes: dict[str, pl.DataType] = {}
        self._own_parties = False

    def one_file(self, path: Path, table: Table) -> FileAccount:
        """Read one file through; return its account."""
        name = "applications" if isinstance(table, Applications) else "events"
        rows_in = rows_out = rows_aside = 0
        reasons: Counter[str] = Counter()
        last: RawChunk | None = None
        for chunk, made in tidy_chunks(path, table, self._applications, self._setting):
            last = chunk
            aside = made.bad[ROW].n_unique()
            assert chunk.rows == made.frame.height + aside, "a row was lost"
            rows_in, rows_out, rows_aside = rows_in + chunk.rows, rows_out + made.frame.height, rows_aside + aside
            reasons.update(made.bad["code"].to_list())
            self._setting.observe(table, made)
            self._write(name, table, made)
            self._set_aside(path.name, made.bad)
            self._setting.progress(path.name, rows_in)
        return FileAccount(
            file=path.name,
            table=name,
            sha256=_sha256(path),
            rows_in=rows_in,
            rows_out=rows_out,
            rows_aside=rows_aside,
            reasons=dict(sorted(reasons.items())),
            left_out=_left_out(table, last),
            without_label=_without_label(table, last),
        )

    def _write(self, name: str, table: Table, made: Tidy) -> None:
        frame = made.frame.drop(ROW)
        if isinstance(table, Applications):
            roles = {column.name or key: column.role for key, column in table.columns.items()}
            known = {key: kind for key, kind in frame.schema.items() if roles.get(key) in ("group", "protected")}
            self._attributes.update(known)
            self._part(name, frame.drop(key for key in known if roles[key] == "protected"))
        else:
            self._part(name, frame)
        self._write_parties(frame, table)

    def _write_parties(self, frame: pl.DataFrame, table: Table) -> None:
        """Write the parties not seen before, with the attributes of their first row."""
        absent = [pl.lit(None, dtype=kind).alias(key) for key, kind in self._attributes.items() if key not in frame]
        parties = frame.with_columns(absent).select("party", *self._attributes)
        if isinstance(table, Applications) and table.party in (None, table.application):
            # An application that is its own party came once, or it would be set aside.
            self._own_parties = True
            self._part("parties", parties)
            return
        known = self._applications.has(parties["party"]) if self._own_parties else pl.Series([False] * frame.height)
        self._part("parties", parties.filter(~self._parties.again(parties["party"]) & ~known))

    def _part(self, name: str, frame: pl.DataFrame) -> None:
        if not frame.height and self._parts[name]:
            return
        folder = self._folder.joinpath(name)
        folder.mkdir(exist_ok=True)
        frame.write_parquet(folder.joinpath(f"part-{self._parts[name]:05d}.parquet"))
        self._parts[name] += 1

    def _set_aside(self, file: str, bad: pl.DataFrame) -> None:
        rows = []
        for row, code, column, value in bad.sort(ROW, "code", "column").iter_rows():
            text = reason(code)
            rows.append((file, row, "" if column == ROW else column, code, value, text.zh, text.en))
        self._quarantine.write(rows)


def _applications_first(table: tuple[Path, Table]) -> bool:
    return not isinstance(table[1], Applications)


def tidy_chunks(path: Path, table: Table, seen: Seen, setting: Setting) -> Iterator[tuple[RawChunk, Tidy]]:
    """Yield each chunk of a file, raw and typed; refuse what reading and the mapping refuse."""
    plan = None
    for chunk in read_table(path, table.reading, setting.limits, columns_needed(table)):
        plan = plan or plan_of(table, chunk, setting.latest_on)
        yield chunk, tidy(chunk, plan, seen)


def _left_out(table: Table, chunk: RawChunk | None) -> tuple[str, ...]:
    """Return the columns of the file that the mapping does not name."""
    if chunk is None:
        return ()
    named = {ROW, *columns_needed(table), *(table.columns if isinstance(table, Applications) else ())}
    return tuple(name for name in [*chunk.frame.columns, *chunk.unread] if name not in named)


def _without_label(table: Table, chunk: RawChunk | None) -> bool:
    if chunk is None or not isinstance(table, Applications) or table.label is None:
        return False
    return table.label.column not in chunk.frame.columns


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
