"""The outbox: what is to be told outside, written with what happened, and how far telling it has come."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puhui.storage.fact_rows import instant, micros
from puhui.storage.refusals import EVENT_UNKNOWN
from puhui.storage.session import Insert, Value, compact, statement
from puhui.storage.tables import PENDING
from puhui.storage.work import Work
from puhui.workflows.store import Event

INSERT = Insert(
    "outbox",
    (
        "id",
        "topic",
        "subject",
        "payload",
        "created_at",
        "attempts",
        "next_attempt_at",
        "last_error",
    ),
)
_COLUMNS = "seq, id, topic, subject, payload, created_at, attempts, next_attempt_at, delivered_at, dead_at, last_error"

# The oldest event of each subject that is not done with, when its time has come.
_HEADS = (
    f"SELECT seq FROM outbox WHERE seq IN (SELECT min(seq) FROM outbox WHERE {PENDING} GROUP BY subject) "  # noqa: S608
    f"AND {PENDING} AND attempts < ? AND next_attempt_at <= ? ORDER BY seq LIMIT ?"
)
_TAKE = "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ? WHERE seq {} RETURNING " + _COLUMNS  # noqa: S608
# An array is made once; a list after IN may be asked for again at each row, and then takes more than the limit.
CLAIM = statement(
    "outbox_claim", _TAKE.format(f"IN ({_HEADS})"), _TAKE.format(f"= ANY(ARRAY({_HEADS} FOR UPDATE SKIP LOCKED))")
)
BURY = statement(
    "outbox_bury",
    f"UPDATE outbox SET dead_at = ? WHERE {PENDING} AND attempts >= ? AND next_attempt_at <= ?",  # noqa: S608
)
# Only while nobody else has taken it up since: `attempts` counts the takings.
DELIVERED = statement(
    "outbox_delivered",
    "UPDATE outbox SET delivered_at = ?, last_error = '' WHERE seq = ? AND delivered_at IS NULL",
)
FAILED = statement(
    "outbox_failed",
    f"UPDATE outbox SET next_attempt_at = ?, dead_at = ?, last_error = ? WHERE seq = ? AND attempts = ? AND {PENDING}",  # noqa: S608
)
RESEND = statement(
    "outbox_resend",
    "UPDATE outbox SET dead_at = NULL, attempts = 0, next_attempt_at = ? WHERE id = ? AND dead_at IS NOT NULL "  # noqa: S608
    f"RETURNING {_COLUMNS}",
)
FORGET = statement("outbox_forget", "DELETE FROM outbox WHERE delivered_at < ?")
PAGE = statement("outbox_page", f"SELECT {_COLUMNS} FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?")  # noqa: S608
OF_SUBJECT = statement(
    "outbox_subject",
    f"SELECT {_COLUMNS} FROM outbox WHERE subject = ? AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
)
DEAD = statement(
    "outbox_dead",
    f"SELECT {_COLUMNS} FROM outbox WHERE dead_at IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
)
COUNTS = statement(
    "outbox_counts",
    f"SELECT (SELECT count(*) FROM outbox WHERE {PENDING}), (SELECT count(*) FROM outbox WHERE dead_at IS NOT NULL)",  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Stored:
    """An event in the outbox. `seq`: its place; `next_attempt_at`: not before, or the end of a dispatcher's lease."""

    seq: int
    event: Event
    attempts: int
    next_attempt_at: datetime
    delivered_at: datetime | None
    dead_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed: when to try again, or, with `dead`, that this was the last."""

    taken: Stored
    problem: str
    next_attempt_at: datetime
    dead: bool


class Events:
    """The outbox within one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def page(self, after: int, limit: int, *, subject: str = "") -> list[Stored]:
        """Return events beyond place `after`, the oldest first; of one subject where it is named."""
        question = (OF_SUBJECT, (subject, after, limit)) if subject else (PAGE, (after, limit))
        [rows] = self._work.ask(question)
        return [stored(row) for row in rows]

    def dead(self, after: int, limit: int) -> list[Stored]:
        """Return dead letters beyond place `after`, the oldest first."""
        [rows] = self._work.ask((DEAD, (after, limit)))
        return [stored(row) for row in rows]

    def counts(self) -> tuple[int, int]:
        """Return how many events wait, and how many are dead."""
        [rows] = self._work.ask((COUNTS, ()))
        return rows[0][0], rows[0][1]

    def resend(self, event_id: str, at: datetime) -> Stored:
        """Put a dead letter back in line, its attempts counted anew; refuse EVENT_UNKNOWN.

        Later events of its subject may have gone out while it was dead: whoever resends it knows.
        """
        [rows] = self._work.ask((RESEND, (micros(at), event_id)))
        if not rows:
            raise EVENT_UNKNOWN.refuse("event", event=event_id)
        return stored(rows[0])

    def forget_delivered(self, before_at: datetime) -> None:
        """Remove events that were delivered before an instant; facts stay."""
        self._work.queue(FORGET, (micros(before_at),))

    def claim(self, at: datetime, until_at: datetime, most_attempts: int, limit: int) -> list[Stored]:
        """Take up to `limit` events that are due, one of each subject, for ourselves alone until `until_at`.

        An event is due when no earlier one of its subject waits. One that was taken `most_attempts` times without an
        outcome (its dispatcher died each time) is dead.
        """
        self._work.queue(BURY, (micros(at), most_attempts, micros(at)))
        [rows] = self._work.ask((CLAIM, (micros(until_at), most_attempts, micros(at), limit)))
        return sorted((stored(row) for row in rows), key=lambda taken: taken.seq)

    def delivered(self, taken: Stored, at: datetime) -> None:
        """Note that an event arrived."""
        self._work.queue(DELIVERED, (micros(at), taken.seq))

    def failed(self, failure: Failure, at: datetime) -> None:
        """Note that an attempt failed, unless someone else has taken the event up since."""
        taken = failure.taken
        dead_at = micros(at) if failure.dead else None
        values = (micros(failure.next_attempt_at), dead_at, failure.problem, taken.seq, taken.attempts)
        self._work.queue(FAILED, values)


def event_row(event: Event) -> list[Value]:
    """Return a new event's row, in the order of INSERT."""
    at = micros(event.at)
    payload = compact(event.payload)
    return [event.id, event.topic, event.subject, payload, at, 0, at, ""]


def stored(row: Sequence[Any]) -> Stored:
    """Return the event of a row of the outbox, its columns in the order of the table."""
    seq, event_id, topic, subject, payload, created_at, attempts, next_attempt_at, delivered_at, dead_at, error = row
    return Stored(
        seq=seq,
        event=Event(event_id, topic, subject, json.loads(payload), instant(created_at)),
        attempts=attempts,
        next_attempt_at=instant(next_attempt_at),
        delivered_at=None if delivered_at is None else instant(delivered_at),
        dead_at=None if dead_at is None else instant(dead_at),
        last_error=error,
    )
