"""Entries: what the night posts, one entry for each set of dimensions; no leg names a loan."""

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from puhui.accounting.aggregate import aggregated
from puhui.batch.groups import Groups
from puhui.ledger.entry import Dimensions, Entry

Sums = Mapping[str, NDArray[np.int64]]
# By currency, dimensions and account: minor units, debit positive.
Totals = dict[str, dict[Dimensions, dict[str, int]]]


def moved_of(held: Sums, before: Sums, posted: Sums) -> dict[str, NDArray[np.int64]]:
    """Return what the night has to post by account and group: the sub-ledger, less what the ledger has of it.

    held: at the end of the day. before: at the end of the day before. posted: by the loans' own entries since.
    """
    return {account: held[account] - before[account] - posted[account] for account in held}


def by_dimensions(sums: Sums, groups: Groups) -> Totals:
    """Return sums by group as sums by currency, dimensions and account, those of 0 left out."""
    totals: Totals = {}
    for account, column in sums.items():
        for place in np.flatnonzero(column).tolist():
            group = groups.listed[place]
            accounts = totals.setdefault(group.currency, {}).setdefault(group.dimensions, {})
            accounts[account] = accounts.get(account, 0) + int(column[place])
    return totals


def entries_of(kind: str, totals: Totals, fact: str, effective_on: date, at: datetime) -> tuple[Entry, ...]:
    """Return the entries of a kind: "accrual" for what time moved, "provision" for expected losses."""
    return tuple(
        entry
        for currency in sorted(totals)
        for entry in aggregated(
            kind, totals[currency], fact=fact, effective_on=effective_on, recorded_at=at, currency=currency
        )
    )
