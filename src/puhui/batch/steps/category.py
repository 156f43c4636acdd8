"""Category: the five tiers, loan by loan, before the debtor's other claims are looked at."""

import numpy as np

from puhui.batch.book import ACTIVE, Columns, Today, with_rows
from puhui.batch.steps.watched import standing_of, watched_rows
from puhui.risk.category import category_of
from puhui.risk.observation import Clean, observe


def category(book: Columns, today: Today) -> Columns:
    """Return the observation and the own category of the loans that are late or watched; the others are normal."""
    rows = watched_rows(book)
    rows = rows[book["status"][rows] == ACTIVE]
    if not rows.size:
        return {}
    fell_due = book["fell_due"][rows].astype(np.int64)
    clean = Clean(book["clean_since"][rows], book["clean_payments"][rows].astype(np.int64))
    is_watched = (book["category"][rows] > 0) | (book["stage"][rows] > 1) | (book["restructured_on"][rows] > 0)
    clean = observe(today.day, clean, is_watched, book["past_due_days"][rows] > 0, fell_due)
    observed = {"clean_since": clean.since, "clean_payments": np.minimum(clean.payments, 1000)}
    changed = with_rows(book, rows, observed)
    own = category_of(today.day, standing_of({**book, **changed}, rows, today), today.floors, today.policy)
    return {**changed, **with_rows(book, rows, {"category": own})}
