"""*Escalate*: an incident is handed over to people who can do more about it.

Guide section 7: diagnostics first, then the logs, then the developers with the logs. What goes
along is the report, the timeline and the connection log, with every secret masked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.incidents import Incident
from bot.locales import translate
from bot.model import Act, ActKind, Target, say
from bot.net.hidden import masked
from bot.record import scrubbed, target_of
from bot.slack import forms
from bot.slack.acting import deeds
from bot.slack.acting.handover import Case, document, file_name, report_file
from bot.slack.acting.subjects import lasting
from bot.slack.blocks.acts import handed_over
from bot.slack.blocks.forms import FIELD, WHERE_BLOCK, WORDS_BLOCK, WORDS_LENGTH
from bot.slack.blocks.handover import HAND_OVER, hand_over_form, handed, log_instead
from bot.slack.blocks.timeline import timeline
from bot.slack.clicks import start
from bot.slack.desk import Desk
from bot.slack.way.access import Deed
from bot.slack.way.channels import CHANNEL_ID
from bot.slack.way.client import REACHING
from bot.slack.way.errors import SlackTrouble, Trouble, understand
from bot.slack.way.posting import Place
from bot.slack.way.uploads import Upload, refusal
from bot.store import StoreError

_A_MOMENT: Final = timedelta(seconds=30)  # what comes within it is the same deed, done twice
_CASES: Final = 10  # of a storm, that are told in full
_CALL_S: Final = 20.0

_log = logging.getLogger("wsdiag.slack")


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` take the modal's answer."""

    async def on_answer(ack: AsyncAck, body: Mapping[str, Any]) -> None:
        await ack()
        asked = forms.asked(body)
        where = forms.answer(body, WHERE_BLOCK, FIELD).get("selected_conversation")
        words = str(forms.answer(body, WORDS_BLOCK, FIELD).get("value") or "")[:WORDS_LENGTH]
        work = hand_over(desk, web, asked, str(where or ""), words)
        await start(desk, asked.place, "hand over", work)

    app.view(HAND_OVER)(on_answer)


async def ask(
    desk: Desk, web: AsyncWebClient, incident_id: str, trigger_id: str, place: Place
) -> None:
    """Ask to whom, and what they should know (within 3 s of the click)."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incidents = await lasting(desk, incident_id, place)
    if not incidents:
        return
    try:
        earlier = await _earlier(desk, incidents[0])
    except StoreError as error:
        await deeds.not_done(desk, place, error)
        return
    to = desk.hand_over(incidents[0].target)
    view = hand_over_form(
        incidents,
        earlier,
        to,
        forms.metadata(place, incident=incidents[0].id),
        desk.reader(place).lang,
        channel_id=to.channel if to.channel and CHANNEL_ID.fullmatch(to.channel) else None,
    )
    await forms.show(desk, web, view, trigger_id, place)


async def hand_over(
    desk: Desk, web: AsyncWebClient, asked: forms.Asked, channel: str, words: str
) -> None:
    """Post it there with its files, record it, and say so in the incident's thread."""
    place = asked.place
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incidents = await lasting(desk, asked.id("incident"), place)
    if not incidents:
        return
    to = channel or desk.hand_over(incidents[0].target).channel
    if not to:
        await deeds.answer(desk, place, say("Choose a channel to hand it over to."))
        return
    async with desk.turn(f"hand over {incidents[0].id}"):
        try:
            earlier = await _earlier(desk, incidents[0])
            if earlier is not None and desk.now() - earlier.at < _A_MOMENT:
                await deeds.answer(desk, place, say("It was handed over a moment ago."))
                return
            cases = await _cases(desk, incidents[:_CASES], desk.language(to, None))
            done = await _post(desk, web, cases, user=place.user, to=to, words=words)
            acts = [
                Act(ActKind.ESCALATED, i.target, place.user, desk.now(), i.id, note=done.channel)
                for i in incidents
            ]
            for act in acts:
                await desk.store.acts.add(act)
        except StoreError as error:
            await deeds.not_done(desk, place, error)
            return
        except REACHING as error:
            await _not_posted(desk, understand(error), place)
            return
    await _attach(desk, cases, words, done, place.user)
    link = f"<#{done.channel}>"
    await deeds.tell(
        desk,
        acts,
        place,
        lambda lang: handed_over(acts[0], link, lang),
        but_for=done.thread_ts,
    )


# ---------------------------------------------------------------- what is handed over


async def _earlier(desk: Desk, incident: Incident) -> Act | None:
    """Who handed it over last; the bot's own timers do not count."""
    done = await desk.store.acts.of_incident(incident.id)
    by_people = [a for a in done if a.kind is ActKind.ESCALATED and a.user is not None]
    return by_people[-1] if by_people else None


async def _cases(desk: Desk, incidents: Sequence[Incident], lang: str) -> list[Case]:
    found: list[Case] = []
    for incident in incidents:
        changes = await desk.store.transitions(incident.id)
        acts = await desk.store.acts.of_incident(incident.id)
        names = {user: await desk.door.name(user) for user in {a.user for a in acts if a.user}}
        found.append(
            Case(
                incident,
                _target(desk, incident),
                timeline(changes, acts, names, lang),
                tuple(desk.connection_log(incident.target)),
            )
        )
    return found


def _target(desk: Desk, incident: Incident) -> Target:
    """As it is set now; what the report knows of it where it is gone from the settings."""
    known = desk.targets.get(incident.target)
    if known is not None:
        return known
    if incident.report is not None:
        return target_of(incident.report)
    return Target(incident.target, "")


# ---------------------------------------------------------------- on its way


class _Done:
    """Where it was posted; `thread_ts`: below which message the files go."""

    def __init__(self, channel: str, thread_ts: str) -> None:
        self.channel, self.thread_ts = channel, thread_ts


async def _post(
    desk: Desk, web: AsyncWebClient, cases: Sequence[Case], *, user: str, to: str, words: str
) -> _Done:
    """A message that notifies: in the incident's own channel it is part of the thread."""
    channel_id = await desk.channels.id(to)
    incidents = [case.incident for case in cases]
    shown = await desk.store.messages(incidents[0].id)
    places = {await desk.channels.id(channel): ts for channel, ts in shown.items()}
    root_ts = places.get(channel_id)
    url = await _permalink(web, places) if root_ts is None else None
    entries = [entry for case in cases for entry in case.entries]
    post = handed(
        incidents,
        sorted(entries, key=lambda entry: entry.at),
        desk.reader(Place(channel=channel_id, user=user)),
        user=user,
        words=_without_secrets(words, cases),
        mentions=desk.hand_over(incidents[0].target).mentions,
        url=url,
    )
    options: dict[str, Any] = {"thread_ts": root_ts, "reply_broadcast": True} if root_ts else {}
    posted_in, ts = await desk.channels.post(to, post, **options)
    return _Done(posted_in, root_ts or ts)


async def _permalink(web: AsyncWebClient, places: Mapping[str, str]) -> str | None:
    for channel, ts in places.items():
        try:
            async with asyncio.timeout(_CALL_S):
                answer = await web.chat_getPermalink(channel=channel, message_ts=ts)
        except REACHING as error:
            _log.warning("no link to an incident's message: %s", understand(error).code)
        else:
            return str(answer["permalink"])
    return None


async def _attach(desk: Desk, cases: Sequence[Case], words: str, done: _Done, user: str) -> None:
    """The files below the message; where Slack takes none, the end of the log as text."""
    lang = desk.language(done.channel, None)
    by = await desk.door.name(user)
    uploads = await asyncio.to_thread(_files, cases, by, words, desk, lang)
    try:
        comment = translate(say("The report, the timeline and the connection log."), lang)
        await desk.uploads.share_all(uploads, comment, done.channel, done.thread_ts)
    except REACHING as error:
        trouble = understand(error)
        _log.warning("a hand-over goes without its files: %s", trouble.code)
        lines = [f"{line.at:%H:%M:%S}  {line.text}" for case in cases for line in case.log]
        clean = _without_secrets("\n".join(lines), cases).splitlines()
        try:
            await desk.channels.post(
                done.channel,
                log_instead(refusal(trouble), clean, lang),
                thread_ts=done.thread_ts,
            )
        except REACHING as again:
            _log.error("a hand-over goes without its log: %s", understand(again).code)


def _files(cases: Sequence[Case], by: str, words: str, desk: Desk, lang: str) -> list[Upload]:
    at = desk.now()
    text = _without_secrets(document(cases, by, words, at, lang), cases)
    names = [case.incident.target for case in cases]
    title = translate(say("Hand-over"), lang)
    uploads = [Upload(file_name(names, at, "handover.txt"), text.encode(), title, "")]
    for case in cases:
        saved = report_file(case)
        if saved is not None:
            name = file_name([case.incident.target], at, "report.json")
            body = masked(saved, [case.target])
            uploads.append(Upload(name, body.encode(), name, ""))
    return uploads


def _without_secrets(text: str, cases: Sequence[Case]) -> str:
    return str(scrubbed(masked(text, [case.target for case in cases])))


async def _not_posted(desk: Desk, trouble: SlackTrouble, place: Place) -> None:
    if trouble.kind is Trouble.CHANNEL:
        problem = say("I cannot post there ({code}).", code=trouble.code)
        hint = say("Invite me to that channel with /invite, then hand it over again.")
    else:
        problem = say("Slack did not take it ({code}).", code=trouble.code)
        hint = say("Try again in a minute.")
    await deeds.answer(desk, place, problem, hint)
