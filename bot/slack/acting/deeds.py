"""What a person does about an incident or a target: recorded, then told where everybody sees it.

In the thread of the incident, else in the target's channel. Only then is the person answered. An
act that cannot be recorded was not done, and they are told so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from bot.model import Act, Message, say
from bot.slack.blocks.kit import Post
from bot.slack.blocks.progress import notice
from bot.slack.desk import Desk
from bot.slack.way.client import REACHING
from bot.slack.way.errors import understand
from bot.slack.way.posting import Place
from bot.store import StoreError

_LISTED: Final = 5

_log = logging.getLogger("wsdiag.slack")


async def do(desk: Desk, acts: Sequence[Act], place: Place, draw: Callable[[str], Post]) -> None:
    """Record acts that are one deed, then tell it once; `draw`: language → the sentence."""
    try:
        for act in acts:
            await desk.store.acts.add(act)
    except StoreError as error:
        await not_done(desk, place, error)
        return
    await tell(desk, acts, place, draw)


async def tell(
    desk: Desk,
    acts: Sequence[Act],
    place: Place,
    draw: Callable[[str], Post],
    *,
    but_for: str | None = None,
) -> None:
    """Say it in the thread of the incident, else in the target's channel, else where it was asked.

    Who asked elsewhere than in that thread is answered too, as they may not see it. The incident's
    own message is drawn anew. `but_for`: a thread that knows already.
    """
    for act in acts:
        _log_act(act)
    spots = await _spots(desk, acts)
    reached: set[str] = set()
    for channel, thread_ts in spots:
        if but_for is not None and thread_ts == but_for:
            reached.add(channel)
            continue
        options: dict[str, Any] = {"thread_ts": thread_ts} if thread_ts else {}
        try:
            post = draw(desk.language(channel, None))
            posted_in, _ = await desk.channels.post(channel, post, **options)
        except REACHING as error:
            _log.warning("an act was not told in %s: %s", channel, understand(error).code)
        else:
            reached.add(posted_in)
    await _refresh(desk, acts)
    lang = desk.reader(place).lang
    if not reached:
        if not await desk.poster.respond(place, draw(lang), in_channel=True):
            await desk.poster.whisper(place, draw(lang))
    elif place.channel not in reached or (spots[0][1] and place.thread_ts is None):
        await desk.poster.whisper(place, draw(lang))


async def _refresh(desk: Desk, acts: Sequence[Act]) -> None:
    """One of them is enough: those of one deed share a message."""
    incident_id = next((act.incident_id for act in acts if act.incident_id), None)
    if incident_id is None:
        return
    try:
        await desk.store.refresh(incident_id, desk.now())
    except StoreError as error:
        _log.error("a message does not show what was done: %s", error)


async def _spots(desk: Desk, acts: Sequence[Act]) -> list[tuple[str, str | None]]:
    """Where acts are told: (channel, thread or None)."""
    incident_id = next((act.incident_id for act in acts if act.incident_id), None)
    if incident_id is not None:
        try:
            shown = await desk.store.messages(incident_id)
        except StoreError as error:
            _log.error("the messages of an incident could not be read: %s", error)
        else:
            if shown:
                return list(shown.items())
    target = desk.targets.get(acts[0].target)
    return [(target.channel, None)] if target is not None and target.channel else []


async def answer(desk: Desk, place: Place, words: Message, hint: Message | None = None) -> None:
    """Say something to the person alone."""
    await desk.poster.whisper(place, notice(words, desk.reader(place).lang, hint=hint))


async def over(desk: Desk, target: str, place: Place) -> None:
    """Say that there is nothing left to act on."""
    words = say("That incident of {target} is over already.", target=target)
    await answer(desk, place, words)


async def not_done(desk: Desk, place: Place, error: StoreError) -> None:
    """Say that the database does not work."""
    _log.error("an act could not be recorded: %s", error)
    await answer(desk, place, say("The bot's database does not answer. Try again in a moment."))


def _log_act(act: Act) -> None:
    """Keep it in the bot's own log as well."""
    _log.info(
        "%s: %s by %s",
        act.target,
        act.kind,
        act.user,
        extra={"event": f"act-{act.kind}", "target": act.target, "incident": act.incident_id},
    )


def listed(targets: Iterable[str]) -> str:
    """Targets in a sentence: the first of them, and how many more."""
    names = list(dict.fromkeys(targets))
    shown = ", ".join(names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} +{len(names) - _LISTED}"
