"""A position as compact JSON text: the cache in `loans.position`.

    [format, [every field but rows and dues, in order], rows, dues]

Rows (and dues) are written by columns, [count, column, column, ...]: a column of one value is that value alone, and
numbers that count up are their first. Reading and writing costs a tenth of a microsecond a number, and a plan has few
that differ. The format is a digest of the names, so that text written for other fields is never read as something it
is not.
"""

import json
from collections.abc import Sequence
from hashlib import sha256
from itertools import repeat
from typing import Any

from puhui.lending.position import Due, Position, Row
from puhui.storage.refusals import POSITION_STALE
from puhui.storage.session import compact

_SCALARS = tuple(name for name in Position._fields if name not in ("rows", "dues"))
_NAMES = " ".join((*_SCALARS, "|", *Row._fields, "|", *Due._fields))
FORMAT = sha256(_NAMES.encode()).hexdigest()[:8]

# rows and dues stand side by side among the fields.
_ROWS = Position._fields.index("rows")
assert Position._fields.index("dues") == _ROWS + 1


def position_text(position: Position) -> str:
    """Return the text of a position."""
    scalars = position[:_ROWS] + position[_ROWS + 2 :]
    return compact([FORMAT, scalars, _columns(position.rows), _columns(position.dues)])


def read_position(text: str) -> Position:
    """Return the position of a text; refuse POSITION_STALE when it was written for other fields."""
    form, values, rows, dues = json.loads(text)
    if form != FORMAT:
        raise POSITION_STALE.refuse(found=form, needed=FORMAT)
    return Position._make((*values[:_ROWS], _tuples(Row, rows), _tuples(Due, dues), *values[_ROWS:]))


def _columns(rows: Sequence[tuple[int, ...]]) -> list[Any]:
    """Return the columns of rows; of each the first, `n`, is a number where it counts up by one."""
    count = len(rows)
    if not count:
        return [0]
    numbers, *columns = zip(*rows, strict=True)
    first = numbers[0]
    counts_up = numbers == tuple(range(first, first + count))
    kept = [column[0] if column.count(column[0]) == count else column for column in columns]
    return [count, first if counts_up else numbers, *kept]


def _tuples(kind: Any, columns: list[Any]) -> tuple[Any, ...]:
    count = columns[0]
    if not count:
        return ()
    first = columns[1]
    numbers = range(first, first + count) if isinstance(first, int) else first
    full = [repeat(column, count) if isinstance(column, int) else column for column in columns[2:]]
    return tuple(map(kind._make, zip(numbers, *full, strict=True)))
