"""The snapshot: the book at the end of a day as Parquet, one file a shard, with a manifest that says what it holds.

    <folder>/date=2026-07-31/part-0000.parquet ... manifest.json

A file is written under another name and renamed, and so is the folder: a reader sees a whole day or none. Any tool
reads them: `SELECT ... FROM 'snapshots/*/part-*.parquet'`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from puhui.batch.book import NAMES, TYPES, Columns, size_of
from puhui.batch.groups import Groups, groups_from_json
from puhui.kernel.language import Text
from puhui.kernel.refusals import declare

FORMAT = 1
MANIFEST = "manifest.json"
TOLD_FILE = "told.parquet"
_COLUMNS = {name: str(kind) for name, kind in TYPES.items()}
COMPRESSION: Any = "lz4"

SNAPSHOT_WRONG = declare(
    "SNAPSHOT_WRONG",
    409,
    "快照 {name} 与记录不符：{problem}。请用 puhui close --rebuild 由账本重建。",
    "The snapshot {name} is not what was written: {problem}. Rebuild it from the books: puhui close --rebuild.",
)


class Part(NamedTuple):
    """A file of a snapshot: its name, its rows, the SHA-256 of its bytes in hex."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot holds. sums: the sub-ledger, by account, in the order of the groups. figures: of the day.

    read_at: the instant at which the store was read for it, ISO. told_sha256: of the list of changed classes beside it.
    """

    day: date
    parts: tuple[Part, ...]
    groups: Groups
    sums: Mapping[str, Sequence[int]]
    figures: Mapping[str, Any]
    read_at: str
    told_sha256: str = ""

    @property
    def rows(self) -> int:
        """How many loans it holds."""
        return sum(part.rows for part in self.parts)

    def as_bytes(self) -> bytes:
        """Return the manifest's text; its SHA-256 stands for the whole snapshot."""
        said = {
            "format": FORMAT,
            "day": self.day.isoformat(),
            "rows": self.rows,
            "read_at": self.read_at,
            "columns": _COLUMNS,
            "parts": [part._asdict() for part in self.parts],
            "figures": self.figures,
            "groups": self.groups.as_json(),
            "sums": self.sums,
            "told_sha256": self.told_sha256,
        }
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def manifest_of(folder: Path, sha256: str = "") -> Manifest:
    """Return the manifest of a snapshot's folder; refuse SNAPSHOT_WRONG: missing, another format, other bytes."""
    path = folder.joinpath(MANIFEST)
    if sha256 and digest_of(path) != sha256:
        raise SNAPSHOT_WRONG.refuse(folder.name, name=folder.name, problem="SHA-256")
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SNAPSHOT_WRONG.refuse(folder.name, name=folder.name, problem=str(error)) from None
    if said.get("format") != FORMAT or said.get("columns") != _COLUMNS:
        problem = Text("由另一版本的程序写成", "written by another version of the program")
        raise SNAPSHOT_WRONG.refuse(folder.name, name=folder.name, problem=problem)
    return Manifest(
        date.fromisoformat(said["day"]),
        tuple(Part(**part) for part in said["parts"]),
        groups_from_json(said["groups"]),
        said["sums"],
        said["figures"],
        said["read_at"],
        said["told_sha256"],
    )


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest, the last file of a snapshot, and have all of it on the disk; return its SHA-256 in hex."""
    folder.mkdir(parents=True, exist_ok=True)
    new, text = folder.joinpath(f"{MANIFEST}.new"), manifest.as_bytes()
    new.write_bytes(text)
    new.replace(folder.joinpath(MANIFEST))
    for path in (*folder.iterdir(), folder):
        sync(path)
    return hashlib.sha256(text).hexdigest()


def install(new: Path, folder: Path) -> None:
    """Give a finished snapshot its place; one that stood there goes."""
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk and not only in memory."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_of(root: Path, day: date) -> Path:
    """Return the folder of a day's snapshot."""
    return root.joinpath(f"date={day.isoformat()}")


def part_name(place: int) -> str:
    """Return the file name of a shard."""
    return f"part-{place:04d}.parquet"


def read_part(path: Path, sha256: str = "", names: Sequence[str] = NAMES) -> Columns:
    """Return the book of one file, or some columns of it.

    With `sha256`, refuse SNAPSHOT_WRONG where its bytes are others.
    """
    if sha256 and digest_of(path) != sha256:
        raise SNAPSHOT_WRONG.refuse(path.name, name=path.name, problem="SHA-256")
    try:
        frame = pl.read_parquet(path, columns=list(names), glob=False, hive_partitioning=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SNAPSHOT_WRONG.refuse(path.name, name=path.name, problem=str(error).splitlines()[0][:200]) from None
    return {name: frame[name].to_numpy() for name in names}


def write_part(path: Path, book: Columns) -> Part:
    """Write a shard's book under another name, then give it its own; return what the manifest says of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pl.DataFrame({name: pl.Series(name, book[name]) for name in NAMES})
    new = path.with_suffix(".new")
    frame.write_parquet(
        new, compression=COMPRESSION, statistics=False, row_group_size=max(1, size_of(book)), use_pyarrow=False
    )
    sha256 = digest_of(new)
    new.replace(path)
    return Part(path.name, size_of(book), sha256)


def write_told(folder: Path, told: Columns) -> str:
    """Write the list of loans whose class the store is to be told; return the SHA-256 of its bytes, hex."""
    path = folder.joinpath(TOLD_FILE)
    pl.DataFrame(told).write_parquet(path, compression=COMPRESSION, statistics=False)
    return digest_of(path)


def read_told(folder: Path, sha256: str) -> Columns:
    """Return the list of `write_told`; refuse SNAPSHOT_WRONG where its bytes are others."""
    path = folder.joinpath(TOLD_FILE)
    if digest_of(path) != sha256:
        raise SNAPSHOT_WRONG.refuse(path.name, name=path.name, problem="SHA-256")
    return {column.name: column.to_numpy() for column in pl.read_parquet(path, glob=False)}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hex."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SNAPSHOT_WRONG.refuse(path.name, name=path.name, problem=error.strerror) from None
