"""People: accounts, sessions, keys, approvals, personal data under seal and the log of who read it."""

import sqlalchemy as sa
from alembic import op

from puhui.storage import triggers
from puhui.storage.metadata import Body, Bytes, Count, Instant, Name, Number

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, then the triggers."""
    _accounts()
    _sessions()
    _keys()
    _approvals()
    _personal()
    for statement in triggers.append_only(op.get_bind().dialect.name, "personal_reads"):
        op.execute(statement)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", Name, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("grants", Body, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("password", Body, nullable=False),
        sa.Column("outside", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("disabled_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
    )
    for column, where in (("name", "outside = ''"), ("outside", "outside <> ''")):
        op.create_index(
            f"ix_accounts_{column}",
            "accounts",
            [column],
            unique=True,
            postgresql_where=sa.text(where),
            sqlite_where=sa.text(where),
        )
    op.create_table(
        "sign_in_attempts",
        sa.Column("name_digest", Bytes, nullable=False),
        sa.Column("attempts", Count, nullable=False),
        sa.Column("last_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("name_digest", name="pk_sign_in_attempts"),
    )
    op.create_index("ix_sign_in_attempts_last_at", "sign_in_attempts", ["last_at"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("account", Name, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account", "sessions", ["account"], unique=False)
    op.create_index("ix_sessions_created_at", "sessions", ["created_at"], unique=False)
    op.create_table(
        "sign_ins_abroad",
        sa.Column("state", Bytes, nullable=False),
        sa.Column("nonce", Body, nullable=False),
        sa.Column("verifier", Body, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("state", name="pk_sign_ins_abroad"),
    )


def _keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", Name, nullable=False),
        sa.Column("prefix", Name, nullable=False),
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("about", Body, nullable=False),
        sa.Column("grants", Body, nullable=False),
        sa.Column("scopes", Body, nullable=False),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.Column("made_by", Name, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=True),
        sa.Column("party", Name, nullable=False),
        sa.Column("revoked_at", Instant, nullable=True),
        sa.Column("used_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.UniqueConstraint("prefix", name="uq_api_keys_prefix"),
    )


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("id", Name, nullable=False),
        sa.Column("action", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("partner", Name, nullable=False),
        sa.Column("input", Body, nullable=False),
        sa.Column("input_digest", Bytes, nullable=False),
        sa.Column("asked_by", Name, nullable=False),
        sa.Column("asker", Name, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("state", Name, nullable=False),
        sa.Column("decided_by", Name, nullable=False),
        sa.Column("decided_at", Instant, nullable=True),
        sa.Column("used_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_approvals"),
    )
    op.create_index("ix_approvals_state", "approvals", ["state", "asked_at"], unique=False)


def _personal() -> None:
    op.create_table(
        "key_ring",
        sa.Column("name", Name, nullable=False),
        sa.Column("wrapped", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_key_ring"),
    )
    op.create_table(
        "person_keys",
        sa.Column("party", Name, nullable=False),
        sa.Column("wrapped", Bytes, nullable=True),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("erased_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("party", name="pk_person_keys"),
    )
    op.create_table(
        "personal_fields",
        sa.Column("party", Name, nullable=False),
        sa.Column("field", Name, nullable=False),
        sa.Column("version", Count, autoincrement=False, nullable=False),
        sa.Column("sealed", Bytes, nullable=False),
        sa.Column("salt", Bytes, nullable=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("party", "field", "version", name="pk_personal_fields"),
    )
    op.create_table(
        "personal_index",
        sa.Column("party", Name, nullable=False),
        sa.Column("field", Name, nullable=False),
        sa.Column("digest", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("party", "field", name="pk_personal_index"),
    )
    op.create_index("ix_personal_index_digest", "personal_index", ["field", "digest"], unique=False)
    op.create_table(
        "personal_reads",
        sa.Column("seq", Number, sa.Identity(), nullable=False),
        sa.Column("read_at", Instant, nullable=False),
        sa.Column("actor", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("fields", Body, nullable=False),
        sa.Column("purpose", Name, nullable=False),
        sa.Column("request_id", Name, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_personal_reads"),
    )
    op.create_index("ix_personal_reads_party", "personal_reads", ["party", "seq"], unique=False)
