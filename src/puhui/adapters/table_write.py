"""Writing CSV that a spreadsheet opens safely: a cell that it would run as a formula begins with an apostrophe."""

import csv
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

# https://owasp.org/www-community/attacks/CSV_Injection
RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """Return a cell as it may be written: numbers as they are, text that would run with an apostrophe before it.

    >>> safe_cell("=cmd|' /C calc'!A0"), safe_cell("张三"), safe_cell(-5)
    ("'=cmd|' /C calc'!A0", '张三', -5)
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    return f"'{text}" if text.lstrip(" ").startswith(RUNS) else text


class SafeCsv:
    """A CSV file being written, in UTF-8 with a mark so that spreadsheets see Chinese."""

    def __init__(self, path: Path, header: Iterable[str]) -> None:
        self._stream = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._stream)
        self._writer.writerow(header)

    def write(self, rows: Iterable[Iterable[object]]) -> None:
        """Write rows, each cell made safe."""
        self._writer.writerows([safe_cell(cell) for cell in row] for row in rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()
