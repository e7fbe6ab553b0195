"""Which incidents a button is about."""

from __future__ import annotations

from collections.abc import Sequence

from bot.incidents import Incident
from bot.slack.acting import deeds
from bot.slack.clicks import whisper_stale
from bot.slack.desk import Desk
from bot.slack.way.posting import Place
from bot.store import StoreError


async def incident_of(desk: Desk, incident_id: str, place: Place) -> Incident | None:
    """The incident of a button; if it is gone, the person has been told."""
    try:
        incident = await desk.store.incident(incident_id)
    except StoreError as error:
        await deeds.not_done(desk, place, error)
        return None
    if incident is None:
        await whisper_stale(desk, place)
    return incident


async def lasting(desk: Desk, incident_id: str, place: Place) -> Sequence[Incident]:
    """What lasts of the message that a button stands on: a storm is taken on as one.

    Empty where nothing does; the person has been told.
    """
    try:
        together = await desk.store.companions(incident_id)
    except StoreError as error:
        await deeds.not_done(desk, place, error)
        return ()
    found = [incident for incident in together if incident.closed_at is None]
    if not together:
        await whisper_stale(desk, place)
    elif not found:
        await deeds.over(desk, together[-1].target, place)
    return found
