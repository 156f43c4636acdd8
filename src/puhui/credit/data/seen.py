"""Ids seen so far, across chunks, in eight bytes each.

Of ten million ids, two have the same eight bytes by chance in one file of 400,000.
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray

_SEED = 20200101


class Seen:
    """A growing set of ids. Sorted runs are merged when they have grown alike, so that adding stays cheap."""

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def again(self, ids: pl.Series) -> pl.Series:
        """Return which of `ids` were there before, in this chunk or an earlier one; remember them all."""
        hashes, order = _in_order(ids)
        repeated = np.zeros(hashes.size, dtype=bool)
        # Of ids alike the one that came first, by the stable sort, is not a repetition.
        repeated[1:] = hashes[1:] == hashes[:-1]
        repeated |= self._known(hashes)
        self._add(hashes[~repeated])
        return _as_given(repeated, order)

    def has(self, ids: pl.Series) -> pl.Series:
        """Return which of `ids` are known; remember nothing."""
        hashes, order = _in_order(ids)
        return _as_given(self._known(hashes), order)

    def _known(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which of sorted `hashes` are in a run. Sorted ones are looked up side by side, within the cache."""
        known = np.zeros(hashes.size, dtype=bool)
        for run in self._runs:
            place = np.searchsorted(run, hashes)
            place[place == run.size] = 0
            known |= run[place] == hashes
        return known

    def _add(self, run: NDArray[np.uint64]) -> None:
        while self._runs and self._runs[-1].size <= 2 * run.size:
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        if run.size:
            self._runs.append(run)


def _in_order(ids: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.intp]]:
    hashes = ids.hash(_SEED).to_numpy()
    order = np.argsort(hashes, kind="stable")
    return hashes[order], order


def _as_given(flags: NDArray[np.bool_], order: NDArray[np.intp]) -> pl.Series:
    given = np.empty_like(flags)
    given[order] = flags
    return pl.Series(given)
