"""The loans whose class or stage may change by the mere passing of a day, and what those hang on."""

import numpy as np
from numpy.typing import NDArray

from puhui.batch.book import Columns, Today
from puhui.risk.category import Standing
from puhui.risk.observation import Clean, observed


def watched_rows(book: Columns) -> NDArray[np.intp]:
    """Return the places of loans that are late, worse than normal, beyond stage 1, restructured, or were lately."""
    watched = (book["category"] > 0) | (book["stage"] > 1)
    for name in ("past_due_days", "restructured_on", "clean_since"):
        watched |= book[name] > 0
    return np.flatnonzero(watched)


def standing_of(book: Columns, rows: NDArray[np.intp], today: Today) -> Standing:
    """Return what category and stage of these rows hang on."""
    group, paid_up = book["group"][rows], book["oldest_due_on"][rows] == 0
    clean = Clean(book["clean_since"][rows], book["clean_payments"][rows])
    return Standing(
        past_due_days=book["past_due_days"][rows],
        category=book["category"][rows],
        stage=book["stage"][rows],
        cured=observed(today.day, clean, paid_up, today.policy.upgrade),
        recovered=observed(today.day, clean, paid_up, today.policy.recovery),
        clean_since=clean.since,
        restructured_on=book["restructured_on"][rows],
        npl_before=book["npl_before"][rows],
        technical=np.zeros_like(paid_up),
        card=today.of_group("card", group),
    )
