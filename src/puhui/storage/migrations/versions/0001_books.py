"""The books: facts, loans, ledger, nights, idempotency, outbox, log."""

import sqlalchemy as sa
from alembic import op

from puhui.storage import triggers
from puhui.storage.metadata import Body, Bytes, Count, Day, Instant, Minor, Name, Number

revision = "0001"
down_revision = None

APPEND_ONLY = ("facts", "entries", "postings", "periods", "log_leaves", "checkpoints")


def upgrade() -> None:
    """Make the tables, then the triggers."""
    _facts()
    _loans()
    _ledger()
    _nights()
    _edge()
    _log()
    engine = op.get_context().dialect.name
    statements = triggers.functions(engine)
    for table in APPEND_ONLY:
        statements += triggers.append_only(engine, table)
    for statement in statements:
        op.execute(statement)
    op.execute("INSERT INTO progress (name, seq) VALUES ('rollups', 0)")
    op.execute("INSERT INTO log_state (id, size, frontier, settled_seq) VALUES (1, 0, '', 0)")


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("seq", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("sequence", Count, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("effective_on", Day, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("actor", Name, nullable=False),
        sa.Column("approved_by", Name, nullable=False),
        sa.Column("body", Body, nullable=False),
        sa.Column("personal", Body, nullable=False),
        sa.Column("leaf_hash", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_facts"),
        sa.UniqueConstraint("id", name="uq_facts_id"),
        sa.UniqueConstraint("subject", "sequence", name="uq_facts_subject_sequence"),
    )


def _loans() -> None:
    op.create_table(
        "loans",
        sa.Column("key", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("product", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("funder", Name, nullable=False),
        sa.Column("status", Name, nullable=False),
        sa.Column("position", Body, nullable=False),
        sa.Column("position_as_of", Day, nullable=False),
        sa.Column("booked_on", Day, nullable=False),
        sa.Column("sequence", Count, nullable=False),
        sa.Column("version", Count, nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_loans"),
        sa.UniqueConstraint("id", name="uq_loans_id"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_loans_dirty",
        "loans",
        ["key"],
        unique=False,
        postgresql_where=sa.text("dirty"),
        sqlite_where=sa.text("dirty"),
    )
    op.create_index("ix_loans_party", "loans", ["party", "key"], unique=False)
    op.create_table(
        "dues",
        sa.Column("loan_key", Number, autoincrement=False, nullable=False),
        sa.Column("n", Count, autoincrement=False, nullable=False),
        sa.Column("due_on", Day, nullable=False),
        sa.Column("principal_minor", Minor, nullable=False),
        sa.Column("interest_minor", Minor, nullable=False),
        sa.Column("fee_minor", Minor, nullable=False),
        sa.Column("next_due_on", Day, nullable=False),
        sa.Column("accrual_to", Day, nullable=False),
        sa.Column("accrual_minor", Minor, nullable=False),
        sa.PrimaryKeyConstraint("loan_key", "n", name="pk_dues"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dues_due_on", "dues", ["due_on"], unique=False)


def _ledger() -> None:
    op.create_table(
        "entries",
        sa.Column("seq", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("fact", Name, nullable=False),
        sa.Column("effective_on", Day, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("reverses", Name, nullable=False),
        sa.Column("memo", Body, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_entries"),
        sa.UniqueConstraint("id", name="uq_entries_id"),
    )
    op.create_index("ix_entries_effective_on", "entries", ["effective_on", "seq"], unique=False)
    op.create_index(
        "ix_entries_subject",
        "entries",
        ["subject", "seq"],
        unique=False,
        postgresql_where=sa.text("subject <> ''"),
        sqlite_where=sa.text("subject <> ''"),
    )
    op.create_index(
        "ix_entries_reverses",
        "entries",
        ["reverses"],
        unique=False,
        postgresql_where=sa.text("reverses <> ''"),
        sqlite_where=sa.text("reverses <> ''"),
    )
    op.create_table(
        "postings",
        sa.Column("entry", Number, autoincrement=False, nullable=False),
        sa.Column("n", Count, autoincrement=False, nullable=False),
        sa.Column("effective_on", Day, nullable=False),
        sa.Column("account", Name, nullable=False),
        sa.Column("currency", Name, nullable=False),
        sa.Column("amount_minor", Minor, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("product", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("funder", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.PrimaryKeyConstraint("entry", "n", name="pk_postings"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_postings_subject",
        "postings",
        ["subject", "entry"],
        unique=False,
        postgresql_where=sa.text("subject <> ''"),
        sqlite_where=sa.text("subject <> ''"),
    )
    op.create_table(
        "rollups",
        sa.Column("effective_on", Day, autoincrement=False, nullable=False),
        sa.Column("account", Name, nullable=False),
        sa.Column("currency", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("product", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("funder", Name, nullable=False),
        sa.Column("debit_minor", Minor, nullable=False),
        sa.Column("credit_minor", Minor, nullable=False),
        sa.PrimaryKeyConstraint(
            "effective_on", "account", "currency", "institution", "product", "region", "funder", name="pk_rollups"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "periods",
        sa.Column("closed_through", Day, autoincrement=False, nullable=False),
        sa.Column("closed_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("closed_through", name="pk_periods"),
    )


def _nights() -> None:
    op.create_table(
        "nights",
        sa.Column("step", Name, nullable=False),
        sa.Column("night_of", Day, autoincrement=False, nullable=False),
        sa.Column("done_at", Instant, nullable=False),
        sa.Column("result", Body, nullable=False),
        sa.PrimaryKeyConstraint("step", "night_of", name="pk_nights"),
    )
    op.create_table(
        "night_errors",
        sa.Column("night_of", Day, autoincrement=False, nullable=False),
        sa.Column("loan", Name, nullable=False),
        sa.Column("step", Name, nullable=False),
        sa.Column("problem", Body, nullable=False),
        sa.Column("noted_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("night_of", "loan", name="pk_night_errors"),
    )


def _edge() -> None:
    op.create_table(
        "idempotency",
        sa.Column("scope", Name, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("input_hash", Bytes, nullable=False),
        sa.Column("result", Body, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="pk_idempotency"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outbox",
        sa.Column("seq", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("topic", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("payload", Body, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("attempts", Count, nullable=False),
        sa.Column("next_attempt_at", Instant, nullable=False),
        sa.Column("delivered_at", Instant, nullable=True),
        sa.Column("dead_at", Instant, nullable=True),
        sa.Column("last_error", Body, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        sa.UniqueConstraint("id", name="uq_outbox_id"),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["subject", "seq"],
        unique=False,
        postgresql_where=sa.text("delivered_at IS NULL AND dead_at IS NULL"),
        sqlite_where=sa.text("delivered_at IS NULL AND dead_at IS NULL"),
    )


def _log() -> None:
    op.create_table(
        "log_leaves",
        sa.Column("leaf", Number, autoincrement=False, nullable=False),
        sa.Column("fact_seq", Number, nullable=False),
        sa.PrimaryKeyConstraint("leaf", name="pk_log_leaves"),
        sa.UniqueConstraint("fact_seq", name="uq_log_leaves_fact_seq"),
    )
    op.create_table(
        "checkpoints",
        sa.Column("seq", Number, sa.Identity(), nullable=False),
        sa.Column("size", Number, nullable=False),
        sa.Column("root", Bytes, nullable=False),
        sa.Column("note", Body, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_checkpoints"),
    )
    op.create_index("ix_checkpoints_size", "checkpoints", ["size"], unique=False)
    op.create_table(
        "log_state",
        sa.Column("id", Count, autoincrement=False, nullable=False),
        sa.Column("size", Number, nullable=False),
        sa.Column("frontier", Bytes, nullable=False),
        sa.Column("settled_seq", Number, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_log_state"),
    )
    op.create_table(
        "progress",
        sa.Column("name", Name, nullable=False),
        sa.Column("seq", Number, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_progress"),
    )
