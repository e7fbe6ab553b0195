"""Acknowledging and muting: for the command and for buttons alike.

Each is authorised, and then done as `deeds` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from bot.incidents import Incident
from bot.model import Act, ActKind, Message, Mute, State, say
from bot.quiet import acknowledgement
from bot.slack.acting import deeds
from bot.slack.blocks import quiet as drawn
from bot.slack.blocks.kit import Post
from bot.slack.blocks.mrkdwn import marked, person
from bot.slack.desk import COMMAND, Desk
from bot.slack.way.access import Deed
from bot.slack.way.posting import Place
from bot.store import StoreError

_DOUBLE_CLICK: Final = timedelta(seconds=5)


async def acknowledge(desk: Desk, incidents: Sequence[Incident], place: Place) -> None:
    """Somebody has seen the incidents of a message and takes them on; see `bot.quiet.pending`."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    acts: list[Act] = []
    given: Act | None = None
    async with desk.turn(f"acknowledge {incidents[0].id}"):
        try:
            for incident in incidents:
                vigil = await desk.store.acts.vigil(incident.id)
                if vigil is None or incident.closed_at is not None:
                    continue
                before = acknowledgement(vigil.acts, vigil.worsened)
                if before is not None:
                    given = before
                    continue
                act = Act(
                    ActKind.ACKNOWLEDGED, incident.target, place.user, desk.now(), incident.id
                )
                await desk.store.acts.add(act)
                acts.append(act)
        except StoreError as error:
            await deeds.not_done(desk, place, error)
            return
    if acts:
        names = deeds.listed(act.target for act in acts)
        await deeds.tell(
            desk, acts, place, lambda lang: drawn.acknowledged(names, place.user, lang)
        )
    elif given is not None:
        await _already(desk, place, given)
    else:
        await deeds.over(desk, incidents[0].target, place)


async def acknowledge_target(desk: Desk, target: str, place: Place) -> None:
    """The same for whatever is wrong with a target at present."""
    if not await desk.admitted(Deed.MANAGE, place):
        return
    incident = await _incident(desk, target, place)
    if isinstance(incident, Incident):
        await acknowledge(desk, [incident], place)
    elif incident is not None:
        await deeds.answer(desk, place, incident)


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
        await deeds.answer(desk, place, incident, hint)
        return
    await mute_all(desk, {target: _id(incident)}, lasts, place)


async def mute_all(
    desk: Desk, about: Mapping[str, str | None], lasts: timedelta | None, place: Place
) -> None:
    """The same of several targets at once: name → incident, which a mute "until up" needs."""
    now = desk.now()
    until = now + lasts if lasts is not None else None
    async with desk.turn(f"mute {min(about)}"):
        try:
            mutes = await desk.store.acts.mutes(now)
        except StoreError as error:
            await deeds.not_done(desk, place, error)
            return
        acts = [Act(ActKind.MUTED, t, place.user, now, i, until) for t, i in about.items()]
        acts = [act for act in acts if not _again(mutes.get(act.target), act)]
        if acts:
            names = deeds.listed(act.target for act in acts)
            await deeds.do(
                desk, acts, place, lambda lang: drawn.muted(names, place.user, until, lang)
            )


def _again(before: Mute | None, act: Act) -> bool:
    """Whether the same person did the very same a moment ago: a double click is one act."""
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
    await unmute_all(desk, {target: _id(incident)}, place)


async def unmute_all(desk: Desk, about: Mapping[str, str | None], place: Place) -> None:
    """The same of several targets at once."""
    now = desk.now()
    async with desk.turn(f"mute {min(about)}"):
        try:
            muted = about.keys() & (await desk.store.acts.mutes(now)).keys()
        except StoreError as error:
            await deeds.not_done(desk, place, error)
            return
        names = deeds.listed(target for target in about if not muted or target in muted)
        if not muted:
            await deeds.answer(desk, place, say("{target} is not muted.", target=names))
            return
        acts = [Act(ActKind.UNMUTED, t, place.user, now, i) for t, i in about.items() if t in muted]
        await deeds.do(desk, acts, place, lambda lang: drawn.unmuted(names, place.user, lang))


# ---------------------------------------------------------------- recording and telling


async def _incident(desk: Desk, target: str, place: Place) -> Incident | Message | None:
    """What is wrong with a target, or the sentence that nothing is; None: told that we cannot
    know."""
    try:
        state = await desk.store.load(target)
    except StoreError as error:
        await deeds.not_done(desk, place, error)
        return None
    if state.incident is not None:
        return state.incident
    if state.state is State.UP:
        return say("{target} is up: there is no incident.", target=target)
    return say("{target} has no open incident.", target=target)


def _id(incident: Incident | Message) -> str | None:
    return incident.id if isinstance(incident, Incident) else None


async def _already(desk: Desk, place: Place, given: Act) -> None:
    lang = desk.reader(place).lang
    text = marked(
        say("{person} has acknowledged it already."), lang, person=person(given.user or "")
    )
    await desk.poster.whisper(place, Post(text))
