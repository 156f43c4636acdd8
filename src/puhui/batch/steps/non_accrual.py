"""Non-accrual: from which loans interest is no longer taken as income until it is paid."""

import numpy as np

from puhui.batch.book import ACTIVE, Columns, Today, with_rows
from puhui.risk.stage import accrues


def non_accrual(book: Columns, today: Today) -> Columns:
    """Return whether each active loan accrues, by its stage.

    A loan that the store is ahead with stays as it is until the next night: its own entries have gone on as it was.
    """
    accruing = accrues(book["stage"], today.policy)
    rows = np.flatnonzero((accruing != book["accruing"]) & (book["status"] == ACTIVE) & (book["ahead"] == 0))
    return with_rows(book, rows, {"accruing": accruing[rows]}) if rows.size else {}
