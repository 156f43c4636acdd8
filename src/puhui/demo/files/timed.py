"""Steps that are told as they go, and how long each took."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from puhui.kernel.clock import stopwatch_ns
from puhui.kernel.language import Text


class Teller(Protocol):
    """Who is told that a step begins and ends."""

    def step(self, name: Text) -> AbstractContextManager[None]:
        """Tell that a step begins, and, when the block ends, that it is done."""
        ...


class Timed:
    """Steps told to somebody; `seconds` is what each took, by its key."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, key: str, name: Text) -> Iterator[None]:
        """Tell of a step and time it."""
        start = stopwatch_ns()
        with self._teller.step(name):
            yield
        self.seconds[key] = round((stopwatch_ns() - start) / 1e9, 3)
