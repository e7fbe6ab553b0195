"""What is shown while a check runs, and when it ends without a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.model import Message, Status, say
from bot.slack.blocks.common import MARKS
from bot.slack.blocks.kit import HEADER_TEXT, Post, context, plan, post, section
from bot.slack.blocks.mrkdwn import plain, sentence
from bot.wording import label

RUNNING = None  # the state of a probe that has started and not reported
_TASK_TITLE = 80
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
    """A plan of the probes of `suite` and of those in `seen`, which maps to None while one is
    running. `notes`: how far a long one has got."""
    words = (
        say("Deep check of {target}…", target=target)
        if deep
        else say("Checking {target}…", target=target)
    )
    tasks = {
        name: (_called(name, seen, notes, lang), _status(name, seen))
        for name in dict.fromkeys([*suite, *seen])
    }
    return post(
        sentence(words, lang),
        [
            plan(plain(words, lang, limit=HEADER_TEXT), tasks),
            *([context(sentence(_PATIENCE, lang))] if deep else ()),
        ],
    )


def _called(
    name: str, seen: Mapping[str, Status | None], notes: Mapping[str, Message], lang: str
) -> str:
    """The probe's name; while it runs also how far it has got, and what a plan has no sign for."""
    words = plain(label(name), lang, limit=_TASK_TITLE)
    if name not in seen:
        return words
    status = seen[name]
    if status is RUNNING:
        return f"{words}: {plain(notes[name], lang)}" if name in notes else words
    return f"{MARKS[status]} {words}" if status in (Status.WARN, Status.SKIPPED) else words


def _status(name: str, seen: Mapping[str, Status | None]) -> str:
    if name not in seen:
        return "pending"
    status = seen[name]
    if status is RUNNING:
        return "in_progress"
    return "error" if status is Status.FAIL else "complete"


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


def orphaned(target: str, lang: str) -> Post:
    """Instead of a summary when the process was killed: told by the next one."""
    return notice(
        say("The check of {target} was interrupted: the bot was ended meanwhile.", target=target),
        lang,
        hint=say("Ask again: `/wsdiag check {target}`", target=target),
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
