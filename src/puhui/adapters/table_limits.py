"""What a table may be at most, and how a file that is none is refused."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from puhui.kernel.refusals import declare

TABLE_EMPTY = declare(
    "TABLE_EMPTY",
    422,
    "文件 {name} 没有数据行。请检查是否导出完整。",
    "The file {name} has no rows of data. Check that it was exported whole.",
)
TABLE_TOO_LARGE = declare(
    "TABLE_TOO_LARGE",
    413,
    "文件 {name} 有 {size}，超过上限 {limit}。如确认可信，请用 --max-size 提高上限，或拆分文件。",
    "The file {name} has {size}, above the limit {limit}. If you trust it, raise --max-size, or split the file.",
)
TABLE_TOO_WIDE = declare(
    "TABLE_TOO_WIDE",
    422,
    "文件 {name} 有 {found} 列，超过上限 {limit} 列。请检查分隔符，或只导出需要的列。",
    "The file {name} has {found} columns, above the limit of {limit}. Check the separator, or export fewer columns.",
)
TABLE_NOT_TEXT = declare(
    "TABLE_NOT_TEXT",
    422,
    "文件 {name} 不是文本表格（含二进制内容）。请导出为 CSV、Parquet、Excel 或 JSON lines。",
    "The file {name} is no table of text (it holds binary data). Export it as CSV, Parquet, Excel or JSON lines.",
)
TABLE_WRONG_FORMAT = declare(
    "TABLE_WRONG_FORMAT",
    422,
    "文件 {name} 的内容是 {found}，与扩展名不符。请改正扩展名或重新导出。",
    "The file {name} holds {found}, which its ending does not say. Mend the ending or export it anew.",
)
TABLE_UNREADABLE = declare(
    "TABLE_UNREADABLE",
    422,
    "文件 {name} 已损坏或不完整：{problem}。请重新导出。",
    "The file {name} is damaged or not whole: {problem}. Export it anew.",
)
TABLE_ENCODING = declare(
    "TABLE_ENCODING",
    422,
    "认不出文件 {name} 的编码。请存为 UTF-8，或在映射 reading 中写明 encoding。",
    "The encoding of the file {name} is unclear. Save it as UTF-8, or write `encoding` under `reading` of the mapping.",
)
TABLE_LINE_TOO_LONG = declare(
    "TABLE_LINE_TOO_LONG",
    422,
    "文件 {name} 有一行超过 {limit}。请检查换行符。",
    "The file {name} has a line longer than {limit}. Check its line ends.",
)
TABLE_UNKNOWN_FORMAT = declare(
    "TABLE_UNKNOWN_FORMAT",
    422,
    "不认识文件 {name} 的类型。可读：{known}。",
    "The file {name} is of no kind that is read. These are: {known}.",
)
TABLE_ARCHIVE = declare(
    "TABLE_ARCHIVE",
    422,
    "压缩包 {name} 应只含一个表格文件，现有 {found} 个。请解压后分别导入。",
    "The archive {name} must hold one table; it holds {found} files. Unpack it and import each.",
)

BLOCK_BYTES = 1 << 22
MOST_LINE_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class Limits:
    """The most a file may be: unpacked bytes, columns; and how many rows are held at a time."""

    bytes: int = 4 << 30
    columns: int = 2000
    chunk_rows: int = 1 << 18

    def rows_at_a_time(self, columns: int) -> int:
        """Return the rows of one chunk: fewer where there are many columns, so that a chunk's cells are bounded."""
        return max(1, min(self.chunk_rows, 4_000_000 // max(1, columns)))


@dataclass(frozen=True, slots=True)
class File:
    """A file to be read: its path, its name in messages, the limits."""

    path: Path
    name: str
    limits: Limits

    def check_size(self, size: int) -> None:
        """Refuse TABLE_TOO_LARGE."""
        if size > self.limits.bytes:
            raise TABLE_TOO_LARGE.refuse(
                "files", name=self.name, size=human_bytes(size), limit=human_bytes(self.limits.bytes)
            )

    def check_width(self, columns: int) -> None:
        """Refuse TABLE_TOO_WIDE."""
        if columns > self.limits.columns:
            raise TABLE_TOO_WIDE.refuse("files", name=self.name, found=columns, limit=self.limits.columns)


class Stream(Protocol):
    """What blocks are read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none at the end."""


def blocks_of(stream: Stream, file: File) -> Iterator[bytes]:
    """Yield the bytes of a stream in blocks; refuse TABLE_TOO_LARGE when more come than were declared or allowed."""
    total = 0
    while block := stream.read(BLOCK_BYTES):
        total += len(block)
        file.check_size(total)
        yield block


def human_bytes(size: int) -> str:
    """Return a size for a person.

    >>> human_bytes(5 << 30), human_bytes(999), human_bytes(1536)
    ('5.0 GB', '999 B', '1.5 KB')
    """
    for power, unit in ((30, "GB"), (20, "MB"), (10, "KB")):
        if size >= 1 << power:
            tenths = size * 10 >> power
            return f"{tenths // 10}.{tenths % 10} {unit}"
    return f"{size} B"
