"""What a day came to, as figures that add up over shards: for the night report, and for people who check."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.batch.book import ACTIVE, Columns, Today, size_of
from puhui.risk.delinquency import BUCKETS
from puhui.rulebook.operators import CLASSES

Counts = NDArray[np.int64]
STAGES = 3


def figures_of(book: Columns, today: Today) -> dict[str, Counts]:
    """Return the figures of a judged shard, all int64 arrays; those of several shards are added.

    loans, due (loans, principal, interest, fees); by bucket, category and stage: loans, outstanding principal,
    expected loss; moves: loans and principal by old bucket and new one, the last row for new loans.
    """
    rows = np.flatnonzero(book["status"] == ACTIVE)
    principal, needed = book["principal_minor"][rows], book["expected_loss_minor"][rows]
    found = today.dues.found
    fell = [found[name].sum() for name in ("principal_minor", "interest_minor", "fee_minor")] if found else [0, 0, 0]
    old, new = book["old_bucket"][rows].astype(np.intp), book["bucket"][rows].astype(np.intp)
    moved = np.where(old < 0, len(BUCKETS), old) * len(BUCKETS) + new
    moves = np.stack(_by(moved, (len(BUCKETS) + 1) * len(BUCKETS), principal))
    return {
        "loans": np.array([size_of(book), len(rows)], np.int64),
        "due": np.array([int(book["fell_due"].sum()), *fell], np.int64),
        "past_due_principal_minor": np.array([(book["due_principal_minor"][rows] * (new > 0)).sum()], np.int64),
        "by_bucket": np.stack(_by(new, len(BUCKETS), principal, needed)),
        "by_category": np.stack(_by(book["category"][rows], len(CLASSES), principal, needed)),
        "by_stage": np.stack(_by(book["stage"][rows] - 1, STAGES, principal, needed)),
        "non_accrual": np.stack(_by(1 - book["accruing"][rows], 2, principal))[:, 1],
        "moves": moves,
    }


def added(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures, or sums, of two shards together."""
    return {name: left[name] + right[name] for name in left}


def _by(places: NDArray[Any], size: int, *amounts: NDArray[np.int64]) -> list[Counts]:
    """Return how many loans have each place, and the sum of each amount by place; most loans have place 0."""
    others = np.flatnonzero(places)
    kept = places[others]
    sums = [np.bincount(kept, minlength=size).astype(np.int64)]
    sums[0][0] += len(places) - len(others)
    for amount in amounts:
        sum_minor = np.zeros(size, np.int64)
        np.add.at(sum_minor, kept, amount[others])
        sum_minor[0] += amount.sum() - sum_minor.sum()
        sums.append(sum_minor)
    return sums
