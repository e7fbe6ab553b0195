"""What a person does about an incident or a target: recorded, then told where everybody sees it.

In the thread of the incident, else in the target's channel. Only then is the person answered. An
act that cannot be recorded was not done, and they are told so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from bot.incidents import Incident
from bot.model import Act, Message, say
from bot.slack.blocks.kit import Post
from bot.slack.blocks.progress import notice
from bot.slack.client import REACHING
from bot.slack.desk import Desk
from bot.slack.errors import understand
from bot.slack.posting import Place
from bot.store import StoreError

_log = logging.getLogger("wsdiag.slack")


async def do(desk: Desk, act: Act, place: Place, draw: Callable[[str], Post]) -> None:
    """Record an act, then tell it; `draw`: language → the sentence."""
    try:
        await desk.store.acts.add(act)
    except StoreError as error:
        await not_done(desk, place, error)
        return
    log(act)
    await tell(desk, act, place, draw)


async def tell(desk: Desk, act: Act, place: Place, draw: Callable[[str], Post]) -> None:
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


async def answer(desk: Desk, place: Place, words: Message, hint: Message | None = None) -> None:
    """Say something to the person alone."""
    await desk.poster.whisper(place, notice(words, desk.reader(place).lang, hint=hint))


async def over(desk: Desk, incident: Incident, place: Place) -> None:
    """Say that there is nothing left to act on."""
    words = say("That incident of {target} is over already.", target=incident.target)
    await answer(desk, place, words)


async def not_done(desk: Desk, place: Place, error: StoreError) -> None:
    """Say that the database does not work."""
    _log.error("an act could not be recorded: %s", error)
    await answer(desk, place, say("The bot's database does not answer. Try again in a moment."))


def log(act: Act) -> None:
    """Keep it in the bot's own log as well."""
    _log.info(
        "%s: %s by %s",
        act.target,
        act.kind,
        act.user,
        extra={"event": f"act-{act.kind}", "target": act.target, "incident": act.incident_id},
    )
