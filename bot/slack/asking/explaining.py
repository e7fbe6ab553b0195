"""What a pasted error or log means: said to the asking person alone, who showed it to nobody."""

from __future__ import annotations

import asyncio

from bot.explain import explain
from bot.model import State
from bot.slack.blocks.explanation import explanation
from bot.slack.desk import COMMAND, Desk
from bot.slack.way.posting import Place
from bot.urls import UrlError, parse_socket_url


async def explain_to(desk: Desk, text: str, place: Place) -> None:
    """Explain `text` to whoever asks in `place`."""
    found = await asyncio.to_thread(explain, text)
    known = next(
        (s for s in desk.statuses() if found.address and _host(s.url) == found.address.host), None
    )
    if known is not None and known.state is State.UP:
        found = await asyncio.to_thread(explain, text, healthy=True)
    await desk.poster.whisper(
        place, explanation(found, COMMAND, known.name if known else None, desk.reader(place))
    )


def _host(url: str) -> str | None:
    """The host of a target's URL as `explain` writes it."""
    try:
        return parse_socket_url(url).host
    except UrlError:
        return None
