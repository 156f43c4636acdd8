"""Closing a period: after it, no entry takes effect in it. A late correction lands on the first open day."""

from datetime import date, timedelta

from puhui.kernel.refusals import declare
from puhui.ledger.balances import TrialBalance
from puhui.ledger.chart import Chart

PERIOD_CLOSED = declare(
    "PERIOD_CLOSED",
    409,
    "{effective_on} 所在会计期间已结账。请记在 {open_from} 或之后。",
    "The period of {effective_on} is closed. Let the entry take effect on {open_from} or later.",
)
PERIOD_NOT_READY = declare(
    "PERIOD_NOT_READY",
    409,
    "不能结账到 {closes_through}：夜间处理只完成到 {watermark}。请先运行 puhui close。",
    "Cannot close through {closes_through}: nights are done through {watermark}. Run puhui close first.",
)
PERIOD_ORDER = declare(
    "PERIOD_ORDER",
    409,
    "{closes_through} 已在结账期间内（开放日自 {open_from} 起）。请选择更晚的日期。",
    "{closes_through} is closed already; the books are open from {open_from}. Choose a later day.",
)
PERIOD_UNBALANCED = declare(
    "PERIOD_UNBALANCED",
    409,
    "试算不平，不能结账到 {closes_through}：{differences}。",
    "The trial balance does not balance; cannot close through {closes_through}: {differences}.",
)


def check_open(effective_on: date, open_from: date | None) -> None:
    """Refuse PERIOD_CLOSED where an entry would take effect before the first open day."""
    if open_from is not None and effective_on < open_from:
        raise PERIOD_CLOSED.refuse("effective_on", effective_on=effective_on, open_from=open_from)


def open_day(effective_on: date, open_from: date | None) -> date:
    """Return the day that a correction takes effect on: its own, or the first open one.

    >>> open_day(date(2024, 1, 15), date(2024, 2, 1)), open_day(date(2024, 2, 15), date(2024, 2, 1))
    (datetime.date(2024, 2, 1), datetime.date(2024, 2, 15))
    """
    return effective_on if open_from is None else max(effective_on, open_from)


def close_period(
    through_on: date, open_from: date | None, closed_on: date | None, trial: TrialBalance, chart: Chart
) -> date:
    """Return the new first open day after closing through a day, which must be shown to be sound.

    closed_on: the last day that a night has posted; trial: the trial balance as of `through_on`. Refuses PERIOD_ORDER
    (closed already), PERIOD_NOT_READY (a night is missing), PERIOD_UNBALANCED.
    """
    if open_from is not None and through_on < open_from:
        raise PERIOD_ORDER.refuse("closes_through", closes_through=through_on, open_from=open_from)
    if closed_on is None or closed_on < through_on:
        done = "-" if closed_on is None else closed_on
        raise PERIOD_NOT_READY.refuse("closes_through", closes_through=through_on, watermark=done)
    if differences := trial.differences(chart):
        raise PERIOD_UNBALANCED.refuse("closes_through", closes_through=through_on, differences=differences)
    return through_on + timedelta(days=1)
