"""Reading a table from any file in chunks of bounded memory: CSV (also gz, zip), Parquet, Excel, JSON lines.

What a file is, is told by its ending and checked by its first bytes. Every format is refused clearly when it is
empty, damaged, too large (declared or real), or not what its ending says.
"""

import gzip
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from puhui.adapters.table_excel import read_excel
from puhui.adapters.table_json import read_json_lines
from puhui.adapters.table_limits import (
    TABLE_ARCHIVE,
    TABLE_EMPTY,
    TABLE_UNKNOWN_FORMAT,
    TABLE_UNREADABLE,
    TABLE_WRONG_FORMAT,
    File,
    Limits,
    blocks_of,
)
from puhui.adapters.table_parquet import read_parquet
from puhui.adapters.table_text import read_text
from puhui.credit.data.chunk import RawChunk
from puhui.credit.data.mapping import Reading
from puhui.kernel.refusals import INPUT_UNREADABLE

MAGIC = {
    b"PAR1": "Parquet",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "gzip",
    b"\xd0\xcf\x11\xe0": "Excel 97-2003 (.xls)",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"\x7fELF": "ELF",
    b"MZ": "EXE",
    b"7z\xbc\xaf": "7-Zip",
    b"Rar!": "RAR",
    b"BZh": "bzip2",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"ARROW1": "Arrow",
    b"SQLite format 3": "SQLite",
}
TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".data")
JSON_ENDINGS = (".jsonl", ".ndjson")
KNOWN = ".csv .tsv .txt .data (.gz .zip) .parquet .xlsx .jsonl .ndjson (.gz .zip)"

Read = Callable[[File, Reading, Collection[str] | None], Iterator[RawChunk]]


def read_table(
    path: str | Path,
    reading: Reading | None = None,
    limits: Limits | None = None,
    columns: Collection[str] | None = None,
) -> Iterator[RawChunk]:
    """Yield the chunks of a file. `columns` spares reading the others where the format allows it (Parquet).

    Refuses INPUT_UNREADABLE, TABLE_EMPTY, TABLE_WRONG_FORMAT, TABLE_TOO_LARGE, TABLE_TOO_WIDE, TABLE_NOT_TEXT,
    TABLE_ENCODING, TABLE_UNREADABLE, TABLE_ARCHIVE, TABLE_UNKNOWN_FORMAT.
    """
    file = File(Path(path), Path(path).name, limits or Limits())
    head = _head(file)
    ending = file.path.suffix.lower()
    expected, reader = _reader(file, ending)
    found = next((name for magic, name in MAGIC.items() if head.startswith(magic)), "text")
    if found != expected:
        raise TABLE_WRONG_FORMAT.refuse("files", name=file.name, found=found)
    yield from reader(file, reading or Reading(), columns)


def _head(file: File) -> bytes:
    try:
        if not file.path.is_file():
            raise INPUT_UNREADABLE.refuse("files", name=str(file.path), problem="no such file")
        size = file.path.stat().st_size
        with file.path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise INPUT_UNREADABLE.refuse("files", name=str(file.path), problem=error.strerror) from None
    if not size:
        raise TABLE_EMPTY.refuse("files", name=file.name)
    file.check_size(size)
    return head


def _reader(file: File, ending: str) -> tuple[str, Read]:
    """Return what the first bytes must say, and how to read the file."""
    readers: dict[str, tuple[str, Read]] = {
        **dict.fromkeys((*TEXT_ENDINGS, *JSON_ENDINGS), ("text", _plain)),
        ".gz": ("gzip", _gzip),
        ".zip": ("zip", _zip),
        ".parquet": ("Parquet", _parquet),
        ".xlsx": ("zip", _excel),
    }
    if ending not in readers:
        raise TABLE_UNKNOWN_FORMAT.refuse("files", name=file.name, known=KNOWN)
    return readers[ending]


def _parquet(file: File, _: Reading, columns: Collection[str] | None) -> Iterator[RawChunk]:
    return read_parquet(file, columns)


def _excel(file: File, reading: Reading, _: Collection[str] | None) -> Iterator[RawChunk]:
    return read_excel(file, reading)


def _plain(file: File, reading: Reading, _: Collection[str] | None) -> Iterator[RawChunk]:
    with file.path.open("rb") as stream:
        yield from _lines(file, file.path.name, blocks_of(stream, file), reading)


def _gzip(file: File, reading: Reading, _: Collection[str] | None) -> Iterator[RawChunk]:
    try:
        with gzip.open(file.path) as stream:
            yield from _lines(file, file.path.stem, blocks_of(stream, file), reading)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=str(error)) from None


def _zip(file: File, reading: Reading, _: Collection[str] | None) -> Iterator[RawChunk]:
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = [member for member in archive.infolist() if _is_table(member)]
            if len(members) != 1:
                raise TABLE_ARCHIVE.refuse("files", name=file.name, found=len(members))
            file.check_size(members[0].file_size)
            with archive.open(members[0]) as stream:
                yield from _lines(file, members[0].filename, blocks_of(stream, file), reading)
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError) as error:
        # RuntimeError: encrypted, or packed in a way that is not read.
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=str(error)) from None


def _is_table(member: zipfile.ZipInfo) -> bool:
    return not member.is_dir() and not member.filename.startswith("__MACOSX")


def _lines(file: File, name: str, blocks: Iterator[bytes], reading: Reading) -> Iterator[RawChunk]:
    ending = Path(name).suffix.lower()
    if ending in JSON_ENDINGS:
        return read_json_lines(file, blocks, reading)
    if ending in TEXT_ENDINGS:
        return read_text(file, blocks, reading)
    raise TABLE_UNKNOWN_FORMAT.refuse("files", name=f"{file.name} / {name}", known=KNOWN)
