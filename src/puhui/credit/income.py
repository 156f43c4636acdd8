"""The income of a usual year, by calendar month: what a limit and a plan are held against."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import polars as pl

from puhui.credit.features.known import known_rows, rows_of
from puhui.credit.features.streams import INCOME
from puhui.kernel.clock import CHINA

MONTHS: Final = 12
# For so long money that came in is counted on: our own assumption.
KEPT_MONTHS: Final = 3


def income_by_month(events: pl.DataFrame, at: datetime) -> tuple[int | None, ...]:
    """Return the income of January to December, minor units: the mean of the one or two years that are known.

    A month of which nothing at all is known (before the first event of income) is None, never 0; a month within what
    is known in which nothing came in is 0.
    """
    rows = rows_of(events)
    told = [kind in INCOME and status is None for kind, status in zip(rows["kind"], rows["status"], strict=True)]
    seen = known_rows(rows.where(told), at)
    if not seen.height:
        return (None,) * MONTHS
    amounts: dict[int, int] = {}
    for month, amount in zip(seen["month"], seen["amount_minor"], strict=True):
        amounts[month] = amounts.get(month, 0) + amount
    stretches = [amounts.get(age, 0) for age in range(max(amounts) + 1)]
    return _by_calendar(stretches, at)


def spendable(income_minor: Sequence[int]) -> tuple[int, ...]:
    """Return what there is to pay from in January to December: the income of the month, or, where that is more, the
    mean of the three months that end with it, since what came in is kept for a while. Minor units.

    A poor month between good ones is then no month without money; a harvest stays in its month.

    >>> spendable([300] * 6 + [0] + [300] * 5)
    (300, 300, 300, 300, 300, 300, 200, 300, 300, 300, 300, 300)
    >>> spendable([0] * 5 + [9000] + [0] * 6)
    (0, 0, 0, 0, 0, 9000, 3000, 3000, 0, 0, 0, 0)
    """
    assert len(income_minor) == MONTHS, "a year has twelve months"
    kept = [sum(income_minor[month - back] for back in range(KEPT_MONTHS)) // KEPT_MONTHS for month in range(MONTHS)]
    return tuple(map(max, income_minor, kept))


def _by_calendar(stretches: Sequence[int], at: datetime) -> tuple[int | None, ...]:
    """Return means by calendar month of stretches of a month before `at`, the latest first.

    A stretch belongs to the month in which its middle lies.
    """
    middle = at.astimezone(CHINA) - timedelta(days=15)
    found: dict[int, list[int]] = {}
    for age, amount in enumerate(stretches):
        found.setdefault((middle.month - 1 - age) % MONTHS, []).append(amount)
    return tuple(sum(found[month]) // len(found[month]) if month in found else None for month in range(MONTHS))
