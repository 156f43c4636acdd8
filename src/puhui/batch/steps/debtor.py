"""Debtor: where too much of what one debtor owes is non-performing, all of it is (not for retail)."""

import numpy as np

from puhui.batch.book import ACTIVE, Columns, Today, with_rows
from puhui.risk.category import tainted, with_debtor


def debtor(book: Columns, today: Today) -> Columns:
    """Return the categories with the debtors' other claims looked at. All loans of a debtor are in one shard."""
    rows = np.flatnonzero(book["debtor"])
    rows = rows[book["status"][rows] == ACTIVE]
    is_bad = book["category"][rows] >= today.policy.non_performing
    suspects = np.unique(book["debtor"][rows[is_bad]])
    places = np.searchsorted(suspects, book["debtor"][rows])
    mine = (
        (places < len(suspects)) & (suspects.take(places, mode="clip") == book["debtor"][rows]) if len(suspects) else []
    )
    rows = rows[mine]
    if not rows.size:
        return {}
    places, is_bad = places[mine], is_bad[mine]
    claims_minor, bad_minor = np.zeros(len(suspects), np.int64), np.zeros(len(suspects), np.int64)
    np.add.at(claims_minor, places, book["principal_minor"][rows])
    np.add.at(bad_minor, places, book["principal_minor"][rows] * is_bad)
    is_tainted = tainted(claims_minor, bad_minor, today.floors)[places]
    return with_rows(book, rows, {"category": with_debtor(book["category"][rows], is_tainted, today.floors)})
