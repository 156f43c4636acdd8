"""Telling the outside by Standard Webhooks: an event is spread into messages, a message is signed and posted.

Both come through the outbox, which gives `deliver` one event at a time, tries again with growing waits, and gives up
into dead letters. An endpoint that is slow or gone keeps back only its own messages.
"""

import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from standardwebhooks import Webhook

from puhui import __version__
from puhui.adapters.addresses import Network, Resolve, resolve, target_of
from puhui.adapters.posting import Reply, post
from puhui.kernel.refusals import Refusal
from puhui.people.access import Resource, Span
from puhui.workflows.store import LOAN_UNKNOWN, Event, Loan
from puhui.workflows.webhooks import MESSAGE, WEBHOOK_UNKNOWN, Endpoint, Endpoints, body_of, messages_of


class Loans(Protocol):
    """What is read of the store."""

    def loan(self, loan_id: str) -> Loan:
        """Return a loan; refuse LOAN_UNKNOWN."""
        ...


class Desk(Protocol):
    """One unit of work."""

    @property
    def store(self) -> Loans:
        """Loans."""
        ...

    @property
    def endpoints(self) -> Endpoints:
        """Endpoints."""
        ...


@dataclass(frozen=True)
class Wire:
    """How messages are posted: networks that may be called though they are not public, and the time each may take."""

    allowed: tuple[Network, ...] = ()
    seconds: int = 10
    resolver: Resolve = resolve
    tls: ssl.SSLContext | None = None

    def check(self, url: str) -> None:
        """Refuse WEBHOOK_ADDRESS where a URL must not be called."""
        target_of(url, self.allowed, self.resolver)


class Webhooks:
    """Delivers events of the outbox. `open_desk` commits at the end of its block, `read_desk` only reads."""

    def __init__(
        self,
        open_desk: Callable[[], AbstractContextManager[Desk]],
        read_desk: Callable[[], AbstractContextManager[Desk]],
        now: Callable[[], datetime],
        wire: Wire | None = None,
    ) -> None:
        self._open_desk = open_desk
        self._read_desk = read_desk
        self._now = now
        self._wire = wire or Wire()

    def __call__(self, event: Event) -> str:
        """Deliver one event; return "" when that is done, else the problem."""
        try:
            if event.topic == MESSAGE:
                return self._post(event)
            self._spread(event)
        except Refusal as refusal:
            return f"{refusal.code}: {refusal.message('en')}"
        return ""

    def _spread(self, event: Event) -> None:
        """Put a message for each endpoint that is told of an event into the outbox."""
        with self._read_desk() as desk:
            asking = [each for each in desk.endpoints.all() if each.wants(event.topic)]
            wanting = [each for each in asking if may_see(each, _place(desk.store, event))] if asking else []
        if wanting:
            with self._open_desk() as desk:
                desk.endpoints.send(messages_of(event, wanting, self._now()))

    def _post(self, message: Event) -> str:
        """Post one message; an endpoint that was removed or switched off since is told nothing, and that is that."""
        now = self._now()
        with self._read_desk() as desk:
            endpoint = _known(desk.endpoints, str(message.payload["endpoint"]))
            if endpoint is None or not endpoint.is_active:
                return ""
            keys = [desk.endpoints.unseal(endpoint.id, sealed) for sealed in endpoint.secrets_at(now)]
        target = target_of(endpoint.url, self._wire.allowed, self._wire.resolver)
        body = json.dumps(body_of(message), ensure_ascii=False, separators=(",", ":"))
        headers = signed_headers(keys, str(message.payload["event"]), now, body)
        return problem_of(post(target, body.encode(), headers, self._wire.seconds, self._wire.tls))


def may_see(endpoint: Endpoint, place: Resource) -> bool:
    """Return whether an endpoint may be told of something at a place."""
    return Span(endpoint.institution, endpoint.region).covers(place)


def signed_headers(keys: Sequence[bytes], message_id: str, now: datetime, body: str) -> Mapping[str, str]:
    """Return the headers of Standard Webhooks: id, timestamp, a signature for each secret, apart by spaces."""
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"Puhui/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(message_id, now, body) for key in keys),
    }


def problem_of(reply: Reply) -> str:
    """Return "" for a reply that takes the message, else what went wrong in a line."""
    if reply.accepted:
        return ""
    if not reply.status:
        return reply.error
    return f"HTTP {reply.status}: {reply.snippet}".rstrip(": ")


def _known(endpoints: Endpoints, endpoint_id: str) -> Endpoint | None:
    try:
        return endpoints.by_id(endpoint_id)
    except Refusal as refusal:
        if refusal.kind is not WEBHOOK_UNKNOWN:
            raise
        return None


def _place(store: Loans, event: Event) -> Resource:
    """Return where an event belongs: as it says itself, or where its loan is.

    What belongs nowhere is for endpoints that are told of everything.
    """
    if "institution" in event.payload:
        return Resource(str(event.payload["institution"]), str(event.payload["region"]))
    try:
        one = store.loan(event.subject).dimensions
    except Refusal as refusal:
        if refusal.kind is not LOAN_UNKNOWN:
            raise
        return Resource()
    return Resource(one.institution, one.region)
