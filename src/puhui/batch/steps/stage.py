"""Stage: the stage of IFRS 9 of each loan."""

from puhui.batch.book import ACTIVE, Columns, Today, with_rows
from puhui.batch.steps.watched import standing_of, watched_rows
from puhui.risk.stage import stage_of


def stage(book: Columns, today: Today) -> Columns:
    """Return the stage of the loans that are late or watched; the others are in stage 1."""
    rows = watched_rows(book)
    rows = rows[book["status"][rows] == ACTIVE]
    if not rows.size:
        return {}
    standing = standing_of(book, rows, today)
    return with_rows(
        book, rows, {"stage": stage_of(today.day, standing, book["category"][rows], today.floors, today.policy)}
    )
