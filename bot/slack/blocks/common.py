"""What several surfaces show alike: the verdict's face, the cause, the evidence, the buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import causes
from bot.causes import Cause
from bot.guide import GuideLinks
from bot.locales import translate
from bot.model import Named, Report, Section, State, Status, Verdict, say
from bot.slack.blocks.kit import BUTTON_TEXT, Block, button, context, paragraphs
from bot.slack.mrkdwn import escape, plain, sentence
from bot.wording import (
    CONFIDENCES,
    NO_VERDICT_IMPACT,
    Fact,
    evidence_lines,
    latency,
    reason,
    skipped,
)

RUN_AGAIN = "run_again"
RUN_AGAIN_IN_THREAD = "run_again_in_thread"  # on an incident: its thread holds what was tried
GUIDE_LINK = "guide_link"
GUIDE_MODAL = "guide_modal"

FACES: Mapping[State, str] = {
    State.UP: "🟢",
    State.DEGRADED: "🟡",
    State.DOWN: "🔴",
    State.UNKNOWN: "⚪",
}

MARKS: Mapping[Status, str] = {
    Status.OK: "✅",
    Status.WARN: "⚠️",
    Status.FAIL: "❌",
    Status.SKIPPED: "➖",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a message is for: the language, and how to reach the guide from where they are."""

    lang: str
    links: GuideLinks


def row(cause: Named) -> Cause:
    """The catalogue's words for a named cause, also for one that this version does not know."""
    return causes.CATALOGUE.get(cause.code) or causes.unrecognised(cause.layer)


def impact(report: Report, lang: str) -> str:
    """What users feel, in a sentence."""
    verdict = report.verdict
    if verdict.cause is not None:
        return sentence(row(verdict.cause).impact, lang)
    if verdict.state is State.UNKNOWN:
        return sentence(NO_VERDICT_IMPACT, lang)
    if verdict.state is State.UP:
        return _well(report, lang)
    return sentence(say("Clients connect, but not everything works as it should."), lang)


def _well(report: Report, lang: str) -> str:
    ms = latency(report.findings).rtt_ms
    if ms is None:
        return sentence(say("Clients connect."), lang)
    return sentence(say("Clients connect; a message takes {ms} ms there and back.", ms=ms), lang)


def labelled(label: str, text: str) -> str:
    """`*Label:* text` as one line of mrkdwn; both parts are already translated and escaped."""
    return f"*{label}* {text}"


def cause_lines(verdict: Verdict, lang: str) -> list[str]:
    """Cause with its confidence, and the fix; nothing where no cause is named."""
    if verdict.cause is None:
        return []
    found = row(verdict.cause)
    sure = sentence(CONFIDENCES[verdict.cause.confidence], lang)
    return [
        labelled(translate(say("Cause:"), lang), f"{sentence(found.title, lang)} _({sure})_"),
        labelled(translate(say("Fix:"), lang), sentence(found.fix, lang)),
    ]


def evidence_blocks(report: Report, lang: str) -> list[Block]:
    """The layers as compact lines, then what was not looked at and why."""
    lines = [
        " · ".join(
            [f"{MARKS[line.status]} *{sentence(line.label, lang)}*"]
            + [_fact(fact, lang) for fact in line.facts]
        )
        for line in evidence_lines(report.findings)
    ]
    by_reason: dict[str, list[str]] = {}
    for probe, why in skipped(report.findings):
        words = reason(why)
        names = by_reason.setdefault(sentence(words, lang) if words else "", [])
        name = sentence(probe, lang)
        if name not in names:
            names.append(name)
    for words_of, names in by_reason.items():
        lines.append(
            f"{MARKS[Status.SKIPPED]} {', '.join(names)}" + (f" · {words_of}" if words_of else "")
        )
    return paragraphs(lines)


def _fact(fact: Fact, lang: str) -> str:
    words = sentence(fact.words, lang, limit=160)
    return f"{escape(fact.about, 120)}: {words}" if fact.about else words


def reasoning_blocks(verdict: Verdict, lang: str) -> list[Block]:
    """Why this verdict, what else could be, what else is wrong, and what to set differently."""
    blocks: list[Block] = []
    if verdict.why:
        lines = [f"*{translate(say('Why'), lang)}*"]
        lines += [f"• {sentence(message, lang)}" for message in verdict.why]
        blocks += paragraphs(lines)
    other = [sentence(causes.describe(code).title, lang) for code in verdict.alternatives[:5]]
    if other:
        blocks.append(context(labelled(translate(say("Could also be:"), lang), " · ".join(other))))
    also = [sentence(causes.describe(code).title, lang) for code in verdict.also[:5]]
    if also:
        blocks.append(context(labelled(translate(say("Also seen:"), lang), " · ".join(also))))
    if verdict.advice:
        lines = [f"*{translate(say('Advice on the client settings'), lang)}*"]
        lines += [f"• {sentence(message, lang)}" for message in verdict.advice]
        blocks += paragraphs(lines)
    return blocks


def run_again_button(report_id: str, lang: str, *, in_thread: bool = False) -> Block:
    """Check the same thing again; `in_thread` answers below the message."""
    label = plain(say("Run again"), lang, limit=BUTTON_TEXT)
    return button(label, RUN_AGAIN_IN_THREAD if in_thread else RUN_AGAIN, value=report_id)


def guide_button(cause: Named | None, report_id: str, reader: Reader) -> Block:
    """A link to the guide's section where the guide has an address, else a button for a modal."""
    section = cause.section if cause else Section.DIAGNOSTICS
    code = cause.code if cause else None
    url = reader.links.url(section, code, reader.lang)
    label = plain(say("Guide"), reader.lang, limit=BUTTON_TEXT)
    if url is not None:
        return button(label, GUIDE_LINK, url=url)
    return button(label, GUIDE_MODAL, value=report_id)
