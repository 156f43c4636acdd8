"""Credit: dossiers, decisions, offers."""

import sqlalchemy as sa
from alembic import op

from puhui.storage import triggers
from puhui.storage.metadata import Body, Bytes, Day, Instant, Name, Number

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables, then the triggers."""
    _dossiers()
    _decisions()
    _offers()
    for table in ("dossiers", "decisions"):
        for statement in triggers.append_only(op.get_bind().dialect.name, table):
            op.execute(statement)


def _dossiers() -> None:
    op.create_table(
        "dossiers",
        sa.Column("number", Number, sa.Identity(), nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("source", Name, nullable=False),
        sa.Column("received_at", Instant, nullable=False),
        sa.Column("sealed", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_dossiers"),
    )
    op.create_index("ix_dossiers_party", "dossiers", ["party", "number"], unique=False)


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("number", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("application", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("outcome", Name, nullable=False),
        sa.Column("decided_at", Instant, nullable=False),
        sa.Column("sealed", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_decisions"),
        sa.UniqueConstraint("id", name="uq_decisions_id"),
    )
    op.create_index("ix_decisions_application", "decisions", ["application", "number"], unique=False)


def _offers() -> None:
    op.create_table(
        "offers",
        sa.Column("number", Number, sa.Identity(), nullable=False),
        sa.Column("id", Name, nullable=False),
        sa.Column("decision", Name, nullable=False),
        sa.Column("application", Name, nullable=False),
        sa.Column("party", Name, nullable=False),
        sa.Column("institution", Name, nullable=False),
        sa.Column("region", Name, nullable=False),
        sa.Column("status", Name, nullable=False),
        sa.Column("expires_on", Day, nullable=False),
        sa.Column("agreement", Body, nullable=False),
        sa.Column("summary", Body, nullable=False),
        sa.Column("loan", Name, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_offers"),
        sa.UniqueConstraint("id", name="uq_offers_id"),
    )
    op.create_index("ix_offers_application", "offers", ["application", "number"], unique=False)
