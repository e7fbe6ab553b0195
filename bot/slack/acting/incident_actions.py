"""The buttons of an incident: take it on, keep it quiet, hand it over, say what it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.acting import escalating, noting, quieting
from bot.slack.acting.subjects import lasting
from bot.slack.blocks.buttons import (
    ACKNOWLEDGE,
    ESCALATE,
    MUTE,
    MUTES,
    RESOLVE_NOTE,
    MuteFor,
    mute_chosen,
)
from bot.slack.clicks import option_of, place_of, start, trigger_of, value_of, whisper_stale
from bot.slack.desk import Desk
from bot.slack.way.access import Deed
from bot.slack.way.posting import Place

Json = Mapping[str, Any]


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take the clicks on incidents."""

    async def on_acknowledge(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        place = place_of(body)
        await start(desk, place, "acknowledge", acknowledge(desk, value_of(action), place))

    async def on_mute(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        place = place_of(body)
        picked = mute_chosen(option_of(action))
        work = mute(desk, *picked, place) if picked else whisper_stale(desk, place)
        await start(desk, place, "mute", work)

    async def on_escalate(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        place = place_of(body)
        work = escalating.ask(desk, web, value_of(action), trigger_of(body), place)
        await start(desk, place, "ask to whom to hand over", work)

    async def on_note(ack: AsyncAck, body: Json, action: Json) -> None:
        await ack()
        place = place_of(body)
        work = noting.ask(desk, web, value_of(action), trigger_of(body), place)
        await start(desk, place, "ask for a note", work)

    app.action(ACKNOWLEDGE)(on_acknowledge)
    app.action(MUTE)(on_mute)
    app.action(ESCALATE)(on_escalate)
    app.action(RESOLVE_NOTE)(on_note)


async def acknowledge(desk: Desk, incident_id: str, place: Place) -> None:
    """Somebody has seen it and takes it on."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incidents = await lasting(desk, incident_id, place)
    if incidents:
        await quieting.acknowledge(desk, incidents, place)


async def mute(desk: Desk, word: MuteFor, incident_id: str, place: Place) -> None:
    """Keep it quiet for a while, or no longer."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incidents = await lasting(desk, incident_id, place)
    if not incidents:
        return
    about = {incident.target: incident.id for incident in incidents}
    if word is MuteFor.NO_MORE:
        await quieting.unmute_all(desk, about, place)
    else:
        await quieting.mute_all(desk, about, MUTES.get(word), place)
