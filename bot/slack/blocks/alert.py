"""An incident in the channel: one message, rewritten as things change, and its thread."""

from __future__ import annotations

from datetime import datetime

from bot.locales import duration, translate
from bot.model import Delivery, Message, Report, State, say
from bot.slack.blocks.buttons import incident_buttons
from bot.slack.blocks.common import (
    FACES,
    Reader,
    cause_lines,
    evidence_blocks,
    impact,
    labelled,
    other_blocks,
    row,
    why_blocks,
)
from bot.slack.blocks.kit import HEADER_TEXT, Block, Post, context, header, post, section
from bot.slack.mrkdwn import escape, plain, sentence, when
from bot.wording import headline

_FLAPPING = say("It keeps coming and going: the next message follows when it stays up or down.")


def trouble(delivery: Delivery, report_id: str | None, reader: Reader, note: str = "") -> Post:
    """The incident while it lasts: state, what users feel, cause, fix, since when.

    `note` is a line of mrkdwn about the delivery itself (another channel than configured, say).
    """
    lang, report = reader.lang, delivery.report
    words = headline(delivery.target, delivery.state)
    lines = []
    if report is not None:
        lines = [
            labelled(translate(say("Users:"), lang), impact(report, lang)),
            *cause_lines(report.verdict, lang),
        ]
    lines.append(labelled(translate(say("Since:"), lang), when(delivery.opened_at, lang)))
    if delivery.state is State.FLAPPING:
        lines.append(sentence(_FLAPPING, lang))
    essential = [
        header(f"{FACES[delivery.state]} {plain(words, lang, limit=HEADER_TEXT - 4)}"),
        section("\n".join(lines)),
        *_noted(note),
    ]
    optional: list[Block] = []
    if report is not None:
        optional = [
            *why_blocks(report.verdict, lang),
            *evidence_blocks(report, lang, brief=True),
            *other_blocks(report.verdict, lang),
            context(escape(report.target_url, 300)),
        ]
    return post(
        _trouble_sentence(delivery, lang), essential, optional, _buttons(report, report_id, reader)
    )


def over(delivery: Delivery, report_id: str | None, reader: Reader, note: str = "") -> Post:
    """The same message once the incident is over: how long, and what it was."""
    lang, report = reader.lang, delivery.report
    lasted = duration(_lasted_s(delivery), lang)
    words = say("{target} is up again", target=delivery.target)
    span = f"{when(delivery.opened_at, lang)} – {when(delivery.at, lang)}"
    lines = [labelled(translate(say("Lasted:"), lang), f"{lasted} ({span})")]
    if report is not None:
        lines += cause_lines(report.verdict, lang)[:1]  # the fix is no longer needed
    return post(
        sentence(_over_words(delivery, lasted), lang),
        [
            header(f"✅ {plain(words, lang, limit=HEADER_TEXT - 4)}"),
            section("\n".join(lines)),
            *_noted(note),
        ],
        (),
        _buttons(report, report_id, reader),
    )


def recovery(delivery: Delivery, lang: str, note: str = "") -> Post:
    """The reply in the thread when the incident ends."""
    text = sentence(_over_words(delivery, duration(_lasted_s(delivery), lang)), lang)
    return post(text, [section(f"✅ {text}"), *_noted(note)])


def worse(delivery: Delivery, lang: str, note: str = "") -> Post:
    """The reply, shown in the channel as well, when what worked in part goes down."""
    report = delivery.report
    cause = report.verdict.cause if report else None
    if cause is None:
        words = say("{target} is down now.", target=delivery.target)
    else:
        words = say(
            "{target} is down now: {title}.",
            target=delivery.target,
            title=translate(row(cause).title, lang),
        )
    text = sentence(words, lang)
    return post(text, [section(f"{FACES[State.DOWN]} {text}"), *_noted(note)])


def _trouble_sentence(delivery: Delivery, lang: str) -> str:
    report = delivery.report
    if report is None or report.verdict.cause is None:
        return f"{sentence(headline(delivery.target, delivery.state), lang)}."
    title = translate(row(report.verdict.cause).title, lang)
    words: Message
    if delivery.state is State.DOWN:
        words = say("{target} is down: {title}.", target=delivery.target, title=title)
    elif delivery.state is State.DEGRADED:
        words = say("{target} is degraded: {title}.", target=delivery.target, title=title)
    elif delivery.state is State.FLAPPING:
        words = say("{target} is flapping: {title}.", target=delivery.target, title=title)
    else:
        words = say("{target}: {title}.", target=delivery.target, title=title)
    return sentence(words, lang)


def _over_words(delivery: Delivery, lasted: str) -> Message:
    return say("{target} is up again after {lasted}.", target=delivery.target, lasted=lasted)


def _lasted_s(delivery: Delivery) -> float:
    at: datetime = delivery.at
    return max(0.0, (at - delivery.opened_at).total_seconds())


def _noted(note: str) -> list[Block]:
    return [context(note)] if note else []


def _buttons(report: Report | None, report_id: str | None, reader: Reader) -> tuple[Block, ...]:
    if report_id is None:
        return ()
    cause = report.verdict.cause if report else None
    return incident_buttons(cause, report_id, reader.lang)
