"""Parties, applications and webhooks in the database: the repositories behind the ports of `workflows`."""

import json
import threading
from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from puhui.people.personal import MasterKeys, new_key, seal, unseal, unwrap, wrap
from puhui.storage.database import Database
from puhui.storage.desk_tables import applications, parties, webhook_endpoints
from puhui.storage.events import INSERT, Stored, event_row, stored
from puhui.storage.fact_rows import instant, micros
from puhui.storage.people_accounts import insert_or_nothing, maybe_instant, maybe_micros
from puhui.storage.people_tables import key_ring
from puhui.storage.refusals import EVENT_UNKNOWN
from puhui.storage.session import statement
from puhui.storage.settled import Mark, is_settled, look
from puhui.storage.tables import outbox
from puhui.storage.unit_of_work import UnitOfWork
from puhui.workflows.applications import APPLICATION_UNKNOWN, Application, Status, WantedApplications
from puhui.workflows.parties import PARTY_UNKNOWN, Party
from puhui.workflows.store import Event
from puhui.workflows.webhooks import MESSAGE, WEBHOOK_UNKNOWN, Endpoint

RING_NAME = "webhooks"
_COLUMNS = tuple(column.name for column in webhook_endpoints.columns)
_Row = namedtuple("_Row", _COLUMNS)  # type: ignore[misc]
# Asked for with every event that goes out.
ENDPOINTS = statement("endpoints", f"SELECT {', '.join(_COLUMNS)} FROM webhook_endpoints ORDER BY created_at, id")  # noqa: S608
_EVERYTHING = 2**63 - 1


_APPLICATION = tuple(column.name for column in applications.columns)
_ApplicationRow = namedtuple("_ApplicationRow", _APPLICATION)  # type: ignore[misc]
# Asked for and written with every decision.
_ONE = f"SELECT {', '.join(_APPLICATION)} FROM applications WHERE id = ?"  # noqa: S608
READ_APPLICATION = statement("application", _ONE)
LOCK_APPLICATION = statement("application_lock", _ONE, f"{_ONE} FOR NO KEY UPDATE")
SET_STATUS = statement("application_status", "UPDATE applications SET status = ? WHERE id = ?")


class StoredParties:
    """`workflows.parties.Parties`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, party: Party) -> None:
        """Write a new party."""
        row = {
            "id": party.id,
            "kind": party.kind,
            "institution": party.institution,
            "region": party.region,
            "created_at": micros(party.created_at),
        }
        self._connection.execute(insert(parties), row)

    def by_id(self, party_id: str, field: str = "party") -> Party:
        """Return a party; refuse PARTY_UNKNOWN."""
        row = self._connection.execute(select(parties).where(parties.c.id == party_id)).first()
        if row is None:
            raise PARTY_UNKNOWN.refuse(field, party=party_id)
        return Party(row.id, row.kind, row.institution, row.region, instant(row.created_at))


class StoredApplications:
    """`workflows.applications.Applications`."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def add(self, application: Application) -> None:
        """Write a new application."""
        row = {
            "id": application.id,
            "party": application.party,
            "institution": application.institution,
            "region": application.region,
            "product": application.product,
            "status": application.status,
            "wish": json.dumps(dict(application.wish), ensure_ascii=False, separators=(",", ":")),
            "received_at": micros(application.received_at),
        }
        self._unit.connection.execute(insert(applications), row)

    def by_id(self, application_id: str, *, for_update: bool = False) -> Application:
        """Return an application; refuse APPLICATION_UNKNOWN."""
        [rows] = self._unit.work.ask((LOCK_APPLICATION if for_update else READ_APPLICATION, (application_id,)))
        if not rows:
            raise APPLICATION_UNKNOWN.refuse("application", application=application_id)
        return _application(_ApplicationRow._make(rows[0]))

    def set_status(self, application_id: str, status: Status) -> None:
        """Write how far an application has come."""
        self._unit.work.queue(SET_STATUS, (status, application_id))

    def page(self, wanted: WantedApplications, after: int, limit: int) -> Sequence[Application]:
        """Return applications beyond number `after`, the oldest first."""
        query = select(applications).where(applications.c.number > after).order_by(applications.c.number).limit(limit)
        for column, value in (
            (applications.c.party, wanted.party),
            (applications.c.product, wanted.product),
            (applications.c.status, wanted.status),
        ):
            if value:
                query = query.where(column == value)
        return [_application(row) for row in self._unit.connection.execute(query)]


class StoredEndpoints:
    """`workflows.webhooks.Endpoints`."""

    def __init__(self, unit: UnitOfWork, masters: Callable[[], MasterKeys]) -> None:
        self._unit = unit
        self._masters = masters
        self._ring_key: bytes | None = None

    @property
    def _connection(self) -> Connection:
        return self._unit.connection

    def add(self, endpoint: Endpoint) -> None:
        """Write a new endpoint."""
        self._connection.execute(insert(webhook_endpoints), {"id": endpoint.id, **_endpoint_row(endpoint)})

    def by_id(self, endpoint_id: str, *, for_update: bool = False) -> Endpoint:
        """Return an endpoint; refuse WEBHOOK_UNKNOWN."""
        query = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
        row = self._connection.execute(query.with_for_update() if for_update else query).first()
        if row is None:
            raise WEBHOOK_UNKNOWN.refuse("webhook", webhook=endpoint_id)
        return _endpoint(row)

    def all(self) -> Sequence[Endpoint]:
        """Return every endpoint, the oldest first."""
        [rows] = self._unit.work.ask((ENDPOINTS, ()))
        return [_endpoint(_Row._make(row)) for row in rows]

    def change(self, endpoint: Endpoint) -> None:
        """Write what has changed."""
        here = webhook_endpoints.c.id == endpoint.id
        self._connection.execute(update(webhook_endpoints).where(here).values(_endpoint_row(endpoint)))

    def remove(self, endpoint_id: str) -> None:
        """Remove an endpoint."""
        self._connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))

    def seal(self, endpoint_id: str, secret: bytes) -> bytes:
        """Return a secret sealed for one endpoint."""
        return seal(self._key(), endpoint_id, "secret", secret)

    def unseal(self, endpoint_id: str, sealed: bytes) -> bytes:
        """Return the secret; refuse SEAL_BROKEN."""
        return unseal(self._key(), endpoint_id, "secret", sealed)

    def send(self, messages: Sequence[Event]) -> None:
        """Put messages into the outbox; those that are there already stay as they are."""
        rows = [dict(zip(INSERT.columns, event_row(message), strict=True)) for message in messages]
        if rows:
            self._connection.execute(insert_or_nothing(self._connection, outbox), rows)

    def _key(self) -> bytes:
        """Return the key that secrets are sealed with, made by whoever is first."""
        if self._ring_key is None:
            masters = self._masters()
            query = select(key_ring.c.wrapped).where(key_ring.c.name == RING_NAME)
            wrapped = self._connection.execute(query).scalar()
            if wrapped is None:
                row = {"name": RING_NAME, "wrapped": wrap(masters, new_key(), RING_NAME)}
                self._connection.execute(insert_or_nothing(self._connection, key_ring), row)
                wrapped = self._connection.execute(query).scalar_one()
            self._ring_key = unwrap(masters, wrapped, RING_NAME)
        return self._ring_key


def _application(row: Any) -> Application:
    return Application(
        id=row.id,
        party=row.party,
        institution=row.institution,
        region=row.region,
        product=row.product,
        status=row.status,
        wish=json.loads(row.wish),
        received_at=instant(row.received_at),
        number=row.number,
    )


def _endpoint_row(endpoint: Endpoint) -> dict[str, object]:
    return {
        "url": endpoint.url,
        "about": endpoint.about,
        "topics": " ".join(endpoint.topics),
        "institution": endpoint.institution,
        "region": endpoint.region,
        "secret": endpoint.secret,
        "created_by": endpoint.created_by,
        "created_at": micros(endpoint.created_at),
        "is_active": endpoint.is_active,
        "previous": endpoint.previous,
        "previous_ends_at": maybe_micros(endpoint.previous_ends_at),
    }


def _endpoint(row: Any) -> Endpoint:
    return Endpoint(
        id=row.id,
        url=row.url,
        about=row.about,
        topics=tuple(row.topics.split()),
        institution=row.institution,
        region=row.region,
        secret=row.secret,
        created_by=row.created_by,
        created_at=instant(row.created_at),
        is_active=bool(row.is_active),
        previous=row.previous,
        previous_ends_at=maybe_instant(row.previous_ends_at),
    )


class StoredOutbox:
    """The outbox as the API reads it: events of the books, messages to endpoints; `through`: how far it is settled."""

    def __init__(self, connection: Connection, through: Callable[[], int]) -> None:
        self._connection = connection
        self._through = through

    def feed(self, after: int, limit: int, *, subject: str = "") -> Sequence[Stored]:
        """Return events of the books beyond place `after`, the oldest first; none that another could still precede."""
        query = select(outbox).where(outbox.c.seq > after, outbox.c.topic != MESSAGE)
        if subject:
            query = query.where(outbox.c.subject == subject)
        query = query.where(outbox.c.seq <= self._through()).order_by(outbox.c.seq).limit(limit)
        return [stored(row) for row in self._connection.execute(query)]

    def messages(self, endpoint_id: str, after: int, limit: int) -> Sequence[Stored]:
        """Return messages to one endpoint beyond place `after`, the oldest first."""
        query = select(outbox).where(*_messages_to(endpoint_id), outbox.c.seq > after)
        return [stored(row) for row in self._connection.execute(query.order_by(outbox.c.seq).limit(limit))]

    def resend(self, endpoint_id: str, message_id: str, at: datetime) -> Stored:
        """Put a message that was delivered or given up on back in line; refuse EVENT_UNKNOWN."""
        done = outbox.c.delivered_at.is_not(None) | outbox.c.dead_at.is_not(None)
        again = {"delivered_at": None, "dead_at": None, "attempts": 0, "next_attempt_at": micros(at)}
        here = (*_messages_to(endpoint_id), outbox.c.id == message_id, done)
        row = self._connection.execute(update(outbox).where(*here).values(again).returning(outbox)).first()
        if row is None:
            raise EVENT_UNKNOWN.refuse("message", event=message_id)
        return stored(row)


class SettledOutbox:
    """How far the outbox can be read without missing an event whose writer has not committed yet. One for a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._mark: Mark | None = None
        self._through = 0

    def through(self) -> int:
        """Return the largest place that no event can appear at or before any more."""
        if self._database.sqlite:
            return _EVERYTHING  # one writer at a time: places appear in order
        with self._lock, self._database.connection() as connection:
            mark = self._mark or look(connection, "outbox")
            if is_settled(connection, mark):
                self._through, self._mark = max(self._through, mark.high), None
            else:
                self._mark = mark
            return self._through


def _messages_to(endpoint_id: str) -> tuple[Any, ...]:
    """Messages to one endpoint: their subjects begin with its id and a stroke, and `0` comes next after the stroke."""
    first, beyond = f"{endpoint_id}/", f"{endpoint_id}0"
    return outbox.c.topic == MESSAGE, outbox.c.subject >= first, outbox.c.subject < beyond
