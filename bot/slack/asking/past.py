"""`/wsdiag chart`, `history` and `digest`: what happened to targets."""

from __future__ import annotations

import logging
from collections import defaultdict
from datetime import timedelta
from typing import Final

from bot.charts import DrawingError, alt_text, empty
from bot.charts.clock import Clock
from bot.digest import advise
from bot.model import Act, Target, say
from bot.patterns import FIVE_MINUTES_S
from bot.slack.blocks.digest import digest
from bot.slack.blocks.history import Chronicle, history
from bot.slack.blocks.progress import notice
from bot.slack.desk import Desk
from bot.slack.pictures import Viewer
from bot.slack.way.client import REACHING
from bot.slack.way.errors import understand
from bot.slack.way.posting import Place
from bot.slack.way.uploads import refusal
from bot.slack.weeks import reckon
from bot.spans import Span
from bot.store import StoreError
from bot.uptime import WEEK, availability

_ACTS: Final = 1_000

_log = logging.getLogger("wsdiag.slack")


async def answer_chart(desk: Desk, target: str, length: timedelta, place: Place) -> None:
    """Upload a chart where it was asked for; if that cannot be, say why and give the figures."""
    lang = desk.reader(place).lang
    viewer = Viewer(lang, desk.zone(place.user))
    try:
        picture = await desk.pictures.compose(target, length)
    except StoreError as error:
        await _unread(desk, place, error)
        return
    if picture.blank:
        await desk.poster.whisper(place, notice(empty(picture), lang))
        return
    try:
        channel = await desk.channels.id(place.channel)  # of a person's direct message
        await desk.pictures.share(picture, viewer, channel, place.thread_ts)
    except DrawingError as error:
        _log.error("a chart of %s was not drawn: %s", target, error)
        words = say("I could not draw the chart; the bot's log says why. Its figures are these.")
    except REACHING as error:
        trouble = understand(error)
        _log.warning("a chart of %s did not reach %s: %s", target, place.channel, trouble.code)
        words = refusal(trouble)
    else:
        return
    figures = say("{text}", text=alt_text(picture, viewer.clock))
    await desk.poster.whisper(place, notice(words, lang, hint=figures))


async def answer_history(desk: Desk, target: Target, length: timedelta, place: Place) -> None:
    """List a target's incidents to the asking person: in a table, if Slack takes one."""
    lang = desk.reader(place).lang
    span = Span.until(desk.now(), length)
    planned = desk.planned(target.name, span)
    try:
        past = await desk.store.history.past(
            target.name, span, longest_s=FIVE_MINUTES_S if planned else None
        )
        acts = await desk.store.acts.of_target(target.name, limit=_ACTS)
    except StoreError as error:
        await _unread(desk, place, error)
        return
    by_incident: dict[str, list[Act]] = defaultdict(list)
    for act in reversed(acts):
        if act.incident_id is not None:
            by_incident[act.incident_id].append(act)
    told = Chronicle(
        target=target.name,
        availability=availability(
            span,
            past.samples,
            past.incidents,
            acknowledged=past.acknowledged,
            maintenance=planned,
            objective=target.objective,
        ),
        incidents=sorted(past.incidents, key=lambda one: (one.opened_at, one.number)),
        acts=by_incident,
    )
    table, listed = history(told, Clock.of(desk.zone(place.user), lang))
    if not await desk.poster.whisper(place, table) and listed != table:
        await desk.poster.whisper(place, listed)


async def answer_digest(desk: Desk, place: Place) -> None:
    """Show the last week to the asking person: of the channel's targets, or else of all."""
    here = {place.channel, place.channel_name} - {None, ""}
    targets = tuple(desk.targets.values())
    of_channel = [t for t in targets if t.channel is not None and t.channel.lstrip("#") in here]
    span = Span.until(desk.now(), WEEK)
    try:
        reckoned = await reckon(desk.store, of_channel or targets, span, desk.planned)
    except StoreError as error:
        await _unread(desk, place, error)
        return
    clock = Clock.of(desk.zone(place.user), desk.reader(place).lang)
    await desk.poster.whisper(place, digest(reckoned, advise(reckoned.targets), clock))


async def _unread(desk: Desk, place: Place, error: StoreError) -> None:
    _log.error("the history cannot be read: %s", error)
    words = say("The bot's database does not answer. Try again in a moment.")
    await desk.poster.whisper(place, notice(words, desk.reader(place).lang))
