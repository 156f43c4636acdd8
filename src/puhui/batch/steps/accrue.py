"""Accrue: the interest of the running span so far."""

from puhui.batch.book import Columns, Today
from puhui.lending.accrual import accrued


def accrue(book: Columns, today: Today) -> Columns:
    """Return the running interest at the end of the day; on the last day of a span, all of it."""
    span = (book["accrual_base_minor"], book["accrual_minor"], book["accrual_from"], book["accrual_to"])
    return {"interest_running_minor": accrued(*span, today.day)}
