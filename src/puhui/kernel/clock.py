"""The only reader of time. Everything else is told what day it is.

Instants are aware and in UTC; the business day is that of Beijing. China has kept +08:00 without summer time
since 1991, so a fixed offset is exact and needs no time zone database, which slim machines often lack.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta, timezone
from time import perf_counter_ns

from puhui.kernel.refusals import declare

CHINA = timezone(timedelta(hours=8), "UTC+08:00")
TODAY_VARIABLE = "PUHUI_TODAY"

CLOCK_UNREADABLE = declare(
    "CLOCK_UNREADABLE",
    400,
    "环境变量 PUHUI_TODAY 不是有效日期：{value}。请写作 YYYY-MM-DD。",
    "The environment variable PUHUI_TODAY is not a real date: {value}. Write YYYY-MM-DD.",
)

_ISO_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_set_at: ContextVar[datetime | None] = ContextVar("puhui_clock", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC: the set one, else noon of PUHUI_TODAY, else the machine's.

    Refuses CLOCK_UNREADABLE when PUHUI_TODAY is not a date.
    """
    return _set_at.get() or _from_environment() or datetime.now(UTC)


def today() -> date:
    """Return the business date: the day that `now()` falls on in Beijing."""
    return business_date(now())


def business_date(instant: datetime) -> date:
    """Return the day in Beijing of an aware `instant`."""
    assert instant.tzinfo is not None, "an instant without a time zone is ambiguous"
    return instant.astimezone(CHINA).date()


def stopwatch_ns() -> int:
    """Return nanoseconds that only grow: to tell how long something took, never when it was."""
    return perf_counter_ns()


def is_set() -> bool:
    """Return whether the time is a chosen one, not the machine's."""
    return _set_at.get() is not None or TODAY_VARIABLE in os.environ


@contextmanager
def set_to(moment: date | datetime) -> Iterator[None]:
    """Stop the clock at an aware instant, or at noon in Beijing of a date, for the block.

    >>> with set_to(date(2024, 2, 29)):
    ...     today().isoformat(), now().isoformat()
    ('2024-02-29', '2024-02-29T04:00:00+00:00')
    """
    token = _set_at.set(_instant(moment))
    try:
        yield
    finally:
        _set_at.reset(token)


def _instant(moment: date | datetime) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(12), CHINA).astimezone(UTC)
    assert moment.tzinfo is not None, "an instant without a time zone is ambiguous"
    return moment.astimezone(UTC)


def _from_environment() -> datetime | None:
    text = os.environ.get(TODAY_VARIABLE)
    if text is None:
        return None
    refusal = CLOCK_UNREADABLE.refuse(TODAY_VARIABLE, value=repr(text))
    if not _ISO_DATE.fullmatch(text):
        raise refusal
    try:
        return _instant(date.fromisoformat(text))
    except ValueError:
        raise refusal from None
