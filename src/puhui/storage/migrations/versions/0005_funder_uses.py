"""What funders have lent: running sums, so that a decision need not add up loans."""

import sqlalchemy as sa
from alembic import op

from puhui.storage.metadata import Count, Minor, Name

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "funder_uses",
        sa.Column("funder", Name, nullable=False),
        sa.Column("kind", Name, nullable=False),
        sa.Column("key", Name, nullable=False),
        sa.Column("amount_minor", Minor, nullable=False),
        sa.Column("loans", Count, nullable=False),
        sa.PrimaryKeyConstraint("funder", "kind", "key", name="pk_funder_uses"),
    )
    op.create_index("ix_funder_uses_kind", "funder_uses", ["kind", "key"], unique=False)
