"""The week of a channel: what it came to, the noisiest and the most frequent, and advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from bot import causes
from bot.charts.clock import Clock
from bot.digest import Advice, TargetWeek, Week
from bot.locales import duration, percent, translate
from bot.model import Message, say, say_n
from bot.slack.blocks.kit import HEADER_TEXT, Post, context, header, paragraphs, post, section
from bot.slack.blocks.mrkdwn import escape, plain, sentence

_TARGETS: Final = 20  # the troubled ones first


def digest(week: Week, advice: Sequence[Advice], clock: Clock) -> Post:
    """A week as a message."""
    lang = clock.lang
    span = f"{clock.day(week.span.start)} – {clock.day(week.span.end)}"
    facts = [sentence(fact, lang) for fact in _facts(week, lang)]
    head = [
        header(plain(say("The week {span}", span=span), lang, limit=HEADER_TEXT)),
        section("\n".join([f"*{sentence(in_words(week, lang), lang)}*", *facts])),
    ]
    ordered = sorted(week.targets, key=lambda one: (-len(one.incidents), one.target.name))
    lines = [_line(one, lang) for one in ordered[:_TARGETS]] if len(ordered) > 1 else []
    if len(ordered) > _TARGETS:
        left = len(ordered) - _TARGETS
        lines.append(sentence(say_n("and {n} more target", "and {n} more targets", left), lang))
    told = [f"💡 {sentence(one.words, lang)}" for one in advice]
    return post(
        sentence(in_words(week, lang), lang),
        head,
        [*paragraphs(lines, context), *paragraphs(told, section)],
        [context(sentence(say("Days are those of {zone}.", zone=clock.name), lang))],
    )


def in_words(week: Week, lang: str) -> Message:
    """The week in a sentence."""
    share = None if week.worst is None else week.worst.availability.uptime
    if week.targets and all(one.availability.all_planned for one in week.targets):
        return say("There was planned work on this channel's targets all last week.")
    if week.worst is None or share is None:
        return say("Nobody watched this channel's targets in the last week.")
    if len(week.targets) == 1:
        return say_n(
            "Last week {target} was reachable for {share} of the time, with {n} incident.",
            "Last week {target} was reachable for {share} of the time, with {n} incidents.",
            week.incidents,
            target=week.worst.target.name,
            share=percent(share, lang),
        )
    if week.incidents == 0:
        return say_n(
            "Last week {n} target had no incident.",
            "Last week none of {n} targets had an incident.",
            len(week.targets),
        )
    return say_n(
        "Last week there was {n} incident; least reachable was {target}: {share} of the time.",
        "Last week there were {n} incidents; least reachable was {target}: {share} of the time.",
        week.incidents,
        target=week.worst.target.name,
        share=percent(share, lang),
    )


def _facts(week: Week, lang: str) -> Iterator[Message]:
    if week.mtta_s is not None:
        took = duration(week.mtta_s, lang)
        yield say("Somebody saw to an incident after {took} on average.", took=took)
    if week.mttr_s is not None:
        yield say("One was over after {took} on average.", took=duration(week.mttr_s, lang))
    if week.noisiest is not None:
        yield say_n(
            "The noisiest target was {target}, with {n} incident.",
            "The noisiest target was {target}, with {n} incidents.",
            len(week.noisiest.incidents),
            target=week.noisiest.target.name,
        )
    if week.frequent is not None:
        code, n = week.frequent
        yield say_n(
            "The most frequent cause: {title} ({n} time).",
            "The most frequent cause: {title} ({n} times).",
            n,
            title=translate(causes.describe(code).title, lang),
        )


def _line(one: TargetWeek, lang: str) -> str:
    reckoned = one.availability
    parts = [f"*{escape(one.target.name)}*"]
    if reckoned.all_planned:
        parts.append(translate(say("planned work"), lang))
    elif reckoned.uptime is None:
        parts.append(translate(say("not watched"), lang))
    else:
        parts.append(percent(reckoned.uptime, lang))
    n = len(one.incidents)
    if n:
        parts.append(translate(say_n("{n} incident", "{n} incidents", n), lang))
    if reckoned.down_s > 0:
        took = duration(reckoned.down_s, lang)
        parts.append(sentence(say("down for {took} in all", took=took), lang))
    return " · ".join(parts)
