"""Sums of a shard by group: exact, of int64, without a sort."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.accounting.books import MIRRORED, books_columns
from puhui.accounting.figures import POSITION_COLUMNS
from puhui.batch.book import Columns, Today, size_of

OF_GROUPS = ("late_day_base", "funder_share_ppm", "vat_ppm", "is_line")


def group_sums(group: NDArray[np.int32], columns: Mapping[str, Any], groups: int) -> dict[str, NDArray[np.int64]]:
    """Return the sum of each column by group, as int64 arrays by place of the group.

    Loans of a group mostly stand together, so each run is added up first.
    """
    sums = {name: np.zeros(groups, np.int64) for name in columns}
    if not len(group):
        return sums
    starts = np.concatenate(([0], np.flatnonzero(group[1:] != group[:-1]) + 1))
    places = group[starts]
    for name, column in columns.items():
        np.add.at(sums[name], places, np.add.reduceat(column, starts, dtype=np.int64))
    return sums


def books_by_group(book: Columns, today: Today, day: int) -> dict[str, NDArray[np.int64]]:
    """Return the balances of the loans at the end of `day` by account, summed by group: the sub-ledger of a shard."""
    groups = len(today.groups["is_line"])
    if not size_of(book):
        return {account: np.zeros(groups, np.int64) for account in MIRRORED}
    given: dict[str, Any] = {name: book[name] for name in POSITION_COLUMNS if name in book}
    given |= {name: today.of_group(name, book["group"]) for name in OF_GROUPS}
    given |= {"as_of": day, "can_draw": book["can_draw"], "most_minor": book["most_minor"]}
    return group_sums(book["group"], books_columns(given, MIRRORED), groups)
