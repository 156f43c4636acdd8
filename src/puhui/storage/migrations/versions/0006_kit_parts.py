"""The parts that decisions were made with, by hash."""

import sqlalchemy as sa
from alembic import op

from puhui.storage import triggers
from puhui.storage.metadata import Body, Name

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table, then its triggers."""
    op.create_table(
        "kit_parts",
        sa.Column("hash", Name, nullable=False),
        sa.Column("name", Name, nullable=False),
        sa.Column("content", Body, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_kit_parts"),
    )
    for statement in triggers.append_only(op.get_bind().dialect.name, "kit_parts"):
        op.execute(statement)
