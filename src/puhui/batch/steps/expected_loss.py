"""Expected loss: of every loan, by stage; our own share of it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from puhui.batch.book import ACTIVE, Columns, Today, at
from puhui.kernel.rates import PPM
from puhui.kernel.rounding import round_mul_div
from puhui.risk.expected_loss import Exposure, expected_loss_minor
from puhui.risk.stage import accrues

READ = (
    "group",
    "stage",
    "bucket",
    "annual_rate_ppm",
    "last_due_on",
    "most_minor",
    "can_draw",
    "drawn_minor",
    "principal_minor",
    "interest_due_total_minor",
    "interest_running_minor",
    "interest_paid_total_minor",
    "interest_waived_total_minor",
    "interest_written_off_minor",
)


def expected_loss(book: Columns, today: Today) -> Columns:
    """Return the expected credit loss of each loan: the provision that is needed at the end of the day."""
    # Stage 1 looks one year ahead: one turn of the formula for the whole book, without gathering rows; the few others
    # need one turn a year of life.
    in_first = exposure_of(book, today)._replace(stage=1)
    needed = expected_loss_minor(in_first, today.losses) * (book["status"] == ACTIVE)
    rows = np.flatnonzero((book["status"] == ACTIVE) & (book["stage"] != 1))
    if rows.size:
        part = at({name: book[name] for name in READ}, rows)
        needed[rows] = expected_loss_minor(exposure_of(part, today), today.losses)
    return {"expected_loss_minor": needed}


def exposure_of(book: Columns, today: Today) -> Exposure:
    """Return what the expected losses of a part of the book hang on."""
    group = book["group"]
    used_minor = np.where(today.of_group("is_line", group) > 0, book["principal_minor"], book["drawn_minor"])
    undrawn_minor = np.where(book["can_draw"] > 0, book["most_minor"] - used_minor, 0)
    share_ppm = today.of_group("funder_share_ppm", group)
    owed_minor = on_balance_minor(book, accrues(book["stage"], today.policy))
    return Exposure(
        exposure_minor=owed_minor - round_mul_div(owed_minor, share_ppm, PPM),
        undrawn_minor=undrawn_minor - round_mul_div(undrawn_minor, share_ppm, PPM),
        segment=today.of_group("segment", group),
        stage=book["stage"],
        bucket=book["bucket"].astype(np.int64),
        remaining_months=months_left(book["last_due_on"], today.day),
        effective_rate_ppm=book["annual_rate_ppm"].astype(np.int64),
        amortising=today.of_group("amortising", group),
    )


def on_balance_minor(book: Columns, accruing: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return principal, and unpaid interest where it is on the balance sheet."""
    charged_minor = book["interest_due_total_minor"] + book["interest_running_minor"]
    settled_minor = book["interest_paid_total_minor"] + book["interest_waived_total_minor"]
    unpaid_minor = charged_minor - settled_minor - book["interest_written_off_minor"]
    owed: NDArray[np.int64] = book["principal_minor"] + np.where(accruing, unpaid_minor, 0)
    return owed


def months_left(last_due_on: Any, day: int) -> Any:
    """Return the months to the last instalment, a part of one counted as one, at least 1: a year is 365 or 366 days.

    >>> months_left(np.array([100, 101, 131, 132]), 100).tolist()
    [1, 1, 1, 2]
    """
    days = np.maximum(last_due_on.astype(np.int64) - day, 2)
    return -((1 - days) * 12 // 365)
