"""The tables. Portable between SQLite and PostgreSQL: no dialect's own types.

A change here needs a revision in `migrations/versions`; a test compares the two. Text that only
Python looks into (reports) is JSON in a Text column.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone, so it is taken off on the way in and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone: it would mean another time on another machine."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        """Give back what was put in."""
        if value is None:
            return None
        moment: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.astimezone(UTC)


# Names of constraints are fixed so that a later revision can address them on either database.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts only INTEGER PRIMARY KEY up by itself.
BIG_ID = BigInteger().with_variant(Integer, "sqlite")

reports = Table(
    "reports",
    metadata,
    Column("id", String(32), primary_key=True),  # opaque: buttons carry it
    Column("target", Text, nullable=False),
    Column("saved_at", Moment, nullable=False, index=True),
    Column("body", Text, nullable=False),  # bot.record's JSON
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("target", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("opened_at", Moment, nullable=False, index=True),
    Column("closed_at", Moment),
    Column("state", String(16), nullable=False),
    Column("cause_code", Text),
    Column("cause_layer", String(16)),
    Column("cause_section", String(16)),
    Column("cause_confidence", String(16)),
    Column("report_id", ForeignKey("reports.id", ondelete="SET NULL"), index=True),
    Column("places", Text, nullable=False, server_default="[]"),  # what it may share with others
    UniqueConstraint("target", "number"),
    # Two processes, two bugs: the database itself never holds two open incidents of a target.
    Index(
        "uq_incidents_open",
        "target",
        unique=True,
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

targets = Table(
    "targets",
    metadata,
    Column("target", Text, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("since", Moment),
    Column("seen_at", Moment),
    Column("incident_id", ForeignKey("incidents.id", ondelete="SET NULL")),
    Column("incidents", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("outages", Text, nullable=False, server_default="[]"),  # ISO 8601, what flaps goes by
    Column("flapping_state", String(16)),  # while its incident is flapping: up, degraded or down
    Column("flapping_since", Moment),
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", BIG_ID, primary_key=True),
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("before", String(16), nullable=False),
    Column("after", String(16), nullable=False),
    Column("cause_code", Text),
    Column("cause_layer", String(16)),
    Column("cause_section", String(16)),
    Column("cause_confidence", String(16)),
    Column("report_id", ForeignKey("reports.id", ondelete="SET NULL"), index=True),
    Index("ix_transitions_incident_id", "incident_id"),
    # Opened once, closed once.
    Index(
        "uq_transitions_once",
        "incident_id",
        "kind",
        unique=True,
        sqlite_where=text("kind IN ('opened', 'closed')"),
        postgresql_where=text("kind IN ('opened', 'closed')"),
    ),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BIG_ID, primary_key=True),  # the order of a channel
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("report_id", ForeignKey("reports.id", ondelete="SET NULL"), index=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Moment),
    Column("error", Text),
    Column("begun_at", Moment),  # somebody began to send it: Slack may have it
    Column("done_at", Moment),  # NULL: still to be delivered
    Column("outcome", String(16)),  # delivered | superseded | quiet
    Index("ix_deliveries_incident_id", "incident_id"),
    Index(
        "ix_deliveries_pending",
        "channel",
        "id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    sqlite_autoincrement=True,  # an id is never given twice, or the order would lie
)

groups = Table(  # incidents that share a message in a channel
    "groups",
    metadata,
    Column("id", String(32), primary_key=True),  # of the incident it began with
    Column("channel", Text, primary_key=True),
    Column("ts", Text),  # Slack's name for the message; NULL: not there as far as we know
)

members = Table(  # which message shows an incident in a channel
    "members",
    metadata,
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("group_id", String(32), nullable=False),
    Column("number", Integer, nullable=False),  # the order within the group
    Index("ix_members_group_id_channel", "group_id", "channel"),
)

leases = Table(  # who does what only one process may do
    "leases",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("holder", Text, nullable=False),  # "" when nobody does
    Column("beat", Integer, nullable=False),  # counts up while the holder lives
)

feedback = Table(  # what people said of a verdict; it outlives the report that it is about
    "feedback",
    metadata,
    Column("id", BIG_ID, primary_key=True),
    Column("report_id", String(32), nullable=False),
    Column("person", Text, nullable=False),  # Slack's id
    Column("at", Moment, nullable=False),
    Column("named", Text, nullable=False),  # the code that the verdict named
    Column("answer", Text, nullable=False),  # a code, or a word of store.feedback
    Column("note", Text, nullable=False),
    Column("body", Text, nullable=False),  # bot.record's file
    UniqueConstraint("report_id", "person"),  # who answers again has changed their mind
    sqlite_autoincrement=True,
)

acts = Table(  # what was done about incidents and targets
    "acts",
    metadata,
    Column("id", BIG_ID, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("target", Text, nullable=False),
    Column("person", Text),  # Slack's id; NULL: the bot
    Column("at", Moment, nullable=False),
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), index=True),
    Column("until", Moment),
    Column("note", Text, nullable=False),
    Index("ix_acts_target_id", "target", "id"),
    sqlite_autoincrement=True,
)

good_reports = Table(  # the last good one of each target
    "good_reports",
    metadata,
    Column("target", Text, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("body", Text, nullable=False),  # bot.record's JSON
)

unfinished = Table(  # messages that show the progress of a check
    "unfinished",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("ts", Text, primary_key=True),  # Slack's name for the message
    Column("target", Text, nullable=False),
    Column("lang", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)

calls = Table(  # what webhooks are told
    "calls",
    metadata,
    Column("id", BIG_ID, primary_key=True),  # the order of a feed
    Column("event_id", String(32), nullable=False),
    Column("feed", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("incident_id", ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(16), nullable=False),
    Column("before", String(16)),
    Column("cause_code", Text),
    Column("cause_layer", String(16)),
    Column("cause_section", String(16)),
    Column("cause_confidence", String(16)),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("retry_at", Moment),
    Column("error", Text),
    Column("done_at", Moment),  # NULL: still to be told
    Column("outcome", String(16)),  # delivered | refused | expired | unwanted
    Index("ix_calls_incident_id", "incident_id"),
    Index(
        "ix_calls_pending",
        "feed",
        "id",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
    sqlite_autoincrement=True,
)

notices = Table(  # what the bot says of itself
    "notices",
    metadata,
    Column("id", BIG_ID, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Column("since", Moment),
    Column("detail", Text, nullable=False),
    Column("done_at", Moment),  # NULL: still to be told
    sqlite_autoincrement=True,
)

life = Table(  # one row: when the bot was last seen alive
    "life",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seen_at", Moment, nullable=False),
)

sessions = Table(  # held connections that have ended
    "sessions",
    metadata,
    Column("id", BIG_ID, primary_key=True),
    Column("target", Text, nullable=False),
    Column("ended_at", Moment, nullable=False, index=True),
    Column("age_s", Float, nullable=False),
    Column("transport", String(16), nullable=False),
    Column("ending", String(16), nullable=False),
    Column("reason", String(32)),
    Column("code", Integer),
    Column("idle_s", Float),
    Column("keep_alives", Integer, nullable=False),
    Column("connect_ms", Float),
    Column("failed_before", Integer, nullable=False),
    Column("failure_before", String(32)),
    Index("ix_sessions_target_ended_at", "target", "ended_at"),
)

samples = Table(  # of one minute, of five, of an hour: the longer, the longer kept
    "samples",
    metadata,
    Column("target", Text, primary_key=True),
    Column("span_s", Integer, primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("rtt_ms", Float),
    Column("worst_ms", Float),
    Column("connect_ms", Float),
    Column("health_ms", Float),
    Column("lag_ms", Float, nullable=False),
    Column("websocket_s", Float, nullable=False),
    Column("polling_s", Float, nullable=False),
    Column("up_s", Float, nullable=False),
    Column("degraded_s", Float, nullable=False),
    Column("down_s", Float, nullable=False),
    Index("ix_samples_span_s_at", "span_s", "at"),
)

people = Table(  # what people set for themselves
    "people",
    metadata,
    Column("person", Text, primary_key=True),  # Slack's id
    Column("lang", String(8)),  # NULL: as the locale has it
    Column("locale", String(16)),  # Slack's, as last seen
    Column("at", Moment, nullable=False),
)

follows = Table(  # who is told of which target by direct message
    "follows",
    metadata,
    Column("person", Text, primary_key=True),
    Column("target", Text, primary_key=True),
    Index("ix_follows_target", "target"),
)

digests = Table(  # the latest week of each channel that has a digest
    "digests",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("due_at", Moment, primary_key=True),
    Column("begun_at", Moment),  # Slack may have it
    Column("done_at", Moment),  # NULL: still to be told
)
