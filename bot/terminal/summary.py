"""The summary of a report for a terminal: verdict, users, cause, fix; then the evidence."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bot import causes
from bot.locales import duration, translate
from bot.model import Message, Report, State, Verdict, say
from bot.terminal.contract import GuideUrl
from bot.terminal.style import MARKS, STATE_MARKS, STATE_STYLES, STYLES
from bot.wording import (
    CONFIDENCES,
    NO_VERDICT_IMPACT,
    Fact,
    evidence_lines,
    headline,
    latency,
    reason,
    skipped,
)


def print_summary(console: Console, report: Report, lang: str, guide_url: GuideUrl) -> None:
    """Write the summary. Text from outside is printed as text: no markup, no control codes."""
    verdict = report.verdict
    head = Text(f"{STATE_MARKS[verdict.state]} ", style=STATE_STYLES[verdict.state])
    head.append(translate(headline(report.target_name, verdict.state), lang))
    head.append(f"  {_clean(report.target_url)}", style="dim")
    console.print(head)
    console.print(_essentials(report, lang, guide_url))
    console.print(Padding(_evidence(report, lang), (1, 0, 0, 0)))
    _notes(console, verdict, lang)
    took = say(
        "Checked from {vantage} in {took}.",
        vantage=report.vantage,
        took=duration(report.duration_ms / 1000, lang),
    )
    console.print(Text(f"\n{translate(took, lang)}", style="dim"))


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)


def _say(message: Message, lang: str) -> str:
    return _clean(translate(message, lang))


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _essentials(report: Report, lang: str, guide_url: GuideUrl) -> Table:
    verdict = report.verdict
    table = _grid()
    table.add_row(_say(say("Users:"), lang), Text(_impact(report, lang)))
    if verdict.cause is not None:
        row = causes.CATALOGUE.get(verdict.cause.code) or causes.unrecognised(verdict.cause.layer)
        title = Text(_say(row.title, lang))
        title.append(f"  [{verdict.cause.code}]", style="dim")
        table.add_row(_say(say("Cause:"), lang), title)
        table.add_row("", Text(_say(CONFIDENCES[verdict.cause.confidence], lang), style="dim"))
        table.add_row(_say(say("Fix:"), lang), Text(_say(row.fix, lang)))
    for message in verdict.why:
        table.add_row(_say(say("Why:"), lang), Text(_say(message, lang)))
    if verdict.cause is not None:
        place = guide_url(verdict.cause, lang) or _say(
            say("section {section}", section=verdict.cause.section.value), lang
        )
        table.add_row(_say(say("Guide:"), lang), Text(place))
    return table


def _impact(report: Report, lang: str) -> str:
    verdict = report.verdict
    if verdict.cause is not None:
        row = causes.CATALOGUE.get(verdict.cause.code) or causes.unrecognised(verdict.cause.layer)
        return _say(row.impact, lang)
    if verdict.state is State.UNKNOWN:
        return _say(NO_VERDICT_IMPACT, lang)
    rtt = latency(report.findings).rtt_ms
    if rtt is None:
        return _say(say("Clients connect."), lang)
    return _say(say("Clients connect; a message takes {ms} ms there and back.", ms=rtt), lang)


def _evidence(report: Report, lang: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for line in evidence_lines(report.findings):
        style = STYLES[line.status]
        table.add_row(
            Text(MARKS[line.status], style=style),
            Text(_say(line.label, lang), style=style),
            Text(" · ".join(_facts(line.facts, lang))),
        )
    for name, why in skipped(report.findings):
        words = reason(why)
        table.add_row(
            Text("–", style="dim"),
            Text(_say(name, lang), style="dim"),
            Text(_say(words, lang) if words else "", style="dim"),
        )
    return table


def _facts(facts: Iterable[Fact], lang: str) -> Iterable[str]:
    for fact in facts:
        words = _say(fact.words, lang)
        yield f"{_clean(fact.about)}: {words}" if fact.about else words


def _notes(console: Console, verdict: Verdict, lang: str) -> None:
    table = _grid()
    for code in verdict.alternatives[:5]:
        table.add_row(_say(say("Could also be:"), lang), _titled(code, lang))
    for code in verdict.also[:5]:
        table.add_row(_say(say("Also seen:"), lang), _titled(code, lang))
    for message in verdict.advice:
        table.add_row(_say(say("Advice:"), lang), Text(_say(message, lang)))
    if table.row_count:
        console.print(Padding(table, (1, 0, 0, 0)))


def _titled(code: str, lang: str) -> Text:
    title = Text(_say(causes.describe(code).title, lang))
    title.append(f"  [{code}]", style="dim")
    return title
