"""Which incidents a button is about."""

from __future__ import annotations

from bot.incidents import Incident
from bot.slack import acting
from bot.slack.clicks import whisper_stale
from bot.slack.desk import Desk
from bot.slack.posting import Place
from bot.store import StoreError


async def incident_of(desk: Desk, incident_id: str, place: Place) -> Incident | None:
    """The incident of a button; if it is gone, the person has been told."""
    try:
        incident = await desk.store.incident(incident_id)
    except StoreError as error:
        await acting.not_done(desk, place, error)
        return None
    if incident is None:
        await whisper_stale(desk, place)
    return incident


async def lasting_incident(desk: Desk, incident_id: str, place: Place) -> Incident | None:
    """The same, of one that is not over; if it is, the person has been told."""
    incident = await incident_of(desk, incident_id, place)
    if incident is None or incident.closed_at is None:
        return incident
    await acting.over(desk, incident, place)
    return None
