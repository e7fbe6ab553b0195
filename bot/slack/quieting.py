"""Acknowledging and muting: for the command and for buttons alike.

Each is authorised, recorded as an act, and told where everybody sees it: in the thread of the
incident, else in the target's channel. Only then is the person answered. An act that cannot be
recorded was not done, and they are told so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.incidents import Incident
from bot.model import Act, ActKind, Message, State, say
from bot.quiet import acknowledgement
from bot.slack.access import Deed
from bot.slack.blocks import quiet as drawn
from bot.slack.blocks.kit import Post
from bot.slack.blocks.progress import notice
from bot.slack.client import REACHING
from bot.slack.desk import COMMAND, Desk
from bot.slack.errors import understand
from bot.slack.mrkdwn import marked, person
from bot.slack.posting import Place
from bot.store import StoreError

_log = logging.getLogger("wsdiag.slack")


async def acknowledge(desk: Desk, incident: Incident, place: Place) -> None:
    """Somebody has seen the incident and takes it on; see `bot.quiet.pending`."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    try:
        vigil = await desk.store.acts.vigil(incident.id)
        if incident.closed_at is not None or vigil is None:
            words = say("That incident of {target} is over already.", target=incident.target)
            await _answer(desk, place, words)
            return
        given = acknowledgement(vigil.acts, vigil.worsened)
        if given is not None:
            await _already(desk, place, given)
            return
        act = Act(ActKind.ACKNOWLEDGED, incident.target, place.user, desk.now(), incident.id)
        await desk.store.acts.add(act)
    except StoreError as error:
        await _not_done(desk, place, error)
        return
    _record(act)
    await _tell(desk, act, place, lambda lang: drawn.acknowledged(act.target, place.user, lang))


async def acknowledge_target(desk: Desk, target: str, place: Place) -> None:
    """The same for whatever is wrong with a target at present."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await _incident(desk, target, place)
    if isinstance(incident, Incident):
        await acknowledge(desk, incident, place)
    elif incident is not None:
        await _answer(desk, place, incident)


async def mute(desk: Desk, target: str, lasts: timedelta | None, place: Place) -> None:
    """Nothing of a target is to notify anybody for a time; None: until it is up again."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await _incident(desk, target, place)
    if incident is None:
        return
    if lasts is None and not isinstance(incident, Incident):
        hint = say(
            "To mute it beforehand, say for how long: `{command}`",
            command=f"{COMMAND} mute {target} 2h",
        )
        await _answer(desk, place, incident, hint)
        return
    now = desk.now()
    until = now + lasts if lasts is not None else None
    incident_id = incident.id if isinstance(incident, Incident) else None
    act = Act(ActKind.MUTED, target, place.user, now, incident_id, until)
    await _do(desk, act, place, lambda lang: drawn.muted(target, place.user, until, lang))


async def unmute(desk: Desk, target: str, place: Place) -> None:
    """Take a mute back."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await _incident(desk, target, place)
    if incident is None:
        return
    now = desk.now()
    try:
        muted = target in await desk.store.acts.mutes(now)
    except StoreError as error:
        await _not_done(desk, place, error)
        return
    if not muted:
        await _answer(desk, place, say("{target} is not muted.", target=target))
        return
    incident_id = incident.id if isinstance(incident, Incident) else None
    act = Act(ActKind.UNMUTED, target, place.user, now, incident_id)
    await _do(desk, act, place, lambda lang: drawn.unmuted(target, place.user, lang))


# ---------------------------------------------------------------- recording and telling


async def _incident(desk: Desk, target: str, place: Place) -> Incident | Message | None:
    """What is wrong with a target, or the sentence that nothing is; None: told that we cannot
    know."""
    try:
        state = await desk.store.load(target)
    except StoreError as error:
        await _not_done(desk, place, error)
        return None
    if state.incident is not None:
        return state.incident
    if state.state is State.UP:
        return say("{target} is up: there is no incident.", target=target)
    return say("{target} has no open incident.", target=target)


async def _do(desk: Desk, act: Act, place: Place, draw: Callable[[str], Post]) -> None:
    try:
        await desk.store.acts.add(act)
    except StoreError as error:
        await _not_done(desk, place, error)
        return
    _record(act)
    await _tell(desk, act, place, draw)


async def _tell(desk: Desk, act: Act, place: Place, draw: Callable[[str], Post]) -> None:
    """Say it in the thread of the incident, else in the target's channel, else where it was asked.

    Who asked elsewhere than in that thread is answered too, as they may not see it.
    """
    spots = await _spots(desk, act)
    reached: set[str] = set()
    for channel, thread_ts in spots:
        options: dict[str, Any] = {"thread_ts": thread_ts} if thread_ts else {}
        try:
            post = draw(desk.language(channel, None))
            posted_in, _ = await desk.channels.post(channel, post, **options)
        except REACHING as error:
            _log.warning("an act was not told in %s: %s", channel, understand(error).code)
        else:
            reached.add(posted_in)
    lang = desk.reader(place).lang
    if not reached:
        if not await desk.poster.respond(place, draw(lang), in_channel=True):
            await desk.poster.whisper(place, draw(lang))
    elif place.channel not in reached or (spots[0][1] and place.thread_ts is None):
        await desk.poster.whisper(place, draw(lang))


async def _spots(desk: Desk, act: Act) -> list[tuple[str, str | None]]:
    """Where an act is told: (channel, thread or None)."""
    if act.incident_id is not None:
        try:
            shown = await desk.store.messages(act.incident_id)
        except StoreError as error:
            _log.error("the messages of an incident could not be read: %s", error)
        else:
            if shown:
                return list(shown.items())
    target = desk.targets.get(act.target)
    return [(target.channel, None)] if target is not None and target.channel else []


async def _already(desk: Desk, place: Place, given: Act) -> None:
    lang = desk.reader(place).lang
    text = marked(
        say("{person} has acknowledged it already."), lang, person=person(given.user or "")
    )
    await desk.poster.whisper(place, Post(text))


async def _answer(desk: Desk, place: Place, words: Message, hint: Message | None = None) -> None:
    await desk.poster.whisper(place, notice(words, desk.reader(place).lang, hint=hint))


async def _not_done(desk: Desk, place: Place, error: StoreError) -> None:
    _log.error("an act could not be recorded: %s", error)
    await _answer(desk, place, say("The bot's database does not answer. Try again in a moment."))


def _record(act: Act) -> None:
    _log.info(
        "%s: %s by %s",
        act.target,
        act.kind,
        act.user,
        extra={"event": f"act-{act.kind}", "target": act.target, "incident": act.incident_id},
    )
