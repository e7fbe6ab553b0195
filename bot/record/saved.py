"""Reports as files: what `wsdiag check --save` writes and `wsdiag judge` reads (docs/reports.md).

The envelope round a report holds what the verdict depends on beside the findings: the target's
settings. It never holds what a target is sent as a secret (headers, auth, query, user info, proxy),
and what looks like a secret in the evidence is masked. Golden fixtures are such files, with the
verdict that they must get.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from bot import __version__, urls
from bot.evidence import CorsEvidence, NamespaceEvidence
from bot.model import Json, Reason, Report, State, Status, Target, Verdict
from bot.record import codec as data
from bot.record.codec import RecordError
from bot.record.scrubbing import scrubbed
from bot.record.scrubbing import text as scrubbed_text

KIND: Final = "wsdiag report"
ENVELOPE: Final = 1
LARGEST: Final = 16 * 1024 * 1024  # bytes; a report is some tens of kilobytes

# The settings that a verdict, its follow-ups or a reader can depend on. All others stay at home.
_SETTINGS: Final = (
    "name",
    "url",
    "fallback_urls",
    "path",
    "namespace",
    "origin",
    "health_path",
    "client",
    "allow_private",
)


@dataclass(frozen=True, slots=True)
class Expected:
    """The verdict that a report must get, as far as somebody knows it; None: nobody said.

    code: a row of the catalogue; "" means that no cause is to be named.
    wrong: the code that a person called wrong without knowing the right one.
    """

    state: str | None = None
    code: str | None = None
    confidence: str | None = None
    wrong: str | None = None

    def met(self, verdict: Verdict) -> bool:
        """Whether a verdict is what it must be."""
        cause = verdict.cause
        code = cause.code if cause else ""
        return (
            self.state in (None, verdict.state.value)
            and self.code in (None, code)
            and self.confidence in (None, cause.confidence.value if cause else "")
            and (self.wrong is None or self.wrong != code)
        )


@dataclass(frozen=True, slots=True)
class Saved:
    """A report with what is needed to judge it again.

    version: of the wsdiag that wrote it. about: where it is from, in a few words.
    """

    target: Target
    report: Report
    version: str = __version__
    about: str = ""
    expected: Expected | None = None


def dumps(saved: Saved) -> str:
    """The text of a file. Lossless but for what is, or looks like, a secret."""
    content: Json = {
        "kind": KIND,
        "format": ENVELOPE,
        "wsdiag": saved.version,
        "about": scrubbed_text(saved.about),
        "target": scrubbed(_settings(saved.target)),
    }
    if saved.expected is not None:
        content["expected"] = data.plain(saved.expected)
    content["report"] = scrubbed(data.to_json(saved.report))
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def loads(text: str) -> Saved:
    """Read the text of a file, of this version or another.

    Raises:
        RecordError: it is something else, or of a format that this version does not know.
    """
    try:
        content = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise RecordError("it is no report of wsdiag") from error
    except ValueError as error:
        raise RecordError("it is not JSON") from error
    if not isinstance(content, dict) or content.get("kind") != KIND:
        if isinstance(content, dict) and {"vantage", "findings", "state"} <= set(content):
            raise RecordError("this is what --json prints; a report comes from check --save")
        raise RecordError("it is no report of wsdiag")
    version = str(content.get("wsdiag") or "?")[:40]
    if content.get("format") != ENVELOPE:
        raise RecordError(f"wsdiag {version} wrote it in a format that this version does not know")
    try:
        return Saved(
            target=_target(content["target"]),
            report=data.from_json(_mapping(content["report"])),
            version=version,
            about=str(content.get("about") or ""),
            expected=_expected(content.get("expected")),
        )
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError(f"the saved report cannot be read: {error}") from error


def was_cut_short(report: Report) -> bool:
    """Whether the run's own deadline kept this report from a verdict: `judge` has to be told.

    The state hangs on the namespace. One that a deadline cut off gave no verdict only if the whole
    run ended there; its own deadline is the target's silence, and was judged as such.
    """
    cut = any(
        f.probe == "namespace" and f.status is Status.SKIPPED and f.reason is Reason.DEADLINE
        for f in report.findings
    )
    return cut and report.verdict.state is State.UNKNOWN


def target_of(report: Report) -> Target:
    """The target as far as its report tells: for a report whose settings nobody kept."""
    space = next((f.evidence.namespace for f in report.findings
                  if isinstance(f.evidence, NamespaceEvidence)), "/")  # fmt: skip
    origin = next((f.evidence.origin for f in report.findings
                   if isinstance(f.evidence, CorsEvidence)), None)  # fmt: skip
    return Target(report.target_name, report.target_url, namespace=space or "/", origin=origin)


def without_secrets(target: Target) -> Target:
    """The settings of a target that a file may hold; every other one is at its default."""
    kept: dict[str, Any] = {name: getattr(target, name) for name in _SETTINGS}
    kept["url"] = urls.without_secrets(target.url)
    kept["fallback_urls"] = tuple(map(urls.without_secrets, target.fallback_urls))
    if target.origin is not None and target.origin != "null":
        kept["origin"] = urls.without_secrets(target.origin)
    if target.health_path is not None:
        kept["health_path"] = target.health_path.partition("?")[0]
    return Target(**kept)


def _settings(target: Target) -> Json:
    safe = without_secrets(target)
    return {name: data.plain(getattr(safe, name)) for name in _SETTINGS}


def _target(content: Any) -> Target:
    given = _mapping(content)
    known = {name: given[name] for name in _SETTINGS if name in given}
    return data.settings_from_json(Target, known)


def _expected(content: Any) -> Expected | None:
    if content is None:
        return None
    return data.settings_from_json(Expected, _mapping(content))


def _mapping(content: Any) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise TypeError("an object was expected")
    return content


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
