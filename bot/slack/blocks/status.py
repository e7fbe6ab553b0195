"""All targets at a glance: for `/wsdiag status` and the App Home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot import causes, patterns
from bot.evidence import Pattern, TlsEvidence
from bot.locales import translate
from bot.model import Message, Report, State, Target, Transport, say, say_n
from bot.quiet import Silence
from bot.slack.blocks.common import FACES
from bot.slack.blocks.kit import Post, header, paragraphs, post, section
from bot.slack.blocks.mrkdwn import escape, plain, sentence, when
from bot.slack.blocks.quiet import silence_lines
from bot.wording import headline, milliseconds

if TYPE_CHECKING:
    from bot.watcher import Snapshot

_PATTERNS = 2  # shown of a target; `/wsdiag NAME` shows the rest
_WORST_FIRST = (State.DOWN, State.FLAPPING, State.DEGRADED, State.UNKNOWN, State.UP)


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """How one target is, as the watcher knows it. None: not known (yet)."""

    name: str
    url: str
    state: State
    since: datetime | None = None
    transport: Transport | None = None
    rtt_ms: float | None = None
    cause: str | None = None  # a code of the catalogue
    certificate_until: datetime | None = None  # of the one that ends first, as last seen
    patterns: tuple[Pattern, ...] = ()  # what recurs, whether it hurts or not

    @classmethod
    def of(cls, target: Target, snapshot: Snapshot | None) -> TargetStatus:
        """A target as its watcher sees it; None: it is not watched yet."""
        if snapshot is None:
            return cls(target.name, target.url, State.UNKNOWN)
        incident = snapshot.incident
        return cls(
            name=target.name,
            url=target.url,
            state=snapshot.state,
            since=snapshot.since,
            transport=snapshot.transport,
            rtt_ms=snapshot.rtt_ms,
            cause=incident.cause.code if incident and incident.cause else None,
            certificate_until=_certificate_until(snapshot.last_report),
            patterns=snapshot.memory.patterns if snapshot.memory else (),
        )


def _certificate_until(report: Report | None) -> datetime | None:
    """When the first of a backend's certificates ends."""
    seen = [
        found.evidence.certificate.not_after
        for found in (report.findings if report else ())
        if isinstance(found.evidence, TlsEvidence) and found.evidence.certificate is not None
    ]
    return min(seen, default=None)


def status(
    targets: Sequence[TargetStatus], lang: str, quiet: Mapping[str, Silence] | None = None
) -> Post:
    """The worst first, a line or two each, so that trouble is on the first screen of a phone.

    `quiet`: the targets of which nobody is alerted, by name.
    """
    silent = quiet or {}
    if not targets:
        text = translate(say("No target is configured yet. The README says how to add one."), lang)
        return post(text, [section(text)])
    ordered = worst_first(targets)
    words = in_words(targets)
    return post(
        sentence(words, lang),
        [header(plain(words, lang))] if len(targets) > 1 else [],
        paragraphs(
            (line for t in ordered for line in _lines(t, silent.get(t.name), lang)),
            section,
            limit=2_000,
        ),
    )


def worst_first(targets: Sequence[TargetStatus]) -> list[TargetStatus]:
    """The order in which they are shown."""
    return sorted(targets, key=lambda t: (_WORST_FIRST.index(t.state), t.name))


def in_words(targets: Sequence[TargetStatus]) -> Message:
    """How they are together, without a full stop where there is one."""
    if len(targets) == 1:
        return headline(targets[0].name, targets[0].state)
    well = sum(1 for target in targets if target.state is State.UP)
    if well == len(targets):
        return say_n("{n} target is up.", "All {n} targets are up.", well)
    ill = len(targets) - well
    return say_n(
        "{n} target of {all} needs a look.",
        "{n} targets of {all} need a look.",
        ill,
        all=len(targets),
    )


def _lines(target: TargetStatus, silence: Silence | None, lang: str) -> Iterator[str]:
    """A target in a line; below it why nobody is alerted of it, and what recurs."""
    yield line(target, lang)
    for why in silence_lines(silence, lang) if silence else ():
        yield f"        {why}"
    for pattern in target.patterns[:_PATTERNS]:
        yield f"        🔁 {sentence(patterns.headline(pattern), lang)}"


def line(target: TargetStatus, lang: str) -> str:
    """`🟢 *prod is up* · websocket · 38 ms · since 12:01`."""
    parts = [f"{FACES[target.state]} *{sentence(headline(target.name, target.state), lang)}*"]
    if target.cause is not None:
        parts.append(sentence(causes.describe(target.cause).title, lang))
    if target.transport is not None:
        parts.append(escape(target.transport))
    if target.rtt_ms is not None:
        parts.append(sentence(milliseconds(target.rtt_ms), lang))
    if target.since is not None:
        parts.append(f"{translate(say('since'), lang)} {when(target.since, lang, dated=True)}")
    return " · ".join(parts)
