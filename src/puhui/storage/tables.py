"""The tables of the books: facts, loans, the ledger, nights, the log, and what goes out.

Plain SQLAlchemy Core. The migrations make them; a test holds the two against each other.
"""

from sqlalchemy import Boolean, Column, Index, Table, UniqueConstraint, text

from puhui.storage.metadata import METADATA, Body, Bytes, Count, Day, Instant, Minor, Name, Number, numbered

# Rows of these never change: triggers refuse UPDATE, DELETE and TRUNCATE.
APPEND_ONLY = ("facts", "entries", "postings", "periods", "log_leaves", "checkpoints")

PENDING = "delivered_at IS NULL AND dead_at IS NULL"

facts = Table(
    "facts",
    METADATA,
    numbered("seq"),
    Column("id", Name, nullable=False, unique=True),
    Column("subject", Name, nullable=False),
    Column("sequence", Count, nullable=False),
    Column("kind", Name, nullable=False),
    Column("effective_on", Day, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor", Name, nullable=False),
    Column("approved_by", Name, nullable=False),
    Column("body", Body, nullable=False),
    Column("personal", Body, nullable=False),
    # SHA-256(00 || leaf): fixed with the fact, so that an edit of any column shows.
    Column("leaf_hash", Bytes, nullable=False),
    UniqueConstraint("subject", "sequence"),
)

# A cache: each row follows from the loan's facts.
loans = Table(
    "loans",
    METADATA,
    numbered("key"),
    Column("id", Name, nullable=False, unique=True),
    Column("party", Name, nullable=False),
    Column("institution", Name, nullable=False),
    Column("product", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("funder", Name, nullable=False),
    Column("status", Name, nullable=False),
    Column("position", Body, nullable=False),
    Column("position_as_of", Day, nullable=False),
    Column("booked_on", Day, nullable=False),
    Column("sequence", Count, nullable=False),
    Column("version", Count, nullable=False),
    # Written since the night last read it.
    Column("dirty", Boolean, nullable=False),
    Index("ix_loans_party", "party", "key"),
    Index("ix_loans_dirty", "key", postgresql_where=text("dirty"), sqlite_where=text("dirty")),
    # Room on each page, so that an update finds its new row beside the old one.
    postgresql_with={"fillfactor": "70"},
)

# A cache of the plans, for the night: written anew when a loan's plan changes.
dues = Table(
    "dues",
    METADATA,
    Column("loan_key", Number, primary_key=True, autoincrement=False),
    Column("n", Count, primary_key=True, autoincrement=False),
    Column("due_on", Day, nullable=False),
    Column("principal_minor", Minor, nullable=False),
    Column("interest_minor", Minor, nullable=False),
    Column("fee_minor", Minor, nullable=False),
    Column("next_due_on", Day, nullable=False),
    Column("accrual_to", Day, nullable=False),
    Column("accrual_minor", Minor, nullable=False),
    Index("ix_dues_due_on", "due_on"),
    sqlite_with_rowid=False,
)

entries = Table(
    "entries",
    METADATA,
    numbered("seq"),
    Column("id", Name, nullable=False, unique=True),
    Column("kind", Name, nullable=False),
    Column("fact", Name, nullable=False),
    Column("effective_on", Day, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("reverses", Name, nullable=False),
    Column("memo", Body, nullable=False),
    # The loan of all its postings, "" where they have none or several.
    Column("subject", Name, nullable=False),
    Index("ix_entries_effective_on", "effective_on", "seq"),
    Index(
        "ix_entries_subject",
        "subject",
        "seq",
        postgresql_where=text("subject <> ''"),
        sqlite_where=text("subject <> ''"),
    ),
    Index(
        "ix_entries_reverses",
        "reverses",
        postgresql_where=text("reverses <> ''"),
        sqlite_where=text("reverses <> ''"),
    ),
)

postings = Table(
    "postings",
    METADATA,
    Column("entry", Number, primary_key=True, autoincrement=False),
    Column("n", Count, primary_key=True, autoincrement=False),
    Column("effective_on", Day, nullable=False),
    Column("account", Name, nullable=False),
    Column("currency", Name, nullable=False),
    Column("amount_minor", Minor, nullable=False),
    Column("institution", Name, nullable=False),
    Column("product", Name, nullable=False),
    Column("region", Name, nullable=False),
    Column("funder", Name, nullable=False),
    # Only where the postings of the entry are of several loans; else "", and the entry has it.
    Column("subject", Name, nullable=False),
    Index(
        "ix_postings_subject",
        "subject",
        "entry",
        postgresql_where=text("subject <> ''"),
        sqlite_where=text("subject <> ''"),
    ),
    sqlite_with_rowid=False,
)

# A cache: what the postings of entries up to progress "rollups" come to, by day.
rollups = Table(
    "rollups",
    METADATA,
    Column("effective_on", Day, primary_key=True, autoincrement=False),
    Column("account", Name, primary_key=True),
    Column("currency", Name, primary_key=True),
    Column("institution", Name, primary_key=True),
    Column("product", Name, primary_key=True),
    Column("region", Name, primary_key=True),
    Column("funder", Name, primary_key=True),
    Column("debit_minor", Minor, nullable=False),
    Column("credit_minor", Minor, nullable=False),
    sqlite_with_rowid=False,
)

periods = Table(
    "periods",
    METADATA,
    Column("closed_through", Day, primary_key=True, autoincrement=False),
    Column("closed_at", Instant, nullable=False),
)

nights = Table(
    "nights",
    METADATA,
    Column("step", Name, primary_key=True),
    Column("night_of", Day, primary_key=True, autoincrement=False),
    Column("done_at", Instant, nullable=False),
    Column("result", Body, nullable=False),
)

night_errors = Table(
    "night_errors",
    METADATA,
    Column("night_of", Day, primary_key=True, autoincrement=False),
    Column("loan", Name, primary_key=True),
    Column("step", Name, nullable=False),
    Column("problem", Body, nullable=False),
    Column("noted_at", Instant, nullable=False),
)

idempotency = Table(
    "idempotency",
    METADATA,
    Column("scope", Name, primary_key=True),
    Column("key", Name, primary_key=True),
    Column("input_hash", Bytes, nullable=False),
    Column("result", Body, nullable=False),
    Column("created_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

outbox = Table(
    "outbox",
    METADATA,
    numbered("seq"),
    Column("id", Name, nullable=False, unique=True),
    Column("topic", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("payload", Body, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Count, nullable=False),
    # Not before this instant; while a dispatcher works on it, until when it alone may.
    Column("next_attempt_at", Instant, nullable=False),
    Column("delivered_at", Instant),
    Column("dead_at", Instant),
    Column("last_error", Body, nullable=False),
    Index("ix_outbox_pending", "subject", "seq", postgresql_where=text(PENDING), sqlite_where=text(PENDING)),
    postgresql_with={"fillfactor": "70"},
)

log_leaves = Table(
    "log_leaves",
    METADATA,
    Column("leaf", Number, primary_key=True, autoincrement=False),
    Column("fact_seq", Number, nullable=False, unique=True),
)

checkpoints = Table(
    "checkpoints",
    METADATA,
    numbered("seq"),
    Column("size", Number, nullable=False),
    Column("root", Bytes, nullable=False),
    Column("note", Body, nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("ix_checkpoints_size", "size"),
)

# The right edge of the log (`proof.merkle.Frontier`): enough to append. settled_seq: facts up to it are all in the log.
log_state = Table(
    "log_state",
    METADATA,
    Column("id", Count, primary_key=True, autoincrement=False),
    Column("size", Number, nullable=False),
    Column("frontier", Bytes, nullable=False),
    Column("settled_seq", Number, nullable=False),
)

# How far a background job has come, by the number of the last row it took.
progress = Table(
    "progress",
    METADATA,
    Column("name", Name, primary_key=True),
    Column("seq", Number, nullable=False),
)
