"""Webhooks: endpoints that are told of events, their secrets, what was delivered, and sending it again."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Path
from pydantic import ConfigDict, Field

from puhui.api.call import CallContext
from puhui.api.fields import Instant, Line, WebhookId
from puhui.api.pages import Cursor, Limit, split
from puhui.api.ports import Books, StoredEvent
from puhui.api.routing import Call, Given, Routes
from puhui.kernel.clock import business_date
from puhui.kernel.facts import Fact
from puhui.kernel.ids import new_id
from puhui.kernel.inputs import Record
from puhui.kernel.language import Text
from puhui.people.access import OUT_OF_REACH, Resource
from puhui.workflows import webhooks
from puhui.workflows.store import Changes
from puhui.workflows.webhooks import WEBHOOK_UNKNOWN, Endpoint

Url = Annotated[str, Field(min_length=9, max_length=2000, pattern=r"^https?://[!-~]+$")]
Topics = Annotated[
    tuple[Annotated[str, Field(pattern=r"^(\*|[a-z_]+\.(\*|[a-z_]+))$", max_length=60)], ...],
    Field(min_length=1, max_length=50, description="loan.repaid、loan.* 或 *"),
]

routes = Routes("webhooks", Text("回调", "Webhooks"))


class WebhookIn(Record):
    """A new endpoint. `institution`, `region`: whose events it is told of, `*` for all of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "url": "https://partner.example/puhui",
                    "topics": ["loan.*"],
                    "institution": "county_bank",
                    "region": "*",
                    "about": "核心系统",
                }
            ]
        }
    )

    url: Url
    topics: Topics
    institution: Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,39})$")]
    region: Annotated[str, Field(pattern=r"^(\*|[0-9]{6})$")]
    about: Line | None = None


class WebhookChangeIn(Record):
    """What of an endpoint is to be another; what is not named stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"is_active": False}]})

    url: Url | None = None
    topics: Topics | None = None
    about: Line | None = None
    is_active: bool | None = None


class WebhookOut(Record):
    """An endpoint. `old_secret_ends_at`: until when the secret before the last rotation signs too."""

    id: str
    url: str
    topics: tuple[str, ...]
    institution: str
    region: str
    about: str
    is_active: bool
    created_at: Instant
    old_secret_ends_at: datetime | None


class WebhookSecretOut(WebhookOut):
    """An endpoint and its secret, which is shown this once (Standard Webhooks, `whsec_…`)."""

    secret: str


class WebhooksOut(Record):
    """The endpoints within reach."""

    items: tuple[WebhookOut, ...]


class DeliveryOut(Record):
    """A message to an endpoint: which event, and how far sending it has come."""

    id: str
    event: str
    type: str
    state: Literal["waiting", "delivered", "dead"]
    attempts: int
    created_at: Instant
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_error: str


class DeliveriesOut(Record):
    """A page of messages to an endpoint, the oldest first."""

    items: tuple[DeliveryOut, ...]
    next: str | None


MessageId = Annotated[str, Path(pattern="^message_[0-9a-z]{26}_[0-9a-z]{26}$")]


@routes.post("/webhooks", "webhooks.manage", Text("登记回调地址", "Add an endpoint"))
def create_webhook(call: Call, body: Given[WebhookIn]) -> WebhookSecretOut:
    """Add an endpoint; its secret is shown in this answer and never again."""
    call.access.over(_place(body.institution, body.region), OUT_OF_REACH.refuse("institution"))
    call.platform.check_url(body.url)
    wanted = Endpoint(
        id=new_id("webhook"),
        url=body.url,
        about=body.about or "",
        topics=body.topics,
        institution=body.institution,
        region=body.region,
        secret=b"",
        created_by=call.actor,
        created_at=call.at,
    )
    with call.begin() as books:
        endpoint, secret = webhooks.register(books.endpoints, wanted)
        _note(call, books, endpoint, "webhook_created")
    return WebhookSecretOut(**dict(_webhook_out(endpoint)), secret=secret)


@routes.get("/webhooks", "webhooks.read", Text("回调地址列表", "List endpoints"))
def list_webhooks(call: Call) -> WebhooksOut:
    """List the endpoints within reach."""
    spans = call.access.spans
    with call.read() as books:
        found = [
            each
            for each in books.endpoints.all()
            if any(span.covers(_place(each.institution, each.region)) for span in spans)
        ]
    return WebhooksOut(items=tuple(map(_webhook_out, found)))


@routes.get("/webhooks/{webhook_id}", "webhooks.read", Text("查询回调地址", "Read an endpoint"))
def read_webhook(call: Call, webhook_id: WebhookId) -> WebhookOut:
    """Read an endpoint."""
    with call.read() as books:
        return _webhook_out(_endpoint(call, books, webhook_id))


@routes.patch("/webhooks/{webhook_id}", "webhooks.manage", Text("更改回调地址", "Change an endpoint"))
def change_webhook(call: Call, webhook_id: WebhookId, body: Given[WebhookChangeIn]) -> WebhookOut:
    """Change an endpoint's URL, topics or name, or switch it off and on."""
    if body.url is not None:
        call.platform.check_url(body.url)
    with call.begin() as books:
        endpoint = _endpoint(call, books, webhook_id, for_update=True)
        changed = replace(endpoint, **body.model_dump(exclude_none=True))
        books.endpoints.change(changed)
        _note(call, books, changed, "webhook_changed")
    return _webhook_out(changed)


@routes.delete("/webhooks/{webhook_id}", "webhooks.manage", Text("删除回调地址", "Remove an endpoint"))
def remove_webhook(call: Call, webhook_id: WebhookId) -> None:
    """Remove an endpoint. What waits for it is not sent any more."""
    with call.begin() as books:
        endpoint = _endpoint(call, books, webhook_id, for_update=True)
        books.endpoints.remove(webhook_id)
        _note(call, books, endpoint, "webhook_removed")


@routes.post("/webhooks/{webhook_id}/secret-rotations", "webhooks.manage", Text("更换签名密钥", "Rotate the secret"))
def rotate_secret(call: Call, webhook_id: WebhookId) -> WebhookSecretOut:
    """Give an endpoint a new secret, shown this once; for 24 hours messages are signed with the old one too."""
    with call.begin() as books:
        endpoint = _endpoint(call, books, webhook_id, for_update=True)
        changed, secret = webhooks.rotate(books.endpoints, endpoint, call.at)
        _note(call, books, changed, "webhook_secret_rotated")
    return WebhookSecretOut(**dict(_webhook_out(changed)), secret=secret)


@routes.post("/webhooks/{webhook_id}/tests", "webhooks.manage", Text("发送测试消息", "Send a test message"), status=202)
def test_webhook(call: Call, webhook_id: WebhookId) -> DeliveryOut:
    """Send an endpoint a message of type `webhook.test`."""
    with call.begin() as books:
        endpoint = _endpoint(call, books, webhook_id)
        [message] = webhooks.messages_of(webhooks.trial_event(endpoint, call.at), [endpoint], call.at)
        books.endpoints.send([message])
    return DeliveryOut(
        id=message.id,
        event=message.payload["event"],
        type=message.payload["type"],
        state="waiting",
        attempts=0,
        created_at=call.at,
        next_attempt_at=call.at,
        delivered_at=None,
        last_error="",
    )


@routes.get("/webhooks/{webhook_id}/deliveries", "webhooks.read", Text("回调投递记录", "List deliveries"))
def list_deliveries(call: Call, webhook_id: WebhookId, limit: Limit = 50, cursor: Cursor = None) -> DeliveriesOut:
    """List the messages to an endpoint, the oldest first, and how far sending them has come."""
    (after,) = call.place(cursor) or (0,)
    with call.read() as books:
        _endpoint(call, books, webhook_id)
        found = books.outbox.messages(webhook_id, after, limit + 1)
    items, place = split(found, limit, lambda stored: (stored.seq,))
    return DeliveriesOut(items=tuple(map(_delivery_out, items)), next=call.cursor(place))


@routes.post(
    "/webhooks/{webhook_id}/deliveries/{message_id}/resend",
    "webhooks.manage",
    Text("重新投递", "Send again"),
    status=202,
)
def resend_delivery(call: Call, webhook_id: WebhookId, message_id: MessageId) -> DeliveryOut:
    """Put a message back in line: one that was given up on, or one that arrived and is wanted again."""
    with call.begin() as books:
        _endpoint(call, books, webhook_id)
        return _delivery_out(books.outbox.resend(webhook_id, message_id, call.at))


def _endpoint(call: CallContext, books: Books, webhook_id: str, *, for_update: bool = False) -> Endpoint:
    endpoint = books.endpoints.by_id(webhook_id, for_update=for_update)
    hidden = WEBHOOK_UNKNOWN.refuse("webhook", webhook=webhook_id)
    call.access.over(_place(endpoint.institution, endpoint.region), hidden)
    return endpoint


def _place(institution: str, region: str) -> Resource:
    """Return where an endpoint is: one for all institutions is within reach of those who see all of them."""
    return Resource("" if institution == webhooks.EVERYWHERE else institution, "" if region == "*" else region)


def _note(call: CallContext, books: Books, endpoint: Endpoint, name: str) -> None:
    """Record the change of configuration as a fact, without the secret."""
    body: dict[str, Any] = {
        "url": endpoint.url,
        "topics": list(endpoint.topics),
        "institution": endpoint.institution,
        "region": endpoint.region,
        "active": endpoint.is_active,
    }
    sequence = books.store.next_sequence(endpoint.id)
    fact = Fact(new_id("fact"), endpoint.id, sequence, name, business_date(call.at), call.at, body, actor=call.actor)
    books.store.record(Changes(facts=[fact]))


def _webhook_out(endpoint: Endpoint) -> WebhookOut:
    return WebhookOut(
        id=endpoint.id,
        url=endpoint.url,
        topics=endpoint.topics,
        institution=endpoint.institution,
        region=endpoint.region,
        about=endpoint.about,
        is_active=endpoint.is_active,
        created_at=endpoint.created_at,
        old_secret_ends_at=endpoint.previous_ends_at,
    )


def _delivery_out(stored: StoredEvent) -> DeliveryOut:
    payload = stored.event.payload
    state: Literal["waiting", "delivered", "dead"] = "waiting"
    if stored.delivered_at is not None:
        state = "delivered"
    elif stored.dead_at is not None:
        state = "dead"
    return DeliveryOut(
        id=stored.event.id,
        event=payload["event"],
        type=payload["type"],
        state=state,
        attempts=stored.attempts,
        created_at=stored.event.at,
        next_attempt_at=stored.next_attempt_at if state == "waiting" else None,
        delivered_at=stored.delivered_at,
        last_error=stored.last_error,
    )
