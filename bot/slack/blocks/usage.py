"""What can be typed, and what was probably meant."""

from __future__ import annotations

from collections.abc import Sequence

from bot.locales import translate
from bot.model import Message, say
from bot.slack.blocks.kit import Block, Post, context, post, section
from bot.slack.blocks.mrkdwn import escape, sentence

_ROWS: tuple[tuple[str, Message], ...] = (
    ("check", say("check the channel's target, or the only one")),
    ("check NAME", say("check a target; the word “check” may be left out")),
    ("deep NAME", say("hold connections as well, for what only time shows")),
    ("explain TEXT", say("what an error of a browser, a client or a log means")),
    ("status", say("all targets and how they are")),
    ("targets", say("what is watched, and how")),
    ("guide TOPIC", say("the guide: a section, a cause, or words like “sticky sessions”")),
    ("ack NAME", say("take on what is wrong: no more reminders")),
    ("mute NAME 2h", say("no alerts for a time, or `until-up`; `unmute NAME` ends it")),
    ("chart NAME 24h", say("a picture of round trips, states and incidents; 15m to 30d")),
    ("history NAME 30d", say("its incidents: when, why, how long, who saw to them; up to 365d")),
    ("digest", say("the last week of this channel's targets, with advice")),
    ("help", say("this text")),
)
_NAMES_SHOWN = 20


def usage(command: str, targets: Sequence[str], lang: str) -> Post:
    """The words of the command and the names of the targets."""
    intro = translate(
        say("I find out why a Socket.IO backend cannot be reached, and say what to do."), lang
    )
    return post(intro, [section(intro), *_table(command, targets, lang)])


def misunderstood(
    problem: Message, suggestion: str | None, command: str, targets: Sequence[str], lang: str
) -> Post:
    """Why the words were not understood, what was probably meant, and the usage."""
    text = sentence(problem, lang, limit=80)
    if suggestion is not None:
        meant = say("Did you mean `{command}`?", command=f"{command} {suggestion}")
        text = f"{text} {sentence(meant, lang, limit=120)}"
    return post(text, [section(text), *_table(command, targets, lang)])


def _table(command: str, targets: Sequence[str], lang: str) -> list[Block]:
    lines = [f"`{escape(command)} {words}` {sentence(what, lang)}" for words, what in _ROWS]
    blocks = [context("\n".join(lines))]
    if targets:
        shown = ", ".join(targets[:_NAMES_SHOWN])
        more = "…" if len(targets) > _NAMES_SHOWN else ""
        names = say("Targets: {names}", names=shown + more)
        blocks.append(context(sentence(names, lang)))
    return blocks
