"""Held connections and samples."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lead from the previous revision to this one. There is no way back: keep a copy."""
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("age_s", sa.Float(), nullable=False),
        sa.Column("transport", sa.String(length=16), nullable=False),
        sa.Column("ending", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("idle_s", sa.Float(), nullable=True),
        sa.Column("keep_alives", sa.Integer(), nullable=False),
        sa.Column("connect_ms", sa.Float(), nullable=True),
        sa.Column("failed_before", sa.Integer(), nullable=False),
        sa.Column("failure_before", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_ended_at"), "sessions", ["ended_at"], unique=False)
    op.create_index("ix_sessions_target_ended_at", "sessions", ["target", "ended_at"], unique=False)
    op.create_table(
        "samples",
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("span_s", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("rtt_ms", sa.Float(), nullable=True),
        sa.Column("worst_ms", sa.Float(), nullable=True),
        sa.Column("connect_ms", sa.Float(), nullable=True),
        sa.Column("health_ms", sa.Float(), nullable=True),
        sa.Column("lag_ms", sa.Float(), nullable=False),
        sa.Column("websocket_s", sa.Float(), nullable=False),
        sa.Column("polling_s", sa.Float(), nullable=False),
        sa.Column("up_s", sa.Float(), nullable=False),
        sa.Column("degraded_s", sa.Float(), nullable=False),
        sa.Column("down_s", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("target", "span_s", "at", name=op.f("pk_samples")),
    )
    op.create_index("ix_samples_span_s_at", "samples", ["span_s", "at"], unique=False)
