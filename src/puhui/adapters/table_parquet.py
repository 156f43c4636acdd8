"""Parquet in chunks: types come with the file; only the columns asked for are read."""

from collections.abc import Collection, Iterator

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from puhui.adapters.table_limits import TABLE_EMPTY, TABLE_UNREADABLE, File
from puhui.credit.data.chunk import ROW, RawChunk, bad_rows

# Columns are read through a buffer of this size, not whole row groups at a time.
BUFFER_BYTES = 1 << 20


def read_parquet(file: File, columns: Collection[str] | None = None) -> Iterator[RawChunk]:
    """Yield the chunks of a Parquet file; refuse TABLE_UNREADABLE, TABLE_TOO_LARGE by the size it declares."""
    try:
        with pq.ParquetFile(file.path, buffer_size=BUFFER_BYTES, pre_buffer=False) as source:
            yield from _chunks(file, source, columns)
    except (pa.ArrowException, OSError) as error:
        raise TABLE_UNREADABLE.refuse("files", name=file.name, problem=str(error).splitlines()[0][:200]) from None


def _chunks(file: File, source: pq.ParquetFile, columns: Collection[str] | None) -> Iterator[RawChunk]:
    declared = source.metadata
    file.check_size(sum(declared.row_group(place).total_byte_size for place in range(declared.num_row_groups)))
    flat = [field.name for field in source.schema_arrow if not pa.types.is_nested(field.type)]
    file.check_width(len(source.schema_arrow))
    wanted = [name for name in flat if columns is None or name in columns]
    if not declared.num_rows or not flat:
        raise TABLE_EMPTY.refuse("files", name=file.name)
    unread = tuple(field.name for field in source.schema_arrow if field.name not in wanted)
    first = 1
    # Without a wanted column there is still one chunk, so that the mapping can say what is missing.
    for batch in source.iter_batches(file.limits.rows_at_a_time(len(wanted)), columns=wanted or flat[:1]):
        frame = pl.DataFrame(pl.from_arrow(batch))
        numbers = pl.int_range(first, first + frame.height, dtype=pl.Int64, eager=True).alias(ROW)
        yield RawChunk(file.name, frame.insert_column(0, numbers), bad_rows([]), unread)
        first += frame.height
