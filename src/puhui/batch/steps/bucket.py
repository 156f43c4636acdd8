"""Bucket: the delinquency bucket of each loan."""

import numpy as np

from puhui.batch.book import Columns, Today
from puhui.risk.delinquency import bucket_of


def bucket(book: Columns, _today: Today) -> Columns:
    """Return the bucket of each loan."""
    place = np.zeros_like(book["bucket"])
    rows = np.flatnonzero(book["past_due_days"])
    if rows.size:
        place[rows] = bucket_of(book["past_due_days"][rows])
    return {"bucket": place}
