"""What people did about an incident or a target, told where everybody sees it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.model import Act, Message, Mute, say
from bot.quiet import Silence
from bot.slack.blocks.kit import Post, post, section
from bot.slack.blocks.mrkdwn import marked, person, when

_MAINTENANCE = say("Maintenance until {until}.")


def acknowledged(target: str, user: str, lang: str) -> Post:
    """Somebody has taken an incident on."""
    words = say("{person} looks after {target}: no reminders from here on.", target=target)
    return _said("✋", words, lang, person=person(user))


def muted(target: str, user: str, until: datetime | None, lang: str) -> Post:
    """Somebody wants to hear nothing of a target for a while; `until` None: until it is up."""
    if until is None:
        words = say("{person} has muted {target} until it is up again.", target=target)
        return _said("🔕", words, lang, person=person(user))
    words = say("{person} has muted {target} until {until}.", target=target)
    return _said("🔕", words, lang, person=person(user), until=when(until, lang))


def unmuted(target: str, user: str, lang: str) -> Post:
    """A mute was taken back."""
    words = say("{person} has unmuted {target}.", target=target)
    return _said("🔔", words, lang, person=person(user))


def acknowledged_line(act: Act, lang: str) -> str:
    """Who has taken the incident on, for its message: mrkdwn."""
    words = say("Acknowledged by {person}, {at}.")
    return "✋ " + marked(words, lang, person=person(act.user or ""), at=when(act.at, lang))


def muted_line(mute: Mute, lang: str) -> str:
    """That a target is muted, for its incident's message and the status: mrkdwn."""
    who = person(mute.user or "")
    if mute.until is None:
        return "🔕 " + marked(say("Muted by {person} until it is up."), lang, person=who)
    words = say("Muted by {person} until {until}.")
    return "🔕 " + marked(words, lang, person=who, until=when(mute.until, lang))


def silence_lines(silence: Silence, lang: str) -> Iterator[str]:
    """Why nobody is alerted of a target, a line of mrkdwn for each reason."""
    if silence.mute is not None:
        yield muted_line(silence.mute, lang)
    if silence.window is not None and silence.span is not None:
        note = silence.window.note
        words = say("Maintenance until {until}: {note}", note=note) if note else _MAINTENANCE
        yield "🛠 " + marked(words, lang, until=when(silence.span.end, lang))


def _said(mark: str, words: Message, lang: str, **markup: str) -> Post:
    text = marked(words, lang, **markup)
    return post(text, [section(f"{mark} {text}")])
