"""Two reports → what differs between them for a person. Pure.

A difference is told when both reports saw the thing and it matters: another state, cause or issuer,
a round trip ten times as long. What differs between any two runs is left out: session ids, ports
of our own, a few milliseconds, the order of addresses, layers that only follow a broken lower one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from bot import causes
from bot.evidence import (
    AffinityEvidence,
    ConfigEvidence,
    ControlEvidence,
    CorsEvidence,
    DnsEvidence,
    Evidence,
    FallbackEvidence,
    HttpAnswer,
    HttpEvidence,
    NamespaceEvidence,
    Outcome,
    PollingEvidence,
    RttEvidence,
    TcpEvidence,
    TlsEvidence,
    WebSocketEvidence,
)
from bot.model import Finding, Message, Named, Reason, Report, Status, Transport, Verdict, say
from bot.wording import CONFIDENCES, OUTCOMES, REASONS, STATES, is_look, label, milliseconds

VERDICT = "verdict"
_TARGET = "target"
_TELLING_HEADERS = ("server", "via", "x-powered-by", "location")
_SHOWN = 4  # values of a list

_NOTHING = say("nothing")

_TRANSPORTS = {
    Transport.WEBSOCKET: say("WebSocket"),
    Transport.POLLING: say("polling"),
}

# What a person at an alert wants to know first; what the verdict says already is not in it.
_TELLING = (
    ("namespace", "transport"),
    ("tls", "issuer"),
    ("tls", "names"),
    ("tls", "not_after"),
    ("tls", "chain_length"),
    ("rtt", "median_ms"),
    ("dns", "addresses"),
    ("cors", "allow_origin"),
    ("http", "header_server"),
    ("http", "header_via"),
    ("polling", "protocol"),
    ("polling", "heartbeat"),
    ("polling", "upgrades"),
    ("tls", "version"),
    ("tcp", "connect_ms"),
    ("http", "ttfb_ms"),
    ("polling", "ttfb_ms"),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was.

    about: `verdict`, `target`, or the name of the probe that saw it. key: a stable word for
    scripts. label: what it is called. subject: the transport, address or URL it is about, if there
    are several. before, after: the two values in words.
    """

    about: str
    key: str
    label: Message
    before: Message
    after: Message
    subject: str = ""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A thing that a report saw: its name, its words, and the value that is compared."""

    label: Message
    words: Message
    value: object
    noise_ms: float | None = None  # for durations: a smaller change says nothing


_Key = tuple[str, str, str]  # about, key, subject
_Sight = tuple[_Key, _Seen]


def differences(before: Report, after: Report) -> tuple[Difference, ...]:
    """What differs, the most important first: verdict, then layer by layer."""
    return tuple(chain(
        verdict_differences(before.verdict, after.verdict),
        _compared(_facts(before), _facts(after)),
    ))  # fmt: skip


def telling(found: Iterable[Difference], most: int = 3) -> tuple[Difference, ...]:
    """Those that help to see what happened, the most telling first: what was changed, what became
    slow. What a verdict says by itself (that a layer fails) is left to it."""
    rank = {key: place for place, key in enumerate(_TELLING)}
    kept = [one for one in found if (one.about, one.key) in rank]
    return tuple(sorted(kept, key=lambda one: rank[one.about, one.key])[:most])


def verdict_differences(before: Verdict, after: Verdict) -> tuple[Difference, ...]:
    """What differs between two verdicts, on the same findings or on others."""
    return tuple(_compared(_verdict(before), _verdict(after)))


def _compared(before: Iterable[_Sight], after: Iterable[_Sight]) -> Iterator[Difference]:
    then, now = dict(before), dict(after)
    for key, seen in now.items():
        was = then.get(key)
        if was is not None and _differ(was, seen):
            about, name, subject = key
            yield Difference(about, name, seen.label, was.words, seen.words, subject)


def _differ(one: _Seen, other: _Seen) -> bool:
    a, b = one.value, other.value
    if one.noise_ms is not None and isinstance(a, int | float) and isinstance(b, int | float):
        return abs(a - b) >= one.noise_ms and max(a, b) >= 1.5 * min(a, b)
    return a != b


# ---------------------------------------------------------------- the verdict


def _verdict(verdict: Verdict) -> Iterator[_Sight]:
    yield (VERDICT, "state", ""), _Seen(say("State"), STATES[verdict.state], verdict.state)
    cause = verdict.cause
    yield (VERDICT, "cause", ""), _Seen(say("Cause"), _title(cause), cause and cause.code)
    if cause is not None:
        # Of another cause the confidence is no change of the same thing.
        key = (VERDICT, "confidence", cause.code)
        yield key, _Seen(say("Confidence"), CONFIDENCES[cause.confidence], cause.confidence)
    for name, words, codes in (
        ("alternatives", say("Could also be"), verdict.alternatives),
        ("also", say("Also seen"), verdict.also),
    ):
        yield (VERDICT, name, ""), _listed(words, codes)


def _title(cause: Named | None) -> Message:
    if cause is None:
        return _NOTHING
    known = causes.CATALOGUE.get(cause.code)
    if known is None and cause.code != causes.UNRECOGNISED:
        return _verbatim(cause.code)  # of another version
    return (known or causes.unrecognised(cause.layer)).title


# ---------------------------------------------------------------- the findings


def _facts(report: Report) -> Iterator[_Sight]:
    yield (_TARGET, "url", ""), _one(say("URL"), report.target_url)
    yield (_TARGET, "vantage", ""), _one(say("Checked from"), report.vantage)
    for probe in dict.fromkeys(f.probe for f in report.findings):
        found = [f for f in report.findings if f.probe == probe]
        yield from _result(probe, found)
        yield from _of_probe(probe, found)
    yield from _transport(report.findings)
    yield from _answers(report.findings)
    yield from _engineio(report.findings)


def _result(probe: str, found: Sequence[Finding]) -> Iterator[_Sight]:
    silent = (Reason.NOT_REACHED, Reason.NOT_CONFIGURED, Reason.NOT_NEEDED)
    told = [f for f in found if not (f.status is Status.SKIPPED and f.reason in silent)]
    if not told or is_look(probe) or probe == "config":
        return
    order = (Status.SKIPPED, Status.OK, Status.WARN, Status.FAIL)
    worst = max(told, key=lambda f: order.index(f.status))
    if worst.status is Status.OK:
        words = say("in order")
    else:
        words = REASONS[worst.reason or Reason.UNRECOGNISED]
    fine = worst.status is Status.OK
    yield (probe, "result", ""), _Seen(label(probe), words, None if fine else worst.reason)


@dataclass(slots=True)
class _Gathered:
    """Values that several findings of a probe have, in no order: addresses come in any."""

    label: Message
    values: set[str] = field(default_factory=set)


def _of_probe(probe: str, found: Sequence[Finding]) -> Iterator[_Sight]:
    gathered: dict[str, _Gathered] = {}
    durations: dict[str, tuple[float, _Seen]] = {}
    for finding in found:
        evidence = finding.evidence
        for key, words, value in (*_texts(finding, evidence), *_statuses(evidence)):
            gathered.setdefault(key, _Gathered(words)).values.add(value)
        for key, words, ms, noise_ms in _durations(evidence):
            known = durations.get(key)
            if known is None or ms < known[0]:  # the fastest address counts
                durations[key] = ms, _Seen(words, milliseconds(ms), ms, noise_ms)
        for subject, seen in _each(finding, evidence):
            yield (probe, "outcome", subject), seen
    yield from (((probe, key, ""), seen) for key, (_, seen) in durations.items())
    for key, gathering in gathered.items():
        yield (probe, key, ""), _listed(gathering.label, sorted(gathering.values))


def _durations(evidence: Evidence) -> Iterator[tuple[str, Message, float, float]]:
    """(key, label, milliseconds, the smallest change that says something)"""
    match evidence:
        case DnsEvidence(literal=False, lookup_ms=ms):
            yield "lookup_ms", say("Lookup"), ms, 200  # cached, or not
        case TcpEvidence(connect_ms=ms) if ms is not None:
            yield "connect_ms", say("TCP connect"), ms, 30
        case TlsEvidence(handshake_ms=ms) if ms is not None:
            yield "handshake_ms", say("TLS handshake"), ms, 60
        case HttpEvidence(answer=HttpAnswer(status=int(), ttfb_ms=ms)) if ms is not None:
            yield "ttfb_ms", say("Health answers after"), ms, 100
        case PollingEvidence(answer=HttpAnswer(status=int(), ttfb_ms=ms)) if ms is not None:
            yield "ttfb_ms", say("Polling answers after"), ms, 100
        case RttEvidence(median_ms=ms) if ms is not None:
            yield "median_ms", say("Round trip"), ms, 30


def _texts(finding: Finding, evidence: Evidence) -> Iterator[tuple[str, Message, str]]:
    match evidence:
        case ConfigEvidence(advice=advice):
            for code, _ in advice:
                yield "advice", say("Advice"), code
        case DnsEvidence(literal=False, addresses=addresses):
            for address in addresses:
                yield "addresses", say("Addresses"), address
        case TcpEvidence() if finding.status is Status.FAIL:
            yield "failing", say("Addresses that do not connect"), evidence.address
        case TlsEvidence():
            yield from _tls(evidence)
        case CorsEvidence():
            for origin in evidence.allow_origin or ("–",):
                yield "allow_origin", say("Allowed Origin"), origin
            for allowed in evidence.allow_credentials or ("–",):
                yield "allow_credentials", say("Credentials allowed"), allowed


def _statuses(evidence: Evidence) -> Iterator[tuple[str, Message, str]]:
    match evidence:
        case HttpEvidence(answer=HttpAnswer(status=int(status))):
            yield "status", say("Status of the health check"), str(status)
        case PollingEvidence(answer=HttpAnswer(status=int(status))):
            yield "status", say("Status of polling"), str(status)
        case WebSocketEvidence(answer=HttpAnswer(status=int(status))):
            yield "status", say("Status of the WebSocket handshake"), str(status)
            if evidence.close_code is not None:
                yield "close_code", say("Close code"), str(evidence.close_code)


def _tls(evidence: TlsEvidence) -> Iterator[tuple[str, Message, str]]:
    if evidence.version:
        yield "version", say("TLS version"), evidence.version
    if evidence.alert:
        yield "alert", say("TLS alert"), evidence.alert
    leaf = evidence.certificate
    if leaf is None:
        return
    yield "issuer", say("Certificate issued by"), leaf.issuer
    yield "not_after", say("Certificate valid until"), f"{leaf.not_after:%Y-%m-%d}"
    yield "chain_length", say("Certificates sent"), str(leaf.chain_length)
    yield "key", say("Key of the certificate"), leaf.key
    for name in leaf.names or (leaf.subject,):
        yield "names", say("Names in the certificate"), name


def _each(finding: Finding, evidence: Evidence) -> Iterator[tuple[str, _Seen]]:
    match evidence:
        case NamespaceEvidence(attempts=attempts):
            for attempt in attempts:
                words = OUTCOMES[attempt.outcome]
                yield attempt.transport, _Seen(label(finding.probe), words, attempt.outcome)
        case ControlEvidence(results=results):
            for name, result in results:
                yield name, _one(label(finding.probe), result)
        case FallbackEvidence(url=url):
            words = REASONS[finding.reason] if finding.reason else say("answers")
            yield url, _Seen(label(finding.probe), words, finding.reason)
        case AffinityEvidence(statuses=statuses) if statuses:
            found = sum(1 for status in statuses if status == 200)
            words = say("{found} of {n} requests found their session", found=found, n=len(statuses))
            yield "", _Seen(label(finding.probe), words, (found, len(statuses)))


def _transport(findings: Sequence[Finding]) -> Iterator[_Sight]:
    """What clients get in the end, where they get anything."""
    attempts = [a for f in findings if isinstance(f.evidence, NamespaceEvidence)
                for a in f.evidence.attempts]  # fmt: skip
    got = {a.transport for a in attempts if a.outcome is Outcome.CONNECTED}
    for transport, words in _TRANSPORTS.items():
        if transport in got:
            yield ("namespace", "transport", ""), _Seen(say("Transport"), words, transport)
            return


def _answers(findings: Sequence[Finding]) -> Iterator[_Sight]:
    """Who answers: the headers that name it, over all answers, so that a change is told once."""
    answers = [
        f.evidence.answer
        for f in findings
        if isinstance(f.evidence, HttpEvidence | PollingEvidence | WebSocketEvidence)
        and f.evidence.answer.status is not None
    ]
    if answers:
        for name in _TELLING_HEADERS:
            lines = {line for answer in answers for line in answer.header_lines(name)}
            words = say("Header {name}", name=name.title())
            yield ("http", f"header_{name.replace('-', '_')}", ""), _listed(words, sorted(lines))


def _engineio(findings: Sequence[Finding]) -> Iterator[_Sight]:
    polled = [f.evidence.open for f in findings if isinstance(f.evidence, PollingEvidence)]
    others = [f.evidence.open for f in findings if isinstance(f.evidence, WebSocketEvidence)]
    opened = next((o for o in (*polled, *others) if o is not None), None)
    if opened is None:
        return
    about = "polling"
    yield (about, "protocol", ""), _one(say("Engine.IO protocol"), str(opened.protocol))
    if opened.ping_interval_ms is not None and opened.ping_timeout_ms is not None:
        words = say(
            "{interval} s + {timeout} s",
            interval=opened.ping_interval_ms / 1000,
            timeout=opened.ping_timeout_ms / 1000,
        )
        beat = (opened.ping_interval_ms, opened.ping_timeout_ms)
        yield (about, "heartbeat", ""), _Seen(say("Heartbeat"), words, beat)
    if polled and polled[0] is not None:  # over a WebSocket there is nothing to upgrade to
        yield (about, "upgrades", ""), _listed(say("Upgrades offered"), polled[0].upgrades)
    if opened.max_payload is not None:
        yield (about, "max_payload", ""), _one(say("Largest payload"), str(opened.max_payload))


# ---------------------------------------------------------------- words


def _verbatim(text: str) -> Message:
    return Message("{text}", {"text": text})


def _one(words: Message, value: str) -> _Seen:
    return _Seen(words, _verbatim(value), value)


def _listed(words: Message, values: Sequence[str]) -> _Seen:
    """Several values as one; a long list is cut for the eye and compared whole."""
    if not values:
        return _Seen(words, _NOTHING, ())
    shown = ", ".join(values[:_SHOWN]) + (", …" if len(values) > _SHOWN else "")
    return _Seen(words, _verbatim(shown), tuple(values))


__all__ = ["VERDICT", "Difference", "differences", "telling", "verdict_differences"]
