"""Events: what has happened, in order, to be read on from a cursor by those who poll instead of being called."""

from typing import Annotated, Any

from fastapi import Query

from puhui.api.call import covered, resource_of
from puhui.api.fields import Instant
from puhui.api.pages import Cursor, Limit, filled, split
from puhui.api.ports import Books, StoredEvent
from puhui.api.routing import Call, Routes
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.kernel.refusals import Refusal
from puhui.people.access import Resource, Span
from puhui.workflows.store import LOAN_UNKNOWN, Event

routes = Routes("events", Text("事件", "Events"))

Subject = Annotated[str | None, Query(pattern="^[a-z_]+_[0-9a-z]{26}$", description="loan_…")]


class EventOut(Record):
    """Something that happened, as webhooks are told of it."""

    id: str
    type: str
    subject: str
    timestamp: Instant
    data: dict[str, Any]


class EventsOut(Record):
    """A page of events, the oldest first; `next` reads on, null while there has been none."""

    items: tuple[EventOut, ...]
    next: str | None


@routes.get("/events", "events.read", Text("事件流", "Read events"))
def list_events(call: Call, subject: Subject = None, limit: Limit = 50, cursor: Cursor = None) -> EventsOut:
    """Read events within reach, the oldest first, beyond the cursor.

    `next` always continues the feed: where nothing new has come yet, it is the cursor that was given.
    """
    spans = call.access.spans
    (after,) = call.place(cursor) or (0,)
    with call.read() as books:
        reach = _Reach(books, spans)
        found = filled(
            lambda place, count: books.outbox.feed(place, count, subject=subject or ""),
            lambda stored: reach.covers(stored.event),
            lambda stored: stored.seq,
            after,
            limit,
        )
    items, _ = split(found, limit, lambda stored: (stored.seq,))
    last = items[-1].seq if items else after
    return EventsOut(items=tuple(map(_event_out, items)), next=call.cursor((last,)) if last else None)


class _Reach:
    """Whether a caller may be told of an event; each loan is looked up once."""

    def __init__(self, books: Books, spans: tuple[Span, ...]) -> None:
        self._books = books
        self._spans = spans
        self._everything = covered(spans, Resource())
        self._known: dict[str, bool] = {}

    def covers(self, event: Event) -> bool:
        """Return whether a span covers the place of an event; one that has none is for those who see everything."""
        if self._everything:
            return True
        if "institution" in event.payload:
            place = Resource(str(event.payload["institution"]), str(event.payload["region"]))
            return covered(self._spans, place)
        if event.subject not in self._known:
            self._known[event.subject] = self._look(event.subject)
        return self._known[event.subject]

    def _look(self, subject: str) -> bool:
        try:
            resource = resource_of(self._books.store.loan(subject))
        except Refusal as refusal:
            if refusal.kind is not LOAN_UNKNOWN:
                raise
            return False
        return covered(self._spans, resource)


def _event_out(stored: StoredEvent) -> EventOut:
    event = stored.event
    return EventOut(id=event.id, type=event.topic, subject=event.subject, timestamp=event.at, data=dict(event.payload))
