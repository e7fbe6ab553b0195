"""*Resolve note*: what it was and what helped, in the words of whoever knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Act, ActKind
from bot.slack import forms
from bot.slack.acting import deeds
from bot.slack.acting.subjects import incident_of
from bot.slack.blocks.acts import noted
from bot.slack.blocks.forms import FIELD, NOTE, WORDS_BLOCK, WORDS_LENGTH, note_form
from bot.slack.clicks import start
from bot.slack.desk import Desk
from bot.slack.way.access import Deed
from bot.slack.way.posting import Place


def register(app: AsyncApp, desk: Desk) -> None:
    """Let `app` take the note."""

    async def on_note(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        asked = forms.asked(body)
        words = str(forms.answer(body, WORDS_BLOCK, FIELD).get("value") or "")[:WORDS_LENGTH]
        work = keep(desk, asked.id("incident"), words, asked.place)
        await start(desk, asked.place, "keep a note", work)

    app.view(NOTE)(on_note)


async def ask(
    desk: Desk, web: AsyncWebClient, incident_id: str, trigger_id: str, place: Place
) -> None:
    """Open the modal (within 3 s of the click)."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await incident_of(desk, incident_id, place)
    if incident is None:
        return
    view = note_form(forms.metadata(place, incident=incident.id), desk.reader(place).lang)
    await forms.show(desk, web, view, trigger_id, place)


async def keep(desk: Desk, incident_id: str, words: str, place: Place) -> None:
    """Keep the note with its incident, and tell it in the thread."""
    if not words.strip() or not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await incident_of(desk, incident_id, place)
    if incident is None:
        return
    act = Act(
        ActKind.NOTED, incident.target, place.user, desk.now(), incident.id, note=words.strip()
    )
    await deeds.do(desk, [act], place, lambda lang: noted(act, lang))
