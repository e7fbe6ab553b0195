"""Acknowledging and muting: for the command and for buttons alike.

Each is authorised, and then done as `acting` says.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.incidents import Incident
from bot.model import Act, ActKind, Message, State, say
from bot.quiet import acknowledgement
from bot.slack import acting
from bot.slack.access import Deed
from bot.slack.blocks import quiet as drawn
from bot.slack.blocks.kit import Post
from bot.slack.desk import COMMAND, Desk
from bot.slack.mrkdwn import marked, person
from bot.slack.posting import Place
from bot.store import StoreError

_DOUBLE_CLICK: Final = timedelta(seconds=5)


async def acknowledge(desk: Desk, incident: Incident, place: Place) -> None:
    """Somebody has seen the incident and takes it on; see `bot.quiet.pending`."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    async with desk.turn(incident.id):
        try:
            vigil = await desk.store.acts.vigil(incident.id)
            if incident.closed_at is not None or vigil is None:
                await acting.over(desk, incident, place)
                return
            given = acknowledgement(vigil.acts, vigil.worsened)
            if given is not None:
                await _already(desk, place, given)
                return
            act = Act(ActKind.ACKNOWLEDGED, incident.target, place.user, desk.now(), incident.id)
            await desk.store.acts.add(act)
        except StoreError as error:
            await acting.not_done(desk, place, error)
            return
    acting.log(act)
    await acting.tell(
        desk, act, place, lambda lang: drawn.acknowledged(act.target, place.user, lang)
    )


async def acknowledge_target(desk: Desk, target: str, place: Place) -> None:
    """The same for whatever is wrong with a target at present."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await _incident(desk, target, place)
    if isinstance(incident, Incident):
        await acknowledge(desk, incident, place)
    elif incident is not None:
        await acting.answer(desk, place, incident)


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
        await acting.answer(desk, place, incident, hint)
        return
    now = desk.now()
    until = now + lasts if lasts is not None else None
    incident_id = incident.id if isinstance(incident, Incident) else None
    act = Act(ActKind.MUTED, target, place.user, now, incident_id, until)
    async with desk.turn(f"mute {target}"):
        if not await _muted_just_so(desk, act, place):
            await acting.do(
                desk, act, place, lambda lang: drawn.muted(target, place.user, until, lang)
            )


async def _muted_just_so(desk: Desk, act: Act, place: Place) -> bool:
    """Whether the same person did the very same a moment ago: a double click is one act."""
    try:
        before = (await desk.store.acts.mutes(act.at)).get(act.target)
    except StoreError as error:
        await acting.not_done(desk, place, error)
        return True
    if before is None or before.user != act.user or act.at - before.at > _DOUBLE_CLICK:
        return False
    if before.until is None or act.until is None:
        return before.until is act.until
    return act.until - before.until <= _DOUBLE_CLICK


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
        await acting.not_done(desk, place, error)
        return
    if not muted:
        await acting.answer(desk, place, say("{target} is not muted.", target=target))
        return
    incident_id = incident.id if isinstance(incident, Incident) else None
    act = Act(ActKind.UNMUTED, target, place.user, now, incident_id)
    await acting.do(desk, act, place, lambda lang: drawn.unmuted(target, place.user, lang))


# ---------------------------------------------------------------- recording and telling


async def _incident(desk: Desk, target: str, place: Place) -> Incident | Message | None:
    """What is wrong with a target, or the sentence that nothing is; None: told that we cannot
    know."""
    try:
        state = await desk.store.load(target)
    except StoreError as error:
        await acting.not_done(desk, place, error)
        return None
    if state.incident is not None:
        return state.incident
    if state.state is State.UP:
        return say("{target} is up: there is no incident.", target=target)
    return say("{target} has no open incident.", target=target)


async def _already(desk: Desk, place: Place, given: Act) -> None:
    lang = desk.reader(place).lang
    text = marked(
        say("{person} has acknowledged it already."), lang, person=person(given.user or "")
    )
    await desk.poster.whisper(place, Post(text))
