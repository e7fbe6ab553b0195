"""What is shown while a check runs, and when it ends without a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.locales import translate
from bot.model import Message, Status, say
from bot.slack.blocks.common import MARKS
from bot.slack.blocks.kit import HEADER_TEXT, Post, context, header, post, section
from bot.slack.mrkdwn import plain, sentence
from bot.wording import label

RUNNING = None  # the state of a probe that has started and not reported
_RUNNING_MARK = "⏳"
_WAITING_MARK = "▫️"
_PATIENCE = say("It holds connections to see whether they last: up to two and a half minutes.")


def progress(
    target: str,
    suite: Sequence[str],
    seen: Mapping[str, Status | None],
    lang: str,
    *,
    notes: Mapping[str, Message] = MappingProxyType({}),
    deep: bool = False,
) -> Post:
    """The probes of `suite` and those in `seen`, each with its mark; `seen` maps to None while
    one is running. `notes`: how far a long one has got."""
    words = (
        say("Deep check of {target}…", target=target)
        if deep
        else say("Checking {target}…", target=target)
    )
    names = list(dict.fromkeys([*suite, *seen]))
    marks = [f"{_mark(name, seen)} {_labelled(name, seen, notes, lang)}" for name in names]
    return post(
        sentence(words, lang),
        [
            header(f"{_RUNNING_MARK} {plain(words, lang, limit=HEADER_TEXT - 4)}"),
            context("   ".join(marks) or translate(say("Starting."), lang)),
            *([context(sentence(_PATIENCE, lang))] if deep else ()),
        ],
    )


def _labelled(
    name: str, seen: Mapping[str, Status | None], notes: Mapping[str, Message], lang: str
) -> str:
    """The probe's name; while it runs also how far it has got."""
    words = sentence(label(name), lang)
    running = name in seen and seen[name] is RUNNING
    return f"{words}: {sentence(notes[name], lang)}" if running and name in notes else words


def _mark(name: str, seen: Mapping[str, Status | None]) -> str:
    if name not in seen:
        return _WAITING_MARK
    status = seen[name]
    return _RUNNING_MARK if status is RUNNING else MARKS[status]


def notice(message: Message, lang: str, *, hint: Message | None = None) -> Post:
    """A plain answer in a sentence, with what can be done about it."""
    text = sentence(message, lang, limit=120)
    blocks = [section(text)]
    if hint is not None:
        blocks.append(context(sentence(hint, lang)))
    return post(text, blocks)


def interrupted(target: str, lang: str) -> Post:
    """Instead of a summary when the process ends first."""
    return notice(
        say("The check of {target} was stopped, because the bot is restarting.", target=target),
        lang,
        hint=say("Ask again in a minute: `/wsdiag check {target}`", target=target),
    )


def failed(target: str, lang: str) -> Post:
    """Instead of a summary when the check itself broke: our fault, not the backend's."""
    return notice(
        say("The check of {target} failed through an error of the bot's own.", target=target),
        lang,
        hint=say("It says nothing about the backend. The bot's log has the details."),
    )


def busy(lang: str) -> Post:
    """Instead of a check when too much is running, or the process ends."""
    return notice(
        say("I am too busy to start another check, or about to restart."),
        lang,
        hint=say("Try again in a minute."),
    )
