"""Engines of one machine: one shard after another, or a few at a time in threads.

Threads, not processes: NumPy, Polars and hashing leave the interpreter alone while they work, there is nothing to
start and nothing to copy.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Result = TypeVar("Result")


class Engine(Protocol):
    """Runs a function on many tasks; results come in the order of the tasks."""

    def __call__(self, run: Callable[[Given], Result], tasks: Iterable[Given], /) -> Iterator[Result]:
        """Yield the result of each task."""
        ...


def in_turn(run: Callable[[Given], Result], tasks: Iterable[Given]) -> Iterator[Result]:
    """Run one task after another."""
    return map(run, tasks)


def threads(workers: int = 0) -> Engine:
    """Return an engine of so many threads, by default as many as there are cores; one task is run without any."""
    count = workers or _cores()

    def run_all(run: Callable[[Given], Result], tasks: Iterable[Given]) -> Iterator[Result]:
        waiting = iter(tasks)
        first = list(islice(waiting, 2))
        if len(first) < 2 or count == 1:
            yield from in_turn(run, chain(first, waiting))
            return
        with ThreadPoolExecutor(max_workers=count) as pool:
            # No more tasks are made than are under way: a task holds the events of its shard.
            under_way = deque(pool.submit(run, task) for task in islice(chain(first, waiting), count))
            first.clear()
            while under_way:
                result = under_way.popleft().result()
                under_way.extend(pool.submit(run, task) for task in islice(waiting, 1))
                yield result

    return run_all


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
