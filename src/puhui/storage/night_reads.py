"""Nights as outsiders see them: which there were, what each did, and beginning one in the background."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from puhui.kernel.dates import to_date
from puhui.kernel.refusals import Refusal, declare
from puhui.storage.database import Database
from puhui.storage.fact_rows import instant
from puhui.storage.tables import night_errors, nights
from puhui.storage.unit_of_work import UnitOfWork
from puhui.storage.work import POSTED

NIGHT_RUNNING = declare(
    "NIGHT_RUNNING",
    409,
    "{night_of} 的夜间处理正在进行。请等它结束。",
    "The night of {night_of} is under way. Wait until it is done.",
)


@dataclass(frozen=True)
class NightWork:
    """What a night is, made elsewhere: `allow` refuses a day that cannot be closed, `close` closes it, `report` tells
    of one that is closed, `note` is told of a night that was refused.
    """

    allow: Callable[[date], None]
    close: Callable[[date], object]
    report: Callable[[UnitOfWork, date], Mapping[str, Any]]
    note: Callable[[date, Refusal], None]


class StoredNights:
    """The nights of one database."""

    def __init__(self, database: Database, work: NightWork) -> None:
        self._database = database
        self._work = work
        self._lock = threading.Lock()
        self._running_on: date | None = None

    def list(self, limit: int) -> Sequence[Mapping[str, Any]]:
        """Return the last nights, the newest first: the day, how far it has come, how many loans were set aside."""
        with self._database.read() as store:
            days = select(nights.c.night_of).distinct().order_by(nights.c.night_of.desc()).limit(limit)
            numbers = list(store.connection.execute(days).scalars())
            return [self._night(store.connection, number) for number in numbers]

    def report(self, night_of: date) -> Mapping[str, Any]:
        """Return the report of a night; refuse what `work.report` refuses for a day that is not closed."""
        with self._database.read() as store:
            return self._work.report(store, night_of)

    def start(self, night_of: date) -> None:
        """Begin to close a day in the background; refuse NIGHT_RUNNING, and what `work.allow` refuses."""
        self._work.allow(night_of)
        with self._lock:
            if self._running_on is not None:
                raise NIGHT_RUNNING.refuse("night_of", night_of=self._running_on)
            self._running_on = night_of
        threading.Thread(target=copy_context().run, args=(self._run, night_of), name="night").start()

    def _run(self, night_of: date) -> None:
        try:
            self._work.close(night_of)
        except Refusal as refusal:
            self._work.note(night_of, refusal)
        finally:
            self._running_on = None

    def _night(self, connection: Any, number: int) -> Mapping[str, Any]:
        posted = connection.execute(
            select(nights.c.done_at).where(nights.c.night_of == number, nights.c.step == POSTED)
        ).scalar()
        aside = connection.execute(select(night_errors.c.loan).where(night_errors.c.night_of == number)).all()
        return {
            "night_of": to_date(number),
            "state": "started" if posted is None else "posted",
            "posted_at": None if posted is None else instant(posted),
            "set_aside": len(aside),
        }
