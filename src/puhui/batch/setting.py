"""Where nights happen: the books, the folder of snapshots, who runs the shards, who signs, who is told."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

from puhui.batch.engines import Engine
from puhui.batch.ports import Books, Sign

# So many loans in a shard at most: what is in memory at once is a shard for each worker.
SHARD_LOANS = 250_000
# So many loans are read from the store at a time.
CHUNK = 2000

# Shows progress: day, step, how much of it is done, of how much.
Say: TypeAlias = Callable[[date, str, int, int], None]


def say_nothing(_day: date, _step: str, _done: int, _of: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where nights happen. root: the folder of snapshots. sign: puts facts into the proof log and signs it."""

    books: Books
    root: Path
    engine: Engine
    sign: Sign
    say: Say = say_nothing
    shard_loans: int = SHARD_LOANS
