"""*Share to a channel*: a report, or an incident's, where other people see it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.incidents import Incident
from bot.model import Act, ActKind, Report, say
from bot.slack import forms
from bot.slack.acting import deeds
from bot.slack.acting.subjects import incident_of
from bot.slack.blocks.acts import shared
from bot.slack.blocks.forms import (
    FIELD,
    SHARE,
    WHERE_BLOCK,
    WORDS_BLOCK,
    WORDS_LENGTH,
    share_form,
)
from bot.slack.blocks.shared import shared_report
from bot.slack.clicks import admitted_report, report_of, start
from bot.slack.desk import Desk
from bot.slack.way.access import Deed
from bot.slack.way.channels import CHANNEL_ID
from bot.slack.way.client import REACHING
from bot.slack.way.errors import Trouble, understand
from bot.slack.way.posting import Place
from bot.store import StoreError


def register(app: AsyncApp, desk: Desk) -> None:
    """Let `app` take the choice of a channel."""

    async def on_share(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        asked = forms.asked(body)
        where = forms.answer(body, WHERE_BLOCK, FIELD).get("selected_conversation")
        words = str(forms.answer(body, WORDS_BLOCK, FIELD).get("value") or "")[:WORDS_LENGTH]
        work = share(desk, asked, str(where or ""), words)
        await start(desk, asked.place, "share a report", work)

    app.view(SHARE)(on_share)


async def ask(
    desk: Desk, web: AsyncWebClient, report_id: str, trigger_id: str, place: Place
) -> None:
    """Ask where to share a report (within 3 s of the click)."""
    report = await admitted_report(desk, report_id, place)
    if report is not None:
        await _show(desk, web, report.target_name, trigger_id, place, report=report_id)


async def ask_of_incident(
    desk: Desk, web: AsyncWebClient, incident_id: str, trigger_id: str, place: Place
) -> None:
    """Ask where to share an incident."""
    if not await desk.admitted(Deed.CHECK, place):
        return
    incident = await incident_of(desk, incident_id, place)
    if incident is not None:
        await _show(desk, web, incident.target, trigger_id, place, incident=incident.id)


async def _show(
    desk: Desk, web: AsyncWebClient, target: str, trigger_id: str, place: Place, **about: str
) -> None:
    configured = desk.targets[target].channel if target in desk.targets else None
    likely = configured if configured and CHANNEL_ID.fullmatch(configured) else None
    if likely == place.channel:
        likely = None  # it is there already
    view = share_form(forms.metadata(place, **about), likely, desk.reader(place).lang)
    await forms.show(desk, web, view, trigger_id, place)


async def share(desk: Desk, asked: forms.Asked, channel: str, words: str) -> None:
    """Post it there, record it, and say so in the thread of the incident if it is of one."""
    place = asked.place
    if not channel or not await desk.admitted(Deed.CHECK, place):
        return
    found = await _subject(desk, asked)
    if found is None:
        return
    report, report_id, incident = found
    reader = desk.reader(Place(channel=channel, user=place.user))
    post = shared_report(report, report_id, place.user, words, reader)
    try:
        await desk.channels.post(channel, post)
    except REACHING as error:
        trouble = understand(error)
        if trouble.kind is Trouble.CHANNEL:
            problem = say("I cannot post there ({code}).", code=trouble.code)
            hint = say("Invite me to that channel with /invite, then share it again.")
            await deeds.answer(desk, place, problem, hint)
        else:
            problem = say("Slack did not take it ({code}).", code=trouble.code)
            await deeds.answer(desk, place, problem, say("Try again in a minute."))
        return
    act = Act(
        ActKind.SHARED,
        report.target_name,
        place.user,
        desk.now(),
        incident.id if incident else None,
        note=channel,
    )
    try:
        await desk.store.acts.add(act)
    except StoreError as error:
        await deeds.not_done(desk, place, error)
        return
    link = f"<#{channel}>"
    if incident is None:
        await desk.poster.whisper(place, shared(act, link, desk.reader(place).lang))
    else:
        await deeds.tell(desk, [act], place, lambda lang: shared(act, link, lang))


async def _subject(
    desk: Desk, asked: forms.Asked
) -> tuple[Report, str | None, Incident | None] | None:
    """What is shared: a report, the id for its buttons, and the incident it is of."""
    report_id = asked.id("report")
    if report_id:
        report = await report_of(desk, report_id, asked.place)
        return (report, report_id, None) if report is not None else None
    incident = await incident_of(desk, asked.id("incident"), asked.place)
    if incident is None:
        return None
    if incident.report is None:
        words = say("The report of this incident is not kept any more.")
        await deeds.answer(desk, asked.place, words)
        return None
    try:
        return incident.report, await desk.store.save_report(incident.report), incident
    except StoreError as error:
        await deeds.not_done(desk, asked.place, error)
        return None
