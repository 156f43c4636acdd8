"""JSON lines in chunks: one object a line. Values become text as they were written; nothing is guessed."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from puhui.adapters.table_limits import TABLE_EMPTY, TABLE_UNREADABLE, File
from puhui.adapters.table_text import encoding_of, lines_of
from puhui.credit.data.chunk import ROW, RawChunk, bad_rows
from puhui.credit.data.mapping import Reading
from puhui.kernel.language import Text

# The columns are the fields of so many first rows; a field that comes later sets its row aside.
FIRST_ROWS = 1000
NOT_JSON_LINES = Text("前面没有一行是 JSON 对象", "none of its first lines is a JSON object")
_Row = tuple[int, dict[str, str | None]]


def read_json_lines(file: File, blocks: Iterable[bytes], reading: Reading) -> Iterator[RawChunk]:
    """Yield the chunks of a file of JSON lines; refuse what is not one."""
    stream = iter(blocks)
    first = next(stream, b"")
    if not first.strip():
        raise TABLE_EMPTY.refuse("files", name=file.name)
    encoding = encoding_of(file, first, reading)
    names: list[str] = []
    rows: list[_Row] = []
    bad: list[tuple[int, str, str, str]] = []
    number, most = 0, FIRST_ROWS
    for line in lines_of(file, _joined(first, stream), encoding):
        if line is not None and not line.strip():
            continue
        number += 1
        row, code = _object(line)
        if row is None:
            bad.append((number, code, "", (line or "")[:80]))
        else:
            rows.append((number, row))
        if len(rows) + len(bad) >= most:
            names = names or _names(file, rows)
            yield _chunk(file, names, rows, bad)
            rows, bad, most = [], [], file.limits.rows_at_a_time(len(names))
    if rows or bad:
        names = names or _names(file, rows)
        yield _chunk(file, names, rows, bad)


def _joined(first: bytes, stream: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from stream


def _object(line: str | None) -> tuple[dict[str, str | None] | None, str]:
    """Return the fields of a line as text, or the code of what is wrong with it."""
    if line is None:
        return None, "encoding"
    try:
        value = json.loads(line, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_no_twice)
    except (ValueError, RecursionError):
        return None, "json"
    if not isinstance(value, dict):
        return None, "json"
    if any(isinstance(each, dict | list) for each in value.values()):
        return None, "nested"
    return {name: _text(each) for name, each in value.items()}, ""


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else ("true" if value else "false")


def _no_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise ValueError("a field is given twice")
    return whole


def _names(file: File, rows: list[_Row]) -> list[str]:
    names = list(dict.fromkeys(name for _, row in rows for name in row if name != ROW))
    if not names:
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=NOT_JSON_LINES)
    file.check_width(len(names))
    return names


def _chunk(file: File, names: list[str], rows: list[_Row], bad: list[tuple[int, str, str, str]]) -> RawChunk:
    known = {*names}
    for number, row in rows:
        if not row.keys() <= known:
            bad.append((number, "unknown_field", next(name for name in row if name not in known), ""))
    fine = [(number, row) for number, row in rows if row.keys() <= known]
    data = {ROW: pl.Series([number for number, _ in fine], dtype=pl.Int64)}
    data |= {name: pl.Series([row.get(name) for _, row in fine], dtype=pl.String) for name in names}
    return RawChunk(file.name, pl.DataFrame(data), bad_rows(bad))
