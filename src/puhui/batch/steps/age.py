"""Age: how many days past due each loan is."""

import numpy as np

from puhui.batch.book import ACTIVE, Columns, Today
from puhui.risk.delinquency import days_past_due


def age(book: Columns, today: Today) -> Columns:
    """Return the days past due of the loans with something due; 0 of the others, and of what is no longer active."""
    days = np.zeros_like(book["past_due_days"])
    rows = np.flatnonzero(book["oldest_due_on"] > 0)
    rows = rows[book["status"][rows] == ACTIVE]
    if rows.size:
        grace = today.of_group("grace_days", book["group"][rows])
        days[rows] = days_past_due(today.day, book["oldest_due_on"][rows], grace)
    return {"past_due_days": days}
