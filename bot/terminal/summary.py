"""The summary of a report for a terminal: verdict, users, cause, fix; then the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot import causes
from bot.locales import duration, translate
from bot.model import Message, Report, Status, Verdict, say
from bot.terminal.contract import GuideUrl
from bot.terminal.style import (
    LOOK_MARK,
    LOOK_STYLE,
    MARKS,
    STATE_MARKS,
    STATE_STYLES,
    STYLES,
)
from bot.wording import (
    CONFIDENCES,
    Fact,
    evidence_lines,
    headline,
    impact,
    reason,
    skipped,
)


def print_summary(console: Console, report: Report, lang: str, guide_url: GuideUrl) -> None:
    """Write the summary. Text from outside is printed as text: no markup, no control codes."""
    verdict = report.verdict
    head = Text(f"{STATE_MARKS[verdict.state]} ", style=STATE_STYLES[verdict.state])
    head.append(translate(headline(report.target_name, verdict.state), lang))
    head.append(f"  {clean(report.target_url)}", style="dim")
    console.print(head)
    console.print(laid_out(_essentials(report, lang, guide_url), console.width))
    evidence = laid_out(_evidence(report, lang), console.width, gap=1)
    console.print(Padding(evidence, (1, 0, 0, 0)))
    _notes(console, verdict, lang)
    took = say(
        "Checked from {vantage} in {took}.",
        vantage=report.vantage,
        took=duration(report.duration_ms / 1000, lang),
    )
    console.print(Text(f"\n{translate(took, lang)}", style="dim"))


def clean(text: str) -> str:
    """Text from outside without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _say(message: Message, lang: str) -> str:
    return clean(translate(message, lang))


_NARROW: Final = 50  # columns; below, two columns beside each other leave room for neither
_Rows = Sequence[tuple[Text, Text]]


def laid_out(rows: _Rows, width: int, *, gap: int = 2) -> RenderableType:
    """Labels with their texts beside them, or below them where there is no room."""
    if width < _NARROW:
        lines: list[RenderableType] = []
        for label, text in rows:
            if label:
                lines.append(label)
            if text:
                lines.append(Padding(text, (0, 0, 0, 2)))
        return Group(*lines)
    table = Table.grid(padding=(0, gap))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, text)
    return table


def _label(message: Message, lang: str) -> Text:
    return Text(_say(message, lang), style="bold")


def _essentials(report: Report, lang: str, guide_url: GuideUrl) -> _Rows:
    verdict = report.verdict
    rows = [(_label(say("Users:"), lang), Text(_say(impact(report), lang)))]
    if verdict.cause is not None:
        row = causes.CATALOGUE.get(verdict.cause.code) or causes.unrecognised(verdict.cause.layer)
        title = Text(_say(row.title, lang))
        title.append(f"  [{verdict.cause.code}]", style="dim")
        rows.append((_label(say("Cause:"), lang), title))
        sure = _say(CONFIDENCES[verdict.cause.confidence], lang)
        rows.append((Text(""), Text(sure, style="dim")))
        rows.append((_label(say("Fix:"), lang), Text(_say(row.fix, lang))))
    rows += [(_label(say("Why:"), lang), Text(_say(message, lang))) for message in verdict.why]
    if verdict.cause is not None:
        place = guide_url(verdict.cause, lang) or _say(
            say("section {section}", section=verdict.cause.section.value), lang
        )
        rows.append((_label(say("Guide:"), lang), Text(place)))
    return rows


def _evidence(report: Report, lang: str) -> _Rows:
    rows: list[tuple[Text, Text]] = []
    for line in evidence_lines(report.findings):
        mark, style = MARKS[line.status], STYLES[line.status]
        if line.follow_up:
            mark, style = LOOK_MARK, LOOK_STYLE
        name = Text(f"{mark} {_say(line.label, lang)}", style=style)
        rows.append((name, Text(" · ".join(_facts(line.facts, lang)))))
    for probe, why in skipped(report.findings):
        words = reason(why)
        name = Text(f"{MARKS[Status.SKIPPED]} {_say(probe, lang)}", style="dim")
        rows.append((name, Text(_say(words, lang) if words else "", style="dim")))
    return rows


def _facts(facts: Iterable[Fact], lang: str) -> Iterable[str]:
    for fact in facts:
        words = _say(fact.words, lang)
        yield f"{clean(fact.about)}: {words}" if fact.about else words


def _notes(console: Console, verdict: Verdict, lang: str) -> None:
    told: list[tuple[Message, Text]] = [
        *((say("Could also be:"), _titled(code, lang)) for code in verdict.alternatives[:5]),
        *((say("Also seen:"), _titled(code, lang)) for code in verdict.also[:5]),
        *((say("Advice:"), Text(_say(message, lang))) for message in verdict.advice),
    ]
    rows = [(_label(words, lang), text) for words, text in told]
    if rows:
        console.print(Padding(laid_out(rows, console.width), (1, 0, 0, 0)))


def _titled(code: str, lang: str) -> Text:
    title = Text(_say(causes.describe(code).title, lang))
    title.append(f"  [{code}]", style="dim")
    return title
