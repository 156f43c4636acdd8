"""Tables of text (CSV and its kin) in chunks: every cell is text; a row that is no row is set aside with a reason."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple

import polars as pl

from puhui.adapters.table_limits import (
    MOST_LINE_BYTES,
    TABLE_EMPTY,
    TABLE_ENCODING,
    TABLE_LINE_TOO_LONG,
    TABLE_NOT_TEXT,
    File,
    human_bytes,
)
from puhui.credit.data.chunk import ROW, RawChunk, bad_rows
from puhui.credit.data.mapping import Reading

SEPARATORS = ",;\t|"
# A cell may hold line ends, within quotes; past so many lines the quote was never closed.
MOST_LINES_OF_A_ROW = 50
_CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef\u2010-\u2026]")
_Bad = tuple[int, str, str, str]


def read_text(file: File, blocks: Iterable[bytes], reading: Reading) -> Iterator[RawChunk]:
    """Yield the chunks of a table of text; refuse what is not one."""
    stream = iter(blocks)
    first = next(stream, b"")
    if not first.strip():
        raise TABLE_EMPTY.refuse("files", name=file.name)
    encoding = encoding_of(file, first, reading)
    lines = lines_of(file, chain([first], stream), encoding)
    header_text = next(lines, None)
    if header_text is None or not header_text.strip():
        raise TABLE_EMPTY.refuse("files", name=file.name)
    separator = reading.separator if reading.separator != "auto" else separator_of(header_text)
    header = _cells(header_text, separator) or [header_text]
    file.check_width(len(header))
    names = column_names(header)
    rows = _Rows(lines, separator, len(names), reading.unwrap_rows)
    at_a_time = file.limits.rows_at_a_time(len(names))
    some = False
    while chunk := rows.take(at_a_time):
        some = True
        yield _chunk(file.name, names, chunk)
    if not some:
        raise TABLE_EMPTY.refuse("files", name=file.name)


class _Taken(NamedTuple):
    numbers: list[int]
    cells: list[list[str]]
    bad: list[_Bad]


class _Rows:
    """Rows of a table, some at a time; row numbers count from 1 without the header; blank lines are no rows."""

    def __init__(self, lines: Iterator[str | None], separator: str, width: int, unwrap: bool) -> None:
        self._lines = lines
        self._ahead: list[str | None] = []
        self._separator, self._width, self._unwrap = separator, width, unwrap
        self._number = 0

    def take(self, most: int) -> _Taken | None:
        """Return up to `most` rows, None at the end."""
        taken = _Taken([], [], [])
        separator, width = self._separator, self._width
        while len(taken.cells) + len(taken.bad) < most:
            try:
                line = self._ahead.pop() if self._ahead else next(self._lines)
            except StopIteration:
                break
            if line is not None and not line.strip():
                continue
            self._number += 1
            if line is None:
                taken.bad.append((self._number, "encoding", "", ""))
                continue
            cells = line.split(separator) if '"' not in line else self._quoted(line, taken.bad)
            if cells is None:
                continue
            if len(cells) != width:
                cells = self._unwrapped(cells, line, taken.bad)
                if cells is None:
                    continue
            taken.numbers.append(self._number)
            taken.cells.append(cells)
        return taken if taken.cells or taken.bad else None

    def _quoted(self, line: str, bad: list[_Bad]) -> list[str] | None:
        """Return the cells of a row with quotes, which may go on over several lines."""
        parts = [line]
        while sum(part.count('"') for part in parts) % 2 and len(parts) < MOST_LINES_OF_A_ROW:
            following = self._ahead.pop() if self._ahead else next(self._lines, None)
            if following is None:
                break
            parts.append(following)
        whole = "\n".join(parts)
        if whole.count('"') % 2:
            # The lines that were read ahead are rows of their own.
            self._ahead.extend(reversed(parts[1:]))
            bad.append((self._number, "unclosed_quote", "", line[:80]))
            return None
        cells = _cells(whole, self._separator)
        if cells is None:
            bad.append((self._number, "quotes", "", line[:80]))
        return cells

    def _unwrapped(self, cells: list[str], line: str, bad: list[_Bad]) -> list[str] | None:
        """Return the cells inside a row that is one quoted cell, where the mapping says to; else set it aside."""
        inner = _cells(cells[0], self._separator) if len(cells) == 1 and cells[0] else None
        if inner is not None and len(inner) == self._width and line.lstrip().startswith('"'):
            if self._unwrap:
                return inner
            bad.append((self._number, "whole_row_quoted", "", line[:80]))
            return None
        bad.append((self._number, "cells", "", f"{len(cells)} / {self._width}: {line[:60]}"))
        return None


def _cells(text: str, separator: str) -> list[str] | None:
    """Return the cells of one row by RFC 4180, None when its quotes are misplaced."""
    try:
        rows = list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _chunk(name: str, names: list[str], taken: _Taken) -> RawChunk:
    columns = zip(*taken.cells, strict=True) if taken.cells else ([] for _ in names)
    data = {ROW: pl.Series(taken.numbers, dtype=pl.Int64)}
    data |= {each: pl.Series(values, dtype=pl.String) for each, values in zip(names, columns, strict=True)}
    return RawChunk(name, pl.DataFrame(data), bad_rows(taken.bad))


def column_names(header: list[str]) -> list[str]:
    """Return the names of columns: without blanks around them, `column_N` for none, `__2` after a second alike.

    >>> column_names(["", "age", " age ", "年龄"])
    ['column_1', 'age', 'age__2', '年龄']
    """
    names: dict[str, None] = {ROW: None}
    for place, text in enumerate(header, start=1):
        wanted = text.replace("\0", "").strip() or f"column_{place}"
        name, count = wanted, 1
        while name in names:
            count += 1
            name = f"{wanted}__{count}"
        names[name] = None
    return [name for name in names if name != ROW]


def separator_of(header: str) -> str:
    """Return the separator that the header has most of; a comma when it has none (one column)."""
    return max(SEPARATORS, key=lambda each: (header.count(each), each == ","))


# --- lines and encodings -------------------------------------------------------------------------------


def lines_of(file: File, blocks: Iterable[bytes], encoding: str) -> Iterator[str | None]:
    """Yield the lines without their ends; None for one that is not of the encoding."""
    if encoding == "utf-16":
        blocks, encoding = _as_utf_8(file, blocks), "utf-8"
    rest, line_end = b"", b""
    for block in blocks:
        block = rest + block
        # Old machines end lines with a carriage return alone.
        line_end = line_end or (b"\r" if b"\n" not in block and b"\r" in block else b"\n")
        whole, _, rest = block.rpartition(line_end)
        if len(rest) > MOST_LINE_BYTES:
            raise TABLE_LINE_TOO_LONG.refuse("files", name=file.name, limit=human_bytes(MOST_LINE_BYTES))
        if whole:
            yield from _decoded(whole, encoding, line_end)
    if rest:
        yield from _decoded(rest, encoding, line_end or b"\n")


def _decoded(block: bytes, encoding: str, line_end: bytes) -> Iterator[str | None]:
    try:
        for line in block.decode(encoding).split(line_end.decode()):
            yield line.rstrip("\r").removeprefix("\ufeff")
    except UnicodeDecodeError:
        for raw in block.split(line_end):
            try:
                yield raw.decode(encoding).rstrip("\r").removeprefix("\ufeff")
            except UnicodeDecodeError:
                yield None


def _as_utf_8(file: File, blocks: Iterable[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
    except UnicodeError:
        raise TABLE_ENCODING.refuse("files", name=file.name) from None


def encoding_of(file: File, sample: bytes, reading: Reading) -> str:
    """Return the encoding of a file by its first block; refuse TABLE_NOT_TEXT, TABLE_ENCODING.

    UTF-8 where (nearly) every line is UTF-8; GB18030 where that is so of GB18030 and what comes out is Chinese.
    """
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if sum(sample.count(bytes([code])) for code in (*range(9), *range(14, 32))) * 50 > len(sample):
        raise TABLE_NOT_TEXT.refuse("files", name=file.name)
    if reading.encoding != "auto":
        return reading.encoding
    lines = [line for line in sample.split(b"\n")[:-1] or [sample] if not line.isascii()]
    if _wrong(lines, "utf-8") * 20 <= len(lines):
        return "utf-8"
    if _wrong(lines, "gb18030") * 20 <= len(lines):
        text = "".join(line.decode("gb18030", "ignore") for line in lines)
        foreign = [character for character in text if not character.isascii()]
        if len(_CHINESE.findall(text)) * 10 >= len(foreign) * 8:
            return "gb18030"
    raise TABLE_ENCODING.refuse("files", name=file.name)


def _wrong(lines: list[bytes], encoding: str) -> int:
    wrong = 0
    for line in lines:
        try:
            line.decode(encoding)
        except UnicodeDecodeError:
            wrong += 1
    return wrong
