"""What is said while nobody acknowledges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from bot.locales import duration, translate
from bot.model import say, say_n
from bot.quiet import Vigil
from bot.slack.blocks.buttons import reminder_buttons
from bot.slack.blocks.common import row
from bot.slack.blocks.kit import Post, post, section
from bot.slack.blocks.mrkdwn import person, sentence
from bot.wording import headline

_SHOWN: Final = 10


def insistence(vigils: Sequence[Vigil], mentions: Sequence[str], now: datetime, lang: str) -> Post:
    """A reminder of incidents that share a message; with `mentions` (markup) people are called."""
    since = min(vigil.unattended_since for vigil in vigils)
    lasted = duration(max(0.0, (now - since).total_seconds()), lang)
    if len(vigils) == 1:
        (vigil,) = vigils
        words = say(
            "{headline}, and nobody has acknowledged it for {lasted}.",
            headline=translate(headline(vigil.target, vigil.state), lang),
            lasted=lasted,
        )
    else:
        targets = sorted(vigil.target for vigil in vigils)
        more = f" +{len(targets) - _SHOWN}" if len(targets) > _SHOWN else ""
        words = say_n(
            "{n} incident has not been acknowledged for {lasted}: {names}.",
            "{n} incidents have not been acknowledged for {lasted}: {names}.",
            len(vigils),
            lasted=lasted,
            names=", ".join(targets[:_SHOWN]) + more,
        )
    text = sentence(words, lang)
    causes = {vigil.cause.code if vigil.cause else None for vigil in vigils}
    if len(causes) == 1 and (cause := vigils[0].cause) is not None:
        title = translate(row(cause).title, lang)
        text += " " + sentence(say("The cause: {title}.", title=title), lang)
    called = " ".join(mentions)
    spoken = f"{called} {text}" if called else text
    buttons = reminder_buttons(vigils[0].incident_id, lang)
    return post(spoken, [section(f"⏰ {spoken}")], closing=buttons)


def called(vigil: Vigil, now: datetime, lang: str) -> Post:
    """For the thread: that the webhook was called."""
    lasted = duration(max(0.0, (now - vigil.unattended_since).total_seconds()), lang)
    words = say(
        "Nobody has acknowledged {target} for {lasted}: the escalation's webhook is called.",
        target=vigil.target,
        lasted=lasted,
    )
    text = sentence(words, lang)
    return post(text, [section(f"📟 {text}")])


def called_upon(whom: str) -> str:
    """The markup that notifies somebody, from the settings' word for them."""
    if whom in ("here", "channel"):
        return f"<!{whom}>"
    return f"<!subteam^{whom}>" if whom.startswith("S") else person(whom)
