"""Late and penalty: what is past its days of grace bears penalty interest, from its due day on."""

import numpy as np

from puhui.batch.book import ACTIVE, Columns, Today, lowered, with_rows
from puhui.lending.accrual import penalty


def late(book: Columns, today: Today) -> Columns:
    """Return what a day changes of the loans with something due, as `lending.passing` does it for one loan."""
    rows = np.flatnonzero((book["late_weight_minor"] > 0) | (book["fresh_due_on"] > 0))
    rows = rows[book["status"][rows] == ACTIVE]
    if not rows.size:
        return {}
    group = book["group"][rows]
    day_base = today.of_group("late_day_base", group)
    fresh_on, fresh = book["fresh_due_on"][rows], book["fresh_weight_minor"][rows]
    turns = (fresh_on > 0) & (today.day > fresh_on + today.of_group("grace_days", group))
    turned = turns * fresh
    weight = book["late_weight_minor"][rows] + turned * (today.day - fresh_on)
    numerator, whole = lowered(book["late_numerator"][rows] + weight * book["late_rate_ppm"][rows], day_base)
    changed = {
        "late_numerator": numerator,
        "late_weight_minor": book["late_weight_minor"][rows] + turned,
        "fresh_due_on": np.where(turns, 0, fresh_on),
        "fresh_weight_minor": fresh - turned,
        "penalty_charged_total_minor": book["penalty_charged_total_minor"][rows] + whole,
        "penalty_running_minor": penalty(numerator, day_base),
    }
    return with_rows(book, rows, changed)
