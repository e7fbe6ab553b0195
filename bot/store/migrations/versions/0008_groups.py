"""Incidents that share a message, what has begun to be sent, and who delivers."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead from the previous revision to this one. There is no way back: keep a copy."""
    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("ts", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", "channel", name=op.f("pk_groups")),
    )
    op.create_table(
        "members",
        sa.Column("incident_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("group_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incidents.id"],
            name=op.f("fk_members_incident_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("incident_id", "channel", name=op.f("pk_members")),
    )
    op.create_index("ix_members_group_id_channel", "members", ["group_id", "channel"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("beat", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.add_column("incidents", sa.Column("places", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("deliveries", sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True))
    # Each message was that of one incident.
    op.execute("INSERT INTO groups (id, channel, ts) SELECT incident_id, channel, ts FROM messages")
    op.execute(
        "INSERT INTO members (incident_id, channel, group_id, number)"
        " SELECT incident_id, channel, incident_id, 1 FROM messages"
    )
    op.drop_table("messages")
    # What waited may have been sent without being marked.
    op.execute("UPDATE deliveries SET begun_at = at WHERE done_at IS NULL")
    op.execute(
        "INSERT INTO groups (id, channel, ts) SELECT DISTINCT d.incident_id, d.channel, NULL"
        " FROM deliveries d WHERE d.done_at IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM groups g WHERE g.id = d.incident_id AND g.channel = d.channel)"
    )
    op.execute(
        "INSERT INTO members (incident_id, channel, group_id, number)"
        " SELECT g.id, g.channel, g.id, 1 FROM groups g WHERE NOT EXISTS"
        " (SELECT 1 FROM members m WHERE m.incident_id = g.id AND m.channel = g.channel)"
    )
