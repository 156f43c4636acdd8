"""The tables of the desk: parties, applications, and the webhooks that are told of what happens."""

from sqlalchemy import Boolean, Column, Index, Table, text

from puhui.storage.metadata import METADATA, Body, Bytes, Instant, Name, numbered
from puhui.storage.tables import outbox

MESSAGES = "topic = 'webhook.message'"

# A cache of the facts "party": where each was taken up.
parties = Table(
    "parties",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("kind", Name, nullable=False),
    Column("institution", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
)

# A cache of the facts "application".
applications = Table(
    "applications",
    METADATA,
    numbered("number"),
    Column("id", Name, nullable=False, unique=True),
    Column("party", Name, nullable=False),
    Column("institution", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("product", Name, nullable=False),
    Column("status", Name, nullable=False),
    Column("wish", Body, nullable=False),
    Column("received_at", Instant, nullable=False),
    Index("ix_applications_party", "party", "number"),
)

# `secret`, `previous`: sealed with the ring's key "webhooks".
webhook_endpoints = Table(
    "webhook_endpoints",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("url", Body, nullable=False),
    Column("about", Body, nullable=False),
    Column("topics", Body, nullable=False),
    Column("institution", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("secret", Bytes, nullable=False),
    Column("created_by", Name, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("previous", Bytes, nullable=False),
    Column("previous_ends_at", Instant),
)

# The messages to one endpoint, in order.
Index(
    "ix_outbox_messages",
    outbox.c.subject,
    outbox.c.seq,
    postgresql_where=text(MESSAGES),
    sqlite_where=text(MESSAGES),
)
