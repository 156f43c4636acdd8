"""The instalments to come as rows of columns: what a night needs on the day one of them falls due."""

from typing import NamedTuple

from puhui.lending.position import Position, Row


class DueRow(NamedTuple):
    """One instalment to come, and the interest span that begins on its due day.

    next_due_on: the row after it, 0 after the last. accrual_to, accrual_minor: the span that begins on `due_on`, to
    the next row that collects interest; 0, 0 when none does: then a span that runs across this day runs on.
    """

    n: int
    due_on: int
    principal_minor: int
    interest_minor: int
    fee_minor: int
    next_due_on: int
    accrual_to: int
    accrual_minor: int


def due_rows(position: Position) -> list[DueRow]:
    """Return a DueRow for each row to come, soonest first."""
    found: list[DueRow] = []
    next_due_on, span = 0, (0, 0)
    for row in reversed(position.rows):
        begins = span if row.collects else (0, 0)
        found.append(DueRow(*row[:5], next_due_on, *begins))
        if row.collects:
            span = (row.due_on, row.interest_minor)
        next_due_on = row.due_on
    return found[::-1]


def next_span(rows: tuple[Row, ...]) -> tuple[int, int]:
    """Return the day and the interest of the first row that collects interest, (0, 0) without one."""
    return next(((row.due_on, row.interest_minor) for row in rows if row.collects), (0, 0))
