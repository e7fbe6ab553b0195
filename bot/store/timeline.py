"""What became of an incident, step by step, and which others share its message."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model import State, Transition, TransitionKind
from bot.store import rows
from bot.store.schema import incidents, members, transitions


async def transitions_of(connection: AsyncConnection, incident_id: str) -> list[Transition]:
    """Its changes of state in order, without their reports."""
    query = (
        select(transitions, incidents.c.target)
        .join(incidents, incidents.c.id == transitions.c.incident_id)
        .where(transitions.c.incident_id == incident_id)
        .order_by(transitions.c.at, transitions.c.id)
    )
    return [
        Transition(
            kind=TransitionKind(row.kind),
            target=row.target,
            incident_id=row.incident_id,
            at=row.at,
            before=State(row.before),
            after=State(row.after),
            cause=rows.cause(row),
            report=None,
        )
        for row in await connection.execute(query)
    ]


async def companions_of(connection: AsyncConnection, incident_id: str) -> list[str]:
    """The incidents that share a message with this one, itself among them; at least itself."""
    own, other = members.alias(), members.alias()
    query = (
        select(other.c.incident_id)
        .join(own, (own.c.group_id == other.c.group_id) & (own.c.channel == other.c.channel))
        .where(own.c.incident_id == incident_id)
        .order_by(other.c.number)
    )
    found = list(dict.fromkeys(await connection.scalars(query)))
    return found or [incident_id]
