"""What several surfaces show alike: the verdict's face, the cause, the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import causes
from bot.causes import Cause
from bot.compare import Difference, differences, telling
from bot.guide import GuideLinks
from bot.locales import translate
from bot.model import Message, Named, Report, State, Status, Verdict, say
from bot.slack.blocks.kit import HEADER_TEXT, Block, container, context, header, paragraphs
from bot.slack.blocks.mrkdwn import escape, plain, sentence, when
from bot.wording import (
    Fact,
    evidence_lines,
    headline,
    impact,
    reason,
    skipped,
)

FACES: Mapping[State, str] = {
    State.UP: "🟢",
    State.DEGRADED: "🟡",
    State.DOWN: "🔴",
    State.UNKNOWN: "⚪",
    State.FLAPPING: "🟠",
}

MARKS: Mapping[Status, str] = {
    Status.OK: "✅",
    Status.WARN: "⚠️",
    Status.FAIL: "❌",
    Status.SKIPPED: "➖",
}
_ASKED = "🔎"  # a follow-up: what it found is in its words, not in a mark
_OTHERS_SHOWN = 5
_CHANGED = say("Changed since the last good run")
_DETAILS = say("Evidence, layer by layer")


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a message is for: the language, and how to reach the guide from where they are."""

    lang: str
    links: GuideLinks


def row(cause: Named) -> Cause:
    """The catalogue's words for a named cause, also for one that this version does not know."""
    return causes.CATALOGUE.get(cause.code) or causes.unrecognised(cause.layer)


def users(report: Report, lang: str) -> str:
    """What users feel, behind its label."""
    return labelled(translate(say("Users:"), lang), sentence(impact(report), lang))


def trouble_words(target: str, state: State, cause: Named | None, lang: str) -> Message:
    """A state in one sentence, with its cause where one is named: `prod is down: ….`"""
    if cause is None:
        return say("{headline}.", headline=translate(headline(target, state), lang))
    title = translate(row(cause).title, lang)
    if state is State.DOWN:
        return say("{target} is down: {title}.", target=target, title=title)
    if state is State.DEGRADED:
        return say("{target} is degraded: {title}.", target=target, title=title)
    if state is State.FLAPPING:
        return say("{target} is flapping: {title}.", target=target, title=title)
    return say("{target}: {title}.", target=target, title=title)


def verdict_words(report: Report, lang: str) -> Message:
    """The verdict in one sentence."""
    verdict = report.verdict
    return trouble_words(report.target_name, verdict.state, verdict.cause, lang)


def verdict_header(report: Report, lang: str) -> Block:
    """The verdict as the first line of a message."""
    words = plain(verdict_words(report, lang), lang, limit=HEADER_TEXT - 4)
    return header(f"{FACES[report.verdict.state]} {words.rstrip('.')}")


def fix_lines(cause: Named | None, lang: str) -> list[str]:
    """What to do about the cause; nothing where none is named."""
    if cause is None:
        return []
    return [labelled(translate(say("Fix:"), lang), sentence(row(cause).fix, lang))]


def changed_blocks(before: Report | None, after: Report, lang: str) -> list[Block]:
    """What is not as it was in the last good report of the same target, the most telling first."""
    if before is None or before.target_url != after.target_url:
        return []
    found = telling(differences(before, after))
    if not found:
        return []
    heading = f"*{sentence(_CHANGED, lang)}* ({when(before.started_at, lang)})"
    return [context(f"{heading}: {' · '.join(_change(one, lang) for one in found)}")]


def _change(one: Difference, lang: str) -> str:
    was, now = sentence(one.before, lang, limit=80), sentence(one.after, lang, limit=80)
    return f"{sentence(one.label, lang)}: {was} → {now}"


def details(report: Report, lang: str, *, brief: bool = False) -> tuple[Block, ...]:
    """What speaks for the verdict, layer by layer: behind a line, for whoever wants to know."""
    verdict = report.verdict
    return container(
        plain(_DETAILS, lang, limit=HEADER_TEXT),
        [
            *why_blocks(verdict, lang),
            *evidence_blocks(report, lang, brief=brief),
            *other_blocks(verdict, lang),
            *advice_blocks(verdict, lang),
        ],
    )


def labelled(label: str, text: str) -> str:
    """`*Label:* text` as one line of mrkdwn; both parts are already translated and escaped."""
    return f"*{label}* {text}"


def evidence_blocks(report: Report, lang: str, *, brief: bool = False) -> list[Block]:
    """The layers as compact lines, then what was not looked at and why.

    `brief`: the layers that are well share one line, without their figures.
    """
    told: list[str] = []
    well: list[str] = []
    for line in evidence_lines(report.findings):
        name = sentence(line.label, lang)
        if brief and line.status is Status.OK and line.probe != "history":
            if not line.follow_up:
                well.append(name)
            continue
        mark = _ASKED if line.follow_up else MARKS[line.status]
        told.append(" · ".join([f"{mark} *{name}*"] + [_fact(fact, lang) for fact in line.facts]))
    if well:
        told.append(f"{MARKS[Status.OK]} {', '.join(well)}")
    return paragraphs([*told, *_skipped_lines(report, lang)])


def _skipped_lines(report: Report, lang: str) -> list[str]:
    """`➖ Polling, WebSocket · a lower layer failed first`, a line per reason."""
    by_reason: dict[str, list[str]] = {}
    for probe, why in skipped(report.findings):
        words = reason(why)
        names = by_reason.setdefault(sentence(words, lang) if words else "", [])
        name = sentence(probe, lang)
        if name not in names:
            names.append(name)
    return [
        " · ".join(filter(None, [f"{MARKS[Status.SKIPPED]} {', '.join(names)}", words]))
        for words, names in by_reason.items()
    ]


def _fact(fact: Fact, lang: str) -> str:
    words = sentence(fact.words, lang, limit=160)
    return f"{escape(fact.about, 120)}: {words}" if fact.about else words


def why_blocks(verdict: Verdict, lang: str) -> list[Block]:
    """The evidence in sentences: what speaks for this verdict."""
    return _listed(say("Why:"), verdict.why, lang)


def other_blocks(verdict: Verdict, lang: str) -> list[Block]:
    """What else could be, and what else is wrong."""
    blocks: list[Block] = []
    for words, codes in (
        (say("Could also be:"), verdict.alternatives),
        (say("Also seen:"), verdict.also),
    ):
        titles = [sentence(causes.describe(code).title, lang) for code in codes[:_OTHERS_SHOWN]]
        if titles:
            blocks.append(context(labelled(translate(words, lang), " · ".join(titles))))
    return blocks


def advice_blocks(verdict: Verdict, lang: str) -> list[Block]:
    """What to set differently in the browser client; it has no part in the verdict."""
    return _listed(say("Advice on the client settings:"), verdict.advice, lang)


def _listed(head: Message, messages: Sequence[Message], lang: str) -> list[Block]:
    """One sentence beside its heading, several below it."""
    sentences = [sentence(message, lang) for message in messages]
    heading = translate(head, lang)
    if not sentences:
        return []
    if len(sentences) == 1:
        return [context(labelled(heading, sentences[0]))]
    return paragraphs([f"*{heading}*", *(f"• {text}" for text in sentences)])
