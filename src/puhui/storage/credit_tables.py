"""The tables of credit: what sources told about a party, decisions with the parts they were made with, offers, and what
funders have lent."""

from sqlalchemy import Column, Index, Table

from puhui.storage.metadata import METADATA, Body, Bytes, Count, Day, Instant, Minor, Name, numbered

# Rows of these never change. What they seal opens with the party's own key, and with its erasure never again.
APPEND_ONLY = ("dossiers", "decisions", "kit_parts")

# sealed: the events that one source told at one time.
dossiers = Table(
    "dossiers",
    METADATA,
    numbered("number"),
    Column("party", Name, nullable=False),
    Column("source", Name, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("sealed", Bytes, nullable=False),
    Index("ix_dossiers_party", "party", "number"),
)

# sealed: the whole record, with inputs and feature values; the fact "decision" has its salted digest.
decisions = Table(
    "decisions",
    METADATA,
    numbered("number"),
    Column("id", Name, nullable=False, unique=True),
    Column("application", Name, nullable=False),
    Column("party", Name, nullable=False),
    Column("institution", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("outcome", Name, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("sealed", Bytes, nullable=False),
    Index("ix_decisions_application", "application", "number"),
)

# A cache of the facts "decision", "acceptance" and their like. agreement: the body of the loan that it would become.
offers = Table(
    "offers",
    METADATA,
    numbered("number"),
    Column("id", Name, nullable=False, unique=True),
    Column("decision", Name, nullable=False),
    Column("application", Name, nullable=False),
    Column("party", Name, nullable=False),
    Column("institution", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("status", Name, nullable=False),
    Column("expires_on", Day, nullable=False),
    Column("agreement", Body, nullable=False),
    Column("summary", Body, nullable=False),
    Column("loan", Name, nullable=False),
    Index("ix_offers_application", "application", "number"),
)

# A cache of the facts "acceptance": running sums of each funder's own share, of a day, in all, and by where it lies.
funder_uses = Table(
    "funder_uses",
    METADATA,
    Column("funder", Name, primary_key=True),
    Column("kind", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("amount_minor", Minor, nullable=False),
    Column("loans", Count, nullable=False),
    Index("ix_funder_uses_kind", "kind", "key"),
)

# The parts that decisions were made with, each once by the SHA-256 of its content: models, policies, products ...
kit_parts = Table(
    "kit_parts",
    METADATA,
    Column("hash", Name, primary_key=True),
    Column("name", Name, nullable=False),
    Column("content", Body, nullable=False),
)
