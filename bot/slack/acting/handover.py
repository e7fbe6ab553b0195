"""What is handed over with an incident, as files for whoever takes it on. Pure.

Guide section 7 says what developers need: the verdict, since when, who is affected, the logs, and
no tokens. `document` is for reading, the reports are for `wsdiag judge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bot import __version__, causes, record
from bot.incidents import Incident
from bot.locales import duration, translate
from bot.model import Message, Report, Target, say
from bot.slack.blocks.timeline import Entry
from bot.wording import CONFIDENCES, evidence_lines, headline, reason, skipped

if TYPE_CHECKING:
    from bot.watcher import LogLine

_MARKS: Final = {"ok": "+", "warn": "!", "fail": "X", "skipped": "-"}
_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class Case:
    """An incident with all that is known of it. `target` is as it is set now, if it still is."""

    incident: Incident
    target: Target
    entries: tuple[Entry, ...]
    log: tuple[LogLine, ...]

    @property
    def report(self) -> Report | None:
        """The look that names the cause."""
        return self.incident.report


def document(cases: Sequence[Case], by: str, note: str, at: datetime, lang: str) -> str:
    """The hand-over as a text, all times in UTC.

    by: who hands over, in plain words. Masking secrets is for the caller, who knows them.
    """
    lines = [
        _say(say("Hand-over by wsdiag {version}", version=__version__), lang),
        _say(say("{time}, by {person}", time=_time(at), person=by), lang),
    ]
    if note.strip():
        lines += ["", *_head(say("Note"), lang), *note.strip().splitlines()]
    for case in cases:
        lines += ["", *_case(case, at, lang)]
    return "\n".join(lines) + "\n"


def report_file(case: Case) -> str | None:
    """The report as `wsdiag check --save` writes it; None where none was kept."""
    if case.report is None:
        return None
    return record.dumps(record.Saved(case.target, case.report, about=case.incident.id))


def file_name(targets: Iterable[str], at: datetime, ending: str) -> str:
    """A name that every system takes, and that sorts: `prod-2026-11-26T2130-handover.txt`."""
    named = "-".join(targets)
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in named)
    return f"{kept.strip('-')[:_NAME] or 'target'}-{at:%Y-%m-%dT%H%M}-{ending}"


def _case(case: Case, at: datetime, lang: str) -> Iterator[str]:
    incident, report = case.incident, case.report
    yield _rule(_say(headline(incident.target, incident.state), lang), "=")
    lasted = duration(((incident.closed_at or at) - incident.opened_at).total_seconds(), lang)
    yield _say(say("Since {time} ({lasted})", time=_time(incident.opened_at), lasted=lasted), lang)
    if report is not None:
        yield report.target_url
        yield from _verdict(report, lang)
        yield from _evidence(report, lang)
    yield from ("", *_head(say("Timeline"), lang))
    yield from (f"{_time(entry.at)}  {entry.text}" for entry in case.entries)
    yield from ("", *_head(say("Connection log"), lang))
    if not case.log:
        yield _say(say("(no connection is held to this target)"), lang)
    yield from (f"{_time(line.at)}  {line.text}" for line in case.log)


def _verdict(report: Report, lang: str) -> Iterator[str]:
    verdict = report.verdict
    if verdict.cause is not None:
        row = causes.describe(verdict.cause.code)
        sure = _say(CONFIDENCES[verdict.cause.confidence], lang)
        yield f"{_say(say('Cause:'), lang)} {_say(row.title, lang)} [{row.code}] ({sure})"
        yield f"{_say(say('Users:'), lang)} {_say(row.impact, lang)}"
        yield f"{_say(say('Fix:'), lang)} {_say(row.fix, lang)}"
    for words, codes in (
        (say("Could also be:"), verdict.alternatives),
        (say("Also seen:"), verdict.also),
    ):
        if codes:
            yield f"{_say(words, lang)} {', '.join(codes)}"
    if verdict.why:
        yield from ("", *_head(say("Why"), lang))
        yield from (f"- {_say(message, lang)}" for message in verdict.why)


def _evidence(report: Report, lang: str) -> Iterator[str]:
    yield from ("", *_head(say("Evidence"), lang))
    for line in evidence_lines(report.findings):
        facts = [
            f"{fact.about}: {_say(fact.words, lang)}" if fact.about else _say(fact.words, lang)
            for fact in line.facts
        ]
        mark = "?" if line.follow_up else _MARKS[line.status]  # a look judges nothing
        yield f"{mark} {_say(line.label, lang)}: {'; '.join(facts)}"
    for probe, why in skipped(report.findings):
        words = reason(why)
        yield f"- {_say(probe, lang)}" + (f": {_say(words, lang)}" if words else "")


def _head(words: Message, lang: str) -> Iterator[str]:
    yield _rule(_say(words, lang), "-")


def _rule(text: str, sign: str) -> str:
    return f"{text}\n{sign * min(len(text), 80)}"


def _say(message: Message, lang: str) -> str:
    """In one line of printable text: what a server says must not look like a line of ours."""
    text = translate(message, lang)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _time(at: datetime) -> str:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S") + f".{at.microsecond // 1000:03d}Z"
