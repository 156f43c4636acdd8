"""On which day of the coming year does an offer cost most, and run longest? Every day is tried, on columns.

The due day, the length of the first period and a short February all move the annual cost of one and the same offer.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np

from puhui.kernel.dates import day_in_month, day_number, month_of, to_date
from puhui.kernel.refusals import Refusal
from puhui.products.annual_cost_columns import figures_columns
from puhui.products.schedule import schedule
from puhui.products.schedule_columns import schedule_columns
from puhui.products.terms import TERMS_INVALID, Terms

YEAR_DAYS = 366
COLUMNS = ("principal_minor", "annual_rate_ppm", "down_payment_ppm")


def days_to_try(offers: Sequence[Terms]) -> list[list[date]]:
    """Return for each offer the first day of the coming year that gives a plan, then its worst days, if others.

    Worst are the days of the highest IRR x 12, of the highest XIRR and of the longest tenor. The offers begin on one
    day and differ in `COLUMNS` only. Refuses as the terms do where no day gives a plan.
    """
    start = offers[0].disbursed_on
    days = [start + timedelta(days=ahead) for ahead in range(YEAR_DAYS)]
    try:
        figures = _figures(offers, days)
    except Refusal as refusal:
        days = [day for day in _some_days(start) if makes_a_plan(offers[-1], day)]
        if refusal.kind is not TERMS_INVALID or not days:
            raise
        figures = _figures(offers, days)
    worst = [figure.reshape(len(offers), len(days)).argmax(axis=1) for figure in figures]
    return [list(dict.fromkeys([days[0], *(days[int(place[n])] for place in worst)])) for n in range(len(offers))]


def first_day(terms: Terms) -> date | None:
    """Return the first day, of a sample of the coming year, on which the terms give a plan."""
    return next((day for day in _some_days(terms.disbursed_on) if makes_a_plan(terms, day)), None)


def makes_a_plan(terms: Terms, on: date) -> bool:
    """Return whether terms disbursed on that day make a plan; a harvest loan does not end just anywhere."""
    try:
        schedule(terms.model_copy(update={"disbursed_on": on}))
    except Refusal as refusal:
        if refusal.kind is not TERMS_INVALID:
            raise
        return False
    return True


def _some_days(start: date) -> list[date]:
    """Return the day, the same day of the next eleven months, and every day of the month that begins on it."""
    month = month_of(day_number(start))
    months = [to_date(day_in_month(month + ahead, start.day)) for ahead in range(1, 12)]
    return [start, *months, *(start + timedelta(days=ahead) for ahead in range(1, 31))]


def _figures(offers: Sequence[Terms], days: Sequence[date]) -> tuple[Any, ...]:
    """Return IRR x 12, XIRR (ppm) and tenor of every offer on every day, offer by offer; refuse as the plans do."""
    count = len(offers) * len(days)
    columns = {
        name: np.repeat(np.array([getattr(offer, name) for offer in offers], dtype=np.int64), len(days))
        for name in COLUMNS
    }
    columns["disbursed_on"] = np.tile(np.array(days, dtype="datetime64[D]"), len(offers))
    (block,) = schedule_columns([offers[0]], np.zeros(count, dtype=np.int64), columns, block_loans=count)
    lent = columns["principal_minor"] - block.upfront_fee_minor
    disbursed = columns["disbursed_on"].astype(np.int64)
    positions = np.vstack([np.zeros(count, dtype=np.int64), block.positions()])
    amounts, on_days = np.vstack([lent, -block.total_minor]), np.vstack([disbursed, block.due_days])
    found = figures_columns(amounts, positions / block.positions_a_month, on_days)
    return found.irr_x12_ppm, found.xirr_365_ppm, positions[-1]
