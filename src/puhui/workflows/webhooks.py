"""Webhooks: whom to tell what, each receiver by itself, so that one that does not answer keeps nobody else waiting.

An event of the books is spread into one message for each endpoint that wants it; messages travel through the same
outbox, in order for each endpoint and subject. What is sent is signed (Standard Webhooks) with the endpoint's secret;
after a rotation the old secret signs too, until its time is over.
"""

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from puhui.kernel.ids import new_id
from puhui.kernel.refusals import declare
from puhui.workflows.store import Event

WEBHOOK_UNKNOWN = declare(
    "WEBHOOK_UNKNOWN", 404, "没有回调地址 {webhook}。请核对编号。", "There is no webhook {webhook}. Check the id."
)
WEBHOOKS_MANY = declare(
    "WEBHOOKS_MANY",
    409,
    "一个机构最多 {most} 个回调地址。请先删除不用的。",
    "An institution has at most {most} webhooks. Remove those that are not used.",
)

EVERY_TOPIC = "*"
EVERYWHERE = "*"
# What messages are called in the outbox; no event of the books is called so.
MESSAGE = "webhook.message"
SECRET_PREFIX = "whsec_"  # noqa: S105
SECRET_BYTES = 32
OVERLAP = timedelta(hours=24)
MOST_ENDPOINTS = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A receiver: its URL, the topics it wants (`*`: all), and the institution and region whose events it may see.

    `secret` and `previous` are sealed; the previous one still signs until `previous_ends_at`.
    """

    id: str
    url: str
    about: str
    topics: tuple[str, ...]
    institution: str
    region: str
    secret: bytes
    created_by: str
    created_at: datetime
    is_active: bool = True
    previous: bytes = b""
    previous_ends_at: datetime | None = None

    def wants(self, topic: str) -> bool:
        """Return whether the endpoint is told of a topic: by its name, by `loan.*`, or by `*`."""
        family = f"{topic.partition('.')[0]}.*"
        return self.is_active and any(each in (topic, family, EVERY_TOPIC) for each in self.topics)

    def secrets_at(self, now: datetime) -> tuple[bytes, ...]:
        """Return the sealed secrets that sign now, the newest first."""
        overlaps = self.previous_ends_at is not None and now < self.previous_ends_at
        return (self.secret, self.previous) if overlaps else (self.secret,)


class Endpoints(Protocol):
    """The port that storage fills: endpoints within one unit of work."""

    def add(self, endpoint: Endpoint) -> None:
        """Write a new endpoint."""
        ...

    def by_id(self, endpoint_id: str, *, for_update: bool = False) -> Endpoint:
        """Return an endpoint; refuse WEBHOOK_UNKNOWN."""
        ...

    def all(self) -> Sequence[Endpoint]:
        """Return every endpoint, the oldest first."""
        ...

    def change(self, endpoint: Endpoint) -> None:
        """Write what has changed."""
        ...

    def remove(self, endpoint_id: str) -> None:
        """Remove an endpoint."""
        ...

    def seal(self, endpoint_id: str, secret: bytes) -> bytes:
        """Return a secret sealed for one endpoint."""
        ...

    def unseal(self, endpoint_id: str, sealed: bytes) -> bytes:
        """Return the secret."""
        ...

    def send(self, messages: Sequence[Event]) -> None:
        """Put messages into the outbox; those that are there already stay as they are."""
        ...


def new_secret() -> bytes:
    """Return 256 random bits."""
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """Return a secret as receivers write it: `whsec_` and base64."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def register(endpoints: Endpoints, wanted: Endpoint) -> tuple[Endpoint, str]:
    """Write a new endpoint; return it and the text of its secret, shown this once. Refuses WEBHOOKS_MANY."""
    of_institution = [each for each in endpoints.all() if each.institution == wanted.institution]
    if len(of_institution) >= MOST_ENDPOINTS:
        raise WEBHOOKS_MANY.refuse("institution", most=MOST_ENDPOINTS)
    secret = new_secret()
    endpoint = replace(wanted, secret=endpoints.seal(wanted.id, secret))
    endpoints.add(endpoint)
    return endpoint, secret_text(secret)


def rotate(endpoints: Endpoints, endpoint: Endpoint, now: datetime) -> tuple[Endpoint, str]:
    """Give an endpoint a new secret; return it and the text. The old one signs beside it for 24 hours.

    Rotated again within that time, the oldest is dropped at once.
    """
    secret = new_secret()
    changed = replace(
        endpoint,
        secret=endpoints.seal(endpoint.id, secret),
        previous=endpoint.secret,
        previous_ends_at=now + OVERLAP,
    )
    endpoints.change(changed)
    return changed, secret_text(secret)


def messages_of(event: Event, wanting: Sequence[Endpoint], now: datetime) -> list[Event]:
    """Return one message for each endpoint that is told of an event.

    A message's id follows from the event's and the endpoint's, so that spreading an event twice sends it once.
    """
    return [
        Event(
            id=message_id(event.id, endpoint.id),
            topic=MESSAGE,
            subject=f"{endpoint.id}/{event.subject}",
            payload={
                "endpoint": endpoint.id,
                "event": event.id,
                "type": event.topic,
                "timestamp": event.at.isoformat(),
                "data": dict(event.payload),
            },
            at=now,
        )
        for endpoint in wanting
    ]


def message_id(event_id: str, endpoint_id: str) -> str:
    """Return the id of an event's message to an endpoint.

    >>> message_id("event_01", "webhook_02")
    'message_01_02'
    """
    return f"message_{event_id.partition('_')[2]}_{endpoint_id.partition('_')[2]}"


def trial_event(endpoint: Endpoint, now: datetime) -> Event:
    """Return an event of no loan, to try an endpoint with."""
    return Event(new_id("event"), "webhook.test", endpoint.id, {"webhook": endpoint.id}, now)


def body_of(message: Event) -> dict[str, Any]:
    """Return what an endpoint is sent: `id`, `type`, `timestamp`, `data`."""
    return {
        "id": message.payload["event"],
        "type": message.payload["type"],
        "timestamp": message.payload["timestamp"],
        "data": message.payload["data"],
    }
