"""The desk: parties, applications, webhooks."""

import sqlalchemy as sa
from alembic import op

from puhui.storage.metadata import Body, Bytes, Instant, Name, Number

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables, and the index of messages in the outbox."""
    op.create_table(
        "parties",
        sa.Column("id", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parties"),
    )
    _applications()
    _webhooks()


def _applications() -> None:
    op.create_table(
        "applications",
        sa.Column("number", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("product", Name, nullable=False),
        sa.Column("status", Name, nullable=False),
        sa.Column("wish", Body, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_applications"),
        sa.UniqueConstraint("id", name="uq_applications_id"),
    )
    op.create_index("ix_applications_party", "applications", ["party", "number"], unique=False)


def _webhooks() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", Name, nullable=False),
        sa.Column("url", Body, nullable=False),
        sa.Column("about", Body, nullable=False),
        sa.Column("topics", Body, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("secret", Bytes, nullable=False),
        sa.Column("created_by", Name, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("previous", Bytes, nullable=False),
        sa.Column("previous_ends_at", Instant, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_endpoints"),
    )
    where = "topic = 'webhook.message'"
    op.create_index(
        "ix_outbox_messages",
        "outbox",
        ["subject", "seq"],
        unique=False,
        postgresql_where=sa.text(where),
        sqlite_where=sa.text(where),
    )
