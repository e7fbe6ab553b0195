"""The `--json` object of the command line: scripts build on it (docs/design, command line)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot import causes
from bot.locales import translate
from bot.model import Finding, Json, Message, Named, Report, State
from bot.record import plain

EXIT_CODES: Mapping[State, int] = {
    State.UP: 0,
    State.DEGRADED: 1,
    State.DOWN: 2,
    State.UNKNOWN: 3,
}

GuideUrl = Callable[[Named, str], str | None]


def contract(report: Report, lang: str, guide_url: GuideUrl) -> Json:
    """The report as the one object that `wsdiag check --json` prints.

    guide_url: (cause, language) → the address of its place in the guide, or None.
    """
    verdict = report.verdict
    return {
        "target": {"name": report.target_name, "url": report.target_url},
        "vantage": report.vantage,
        "state": verdict.state.value,
        "cause": _cause(report, lang, guide_url) if verdict.cause else None,
        "alternatives": list(verdict.alternatives),
        "findings": [_finding(f, lang) for f in report.findings],
        "started_at": report.started_at.isoformat(),
        "duration_ms": round(report.duration_ms, 1),
    }


def _cause(report: Report, lang: str, guide_url: GuideUrl) -> Json:
    named = report.verdict.cause
    assert named is not None  # noqa: S101  (the caller has looked)
    row = causes.CATALOGUE.get(named.code) or causes.unrecognised(named.layer)
    return {
        "code": named.code,
        "layer": named.layer.value,
        "section": named.section.value,
        "confidence": named.confidence.value,
        "title": translate(row.title, lang),
        "fix": translate(row.fix, lang),
        "why": " ".join(translate(message, lang) for message in report.verdict.why),
        "guide_url": guide_url(named, lang),
    }


def _finding(finding: Finding, lang: str) -> Json:
    evidence = _translated(plain(finding.evidence), lang)
    evidence.pop("kind", None)
    if finding.address is not None:
        evidence.setdefault("address", finding.address)
    return {
        "probe": finding.probe,
        "status": finding.status.value,
        "reason": finding.reason.value if finding.reason else None,
        "duration_ms": round(finding.duration_ms, 1),
        "evidence": evidence,
    }


def _translated(value: Any, lang: str) -> Any:
    """Sentences inside evidence (the lint's advice) as text."""
    if isinstance(value, dict):
        if set(value) == {"text", "values", "plural"}:
            return translate(Message(value["text"], value["values"], value["plural"]), lang)
        return {key: _translated(item, lang) for key, item in value.items()}
    if isinstance(value, list):
        return [_translated(item, lang) for item in value]
    return value
