"""Whole numbers, alone or in columns: the few operations that Python ints and int64 arrays do not share.

Formulas of money are written once over `Ints`: an `int` for one loan, an int64 NumPy array for many.
An array never silently wraps: callers assert the bound that keeps every product within 63 bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column: TypeAlias = NDArray[np.int64]

# An int or an int64 array. Typed Any: operators of the union would need a cast on every line.
Ints: TypeAlias = Any

LARGEST = 2**63 - 1


def is_column(value: Ints) -> bool:
    """Return whether `value` is an array (else an int)."""
    return not isinstance(value, int)


def largest(value: Ints) -> int:
    """Return the largest element (0 of an empty column), as an int."""
    if is_column(value):
        return int(value.max()) if value.size else 0
    return int(value)


def lesser(left: Ints, right: Ints) -> Ints:
    """Return the lesser, element by element."""
    if isinstance(left, int) and isinstance(right, int):
        return left if left < right else right
    import numpy as np

    return np.minimum(left, right)


def greater(left: Ints, right: Ints) -> Ints:
    """Return the greater, element by element."""
    if isinstance(left, int) and isinstance(right, int):
        return left if left > right else right
    import numpy as np

    return np.maximum(left, right)


def between(value: Ints, least: Ints, most: Ints) -> Ints:
    """Return `value`, but no less than `least`, then no more than `most`, element by element."""
    if isinstance(value, int) and isinstance(least, int) and isinstance(most, int):
        value = value if value > least else least
        return value if value < most else most
    import numpy as np

    return np.minimum(np.maximum(value, least), most)


def choose(condition: Any, yes: Ints, no: Ints) -> Ints:
    """Return `yes` where the condition holds, else `no`, element by element."""
    if is_column(condition):
        import numpy as np

        return np.where(condition, yes, no)
    return yes if condition else no


def table(values: Iterable[int]) -> Callable[[Ints], Ints]:
    """Return a function that looks `values` up by an int, or by a column in an array made when first asked for."""
    listed = list(values)
    arrays: list[Any] = []

    def read(index: Ints) -> Ints:
        if isinstance(index, int):
            return listed[index]
        if not arrays:
            import numpy as np

            arrays.append(np.array(listed, dtype=np.int64))
        return arrays[0].take(index)

    return read
