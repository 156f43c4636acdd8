"""Excel sheets: every cell as text. A workbook is held whole, so its size and its farthest cell are bounded."""

import re
import zipfile
import zlib
from collections.abc import Iterator

import fastexcel
import polars as pl

from puhui.adapters.table_limits import BLOCK_BYTES, TABLE_EMPTY, TABLE_UNREADABLE, File, blocks_of
from puhui.adapters.table_text import column_names
from puhui.credit.data.chunk import ROW, RawChunk, bad_rows
from puhui.credit.data.mapping import Reading

# Unpacked sheets are held in memory some ten times over.
MOST_BYTES = 256 << 20
MOST_CELLS = 1 << 25
_CELL = re.compile(rb'<c [^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')


def read_excel(file: File, reading: Reading) -> Iterator[RawChunk]:
    """Yield the chunks of one sheet (the first unless the mapping names it); refuse what is not one."""
    _check_declared(file)
    try:
        book = fastexcel.read_excel(str(file.path))
        sheet = book.load_sheet(reading.sheet or 0, header_row=None, dtypes="string", skip_rows=0)
        frame = sheet.to_polars()
    except fastexcel.FastExcelError as error:
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=str(error).splitlines()[0][:200]) from None
    if frame.height < 2:
        raise TABLE_EMPTY.refuse("files", name=file.name)
    header = [str(value or "") for value in frame.row(0)]
    names = column_names(header)
    data = frame.slice(1)
    data.columns = names
    data = data.insert_column(0, pl.int_range(1, data.height + 1, dtype=pl.Int64, eager=True).alias(ROW))
    data = data.filter(~pl.all_horizontal(pl.col(names).is_null()))
    if not data.height:
        raise TABLE_EMPTY.refuse("files", name=file.name)
    for part in data.iter_slices(file.limits.rows_at_a_time(len(names))):
        yield RawChunk(file.name, part, bad_rows([]))


def _check_declared(file: File) -> None:
    """Refuse a workbook that unpacks to too much, or whose farthest cell makes a sheet too large to hold."""
    try:
        with zipfile.ZipFile(file.path) as archive:
            file.check_size(sum(member.file_size for member in archive.infolist()))
            bounded = File(file.path, file.name, type(file.limits)(min(file.limits.bytes, MOST_BYTES)))
            bounded.check_size(sum(member.file_size for member in archive.infolist()))
            for member in archive.infolist():
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    with archive.open(member) as stream:
                        _check_cells(file, blocks_of(stream, bounded))
    except (zipfile.BadZipFile, EOFError, zlib.error, RuntimeError) as error:
        # RuntimeError: encrypted, or packed in a way that is not read.
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=str(error)) from None


def _check_cells(file: File, blocks: Iterator[bytes]) -> None:
    width = height = 0
    rest = b""
    for block in blocks:
        text = rest + block
        for letters, digits in _CELL.findall(text):
            width, height = max(width, _column(letters)), max(height, int(digits))
        rest = text[-200:] if len(text) < BLOCK_BYTES else block[-200:]
    file.check_width(width)
    if width * height > MOST_CELLS:
        problem = f"{width:,} x {height:,} > {MOST_CELLS:,}"
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=problem)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
