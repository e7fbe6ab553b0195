"""What a flapping target goes by: its latest outages, and what it does at present."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead from the previous revision to this one. There is no way back: keep a copy."""
    with op.batch_alter_table("targets") as table:
        table.add_column(sa.Column("outages", sa.Text(), nullable=False, server_default="[]"))
        table.add_column(sa.Column("flapping_state", sa.String(length=16), nullable=True))
        table.add_column(sa.Column("flapping_since", sa.DateTime(timezone=True), nullable=True))
