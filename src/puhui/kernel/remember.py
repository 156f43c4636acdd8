"""Answers of a pure function kept for the same record: a loaded product or rulebook, asked again and again."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


class _Itself:
    """A key that is equal only to the same object; it keeps the object, so that no other takes its place."""

    __slots__ = ("it",)

    def __init__(self, it: Any) -> None:
        self.it = it

    def __hash__(self) -> int:
        return id(self.it)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.it is other.it


def remember(most: int) -> Callable[[Function], Function]:
    """Return a decorator that keeps the last `most` answers of a pure function, by the identity of its first argument.

    The first argument is a frozen record, the others can be hashed. A record that was loaded anew is another record,
    whatever it holds: no answer of the old one is given for it.

    >>> calls = []
    >>> @remember(8)
    ... def doubled(numbers, times):
    ...     calls.append(times)
    ...     return [2 * number for number in numbers] * times
    >>> ours = (1,)
    >>> doubled(ours, 2) is doubled(ours, 2), len(calls)
    (True, 1)
    """

    def decorate(function: Function) -> Function:
        @lru_cache(maxsize=most)
        def remembered(itself: _Itself, *others: Any) -> Any:
            return function(itself.it, *others)

        @wraps(function)
        def call(first: Any, *others: Any) -> Any:
            return remembered(_Itself(first), *others)

        return cast("Function", call)

    return decorate
