"""The evidence of a report as a line of facts per layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.evidence import (
    AffinityEvidence,
    AlikeEvidence,
    BurstEvidence,
    ConfigEvidence,
    ControlEvidence,
    CorsEvidence,
    DnsEvidence,
    EachAddressEvidence,
    EioOpen,
    FallbackEvidence,
    HistoryEvidence,
    HoldEvidence,
    HttpAnswer,
    HttpEvidence,
    LadderEvidence,
    NamespaceAttempt,
    NamespaceEvidence,
    Outcome,
    PollingEvidence,
    RecheckEvidence,
    RttEvidence,
    SamplerEvidence,
    SpokenToEvidence,
    SteadinessEvidence,
    TcpEvidence,
    TlsEvidence,
    TwinEvidence,
    VersionsEvidence,
    WebSocketEvidence,
)
from bot.findings import ANSWERED
from bot.model import Finding, FollowUp, Message, Reason, Status, say, say_n
from bot.patterns import headline
from bot.wording import held
from bot.wording.words import OUTCOMES, REASONS, label

# Follow-ups that only look: their status says nothing of the target. The others judge.
_LOOKING = frozenset(FollowUp) - {
    FollowUp.EACH_ADDRESS,
    FollowUp.AFFINITY,
    FollowUp.LINGER,
    FollowUp.LADDER,
    FollowUp.HOLD,
    FollowUp.TWIN,
}
_SHOWN = 3  # addresses, results, attempts per line: the rest is in the JSON


@dataclass(frozen=True, slots=True)
class Fact:
    """Something seen. `about` is the address, URL or transport it was seen of, where several are.

    A surface sets `about` apart from the words by its own means (`about: words`).
    """

    words: Message
    about: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One layer of a report: how it went, and the facts that say so, most telling first."""

    probe: str
    status: Status
    label: Message
    facts: tuple[Fact, ...]
    follow_up: bool = False  # asked to tell causes apart, and only looked: its status says nothing


def evidence_lines(findings: Sequence[Finding]) -> tuple[EvidenceLine, ...]:
    """A line per layer in the order of the run; skipped layers are left to `skipped`.

    Several findings of one probe (addresses, fallbacks) share a line whose status is the worst.
    """
    lines: list[EvidenceLine] = []
    for probe in dict.fromkeys(f.probe for f in findings):
        looked = [f for f in findings if f.probe == probe and f.status is not Status.SKIPPED]
        if not looked or (probe == "config" and _worst(looked) is not Status.FAIL):
            continue
        facts = tuple(_TOGETHER[probe](looked) if probe in _TOGETHER else _each(looked))
        if not facts and _worst(looked) is Status.OK:
            continue  # nothing was measured, so there is nothing to show
        looked_only = is_look(probe) or (probe == "history" and _worst(looked) is Status.OK)
        lines.append(EvidenceLine(probe, _worst(looked), label(probe), facts, looked_only))
    return tuple(lines)


def is_look(probe: str) -> bool:
    """Whether a probe is a follow-up that only looked, so that no mark is to judge it."""
    return probe in _LOOKING


def skipped(findings: Sequence[Finding]) -> tuple[tuple[Message, Reason | None], ...]:
    """Layers that were not looked at, each with the reason. What nobody asked for is left out."""
    silent = (Reason.NOT_CONFIGURED, Reason.NOT_NEEDED)
    return tuple(
        (label(f.probe), f.reason)
        for f in findings
        if f.status is Status.SKIPPED and f.reason not in silent
    )


def _worst(findings: Iterable[Finding]) -> Status:
    order = (Status.SKIPPED, Status.OK, Status.WARN, Status.FAIL)
    return max((f.status for f in findings), key=order.index)


def _each(findings: Sequence[Finding]) -> Iterable[Fact]:
    for finding in findings[:_SHOWN]:
        yield from _facts(finding)


def _facts(finding: Finding) -> Iterable[Fact]:  # noqa: C901, PLR0912, PLR0915 — one arm per type
    evidence = finding.evidence
    match evidence:
        case ConfigEvidence(problem=str(problem)):
            yield _verbatim(problem)
        case DnsEvidence():
            yield from _dns(finding, evidence)
        case TlsEvidence():
            yield from _tls(finding, evidence)
        case HttpEvidence(answer=answer):
            yield from _answer(finding, answer)
        case PollingEvidence(answer=answer, open=opened, error=error):
            yield from _answer(finding, answer)
            if opened:
                yield from _heartbeat(opened)
            if error:
                yield Fact(say("Engine.IO says: {message}", message=error.message))
        case CorsEvidence():
            yield from _cors(finding, evidence)
        case WebSocketEvidence():
            yield from _websocket(finding, evidence)
        case NamespaceEvidence():
            for attempt in evidence.attempts[:_SHOWN]:
                yield from _attempt(attempt)
            outcomes = [OUTCOMES[attempt.outcome].text for attempt in evidence.attempts]
            if finding.reason is None or REASONS[finding.reason].text not in outcomes:
                yield from _reason(finding)
        case RttEvidence():
            yield from _rtt(finding, evidence)
        case HistoryEvidence(patterns=patterns):
            for pattern in patterns[:_SHOWN]:
                yield Fact(headline(pattern))
        case AffinityEvidence():
            found = sum(1 for status in evidence.statuses if status == 200)
            yield Fact(
                say(
                    "{found} of {n} requests found their session",
                    found=found,
                    n=len(evidence.statuses),
                )
            )
        case EachAddressEvidence(opens=opens, answers=answers) if answers:
            yield Fact(
                say(
                    "Engine.IO answers at {found} of {n} addresses",
                    found=len(opens),
                    n=len(answers),
                )
            )
        case BurstEvidence():
            answered = sum(1 for outcome in evidence.outcomes if outcome == "answered")
            yield Fact(
                say("{answered} of {n} were answered", answered=answered, n=len(evidence.outcomes))
            )
        case SteadinessEvidence():
            yield from _steadiness(evidence)
        case AlikeEvidence(polling=asked, opens=opens):
            yield Fact(say("{answered} of {n} were answered", answered=sum(opens), n=len(asked)))
        case VersionsEvidence():
            spoken = {t.open.protocol for t in evidence.tries if t.open is not None}
            for version in sorted(spoken):
                yield Fact(say("Engine.IO {version} answers", version=version))
        case SpokenToEvidence():
            yield Fact(say("it answers") if evidence.ponged else say("not even a ping is answered"))
        case HoldEvidence() | TwinEvidence() | LadderEvidence() | SamplerEvidence():
            for words, about in held.said(evidence):
                yield Fact(words, about=about)
        case RecheckEvidence():
            opened_again = sum(1 for outcome in evidence.connects if outcome == "ok")
            yield Fact(
                say(
                    "{opened} of {n} connections opened",
                    opened=opened_again,
                    n=len(evidence.connects),
                )
            )
        case _:
            yield from _reason(finding)


def _steadiness(evidence: SteadinessEvidence) -> Iterable[Fact]:
    n = len(evidence.outcomes)
    answered = sum(1 for outcome in evidence.outcomes if outcome == ANSWERED)
    yield Fact(say("{answered} of {n} were answered", answered=answered, n=n))
    times = [ms for ms in evidence.handshakes_ms if ms is not None]
    if times:
        yield Fact(say("the slowest took {ms} ms", ms=round(max(times))))


def _reason(finding: Finding) -> Iterable[Fact]:
    if finding.reason is not None:
        yield Fact(REASONS[finding.reason])


def _ms(value: float | None) -> Iterable[Fact]:
    if value is not None:
        yield Fact(milliseconds(value))


def _dns(finding: Finding, evidence: DnsEvidence) -> Iterable[Fact]:
    yield from _reason(finding)
    if evidence.literal:
        yield Fact(say("the URL holds an address"))
        return
    yield from _ms(evidence.lookup_ms)
    if evidence.addresses:
        shown = ", ".join(evidence.addresses[:_SHOWN])
        n = len(evidence.addresses)
        yield Fact(say_n("{n} address: {shown}", "{n} addresses: {shown}", n, shown=shown))
    elif evidence.error:
        yield Fact(say("{host}: {error}", host=evidence.host, error=evidence.error))


def _tcp(findings: Sequence[Finding]) -> Iterable[Fact]:
    seen = [f.evidence for f in findings if isinstance(f.evidence, TcpEvidence)]
    times = [e.connect_ms for e in seen if e.connect_ms is not None]
    if len(seen) > 1:
        yield Fact(say("{connected} of {n} addresses connect", connected=len(times), n=len(seen)))
    yield from _ms(min(times, default=None))
    for finding in [f for f in findings if f.status is not Status.OK][:_SHOWN]:
        if not isinstance(finding.evidence, TcpEvidence):
            yield from _reason(finding)
            continue
        words = REASONS[finding.reason or Reason.UNRECOGNISED]
        yield Fact(words, about=finding.evidence.address)


def milliseconds(value: float) -> Message:
    """A duration as people compare it: no more digits than they use."""
    if value < 1:
        return say("under 1 ms")
    return say("{ms} ms", ms=round(value, 1) if value < 10 else round(value))


def _verbatim(text: str) -> Fact:
    """Something that reads the same in every language."""
    return Fact(Message("{text}", {"text": text}))


def _tls(finding: Finding, evidence: TlsEvidence) -> Iterable[Fact]:
    yield from _reason(finding)
    if evidence.verify_code:
        yield _verbatim(evidence.verify_message)
    elif evidence.failure is not None and evidence.alert:
        yield _verbatim(evidence.alert)
    if evidence.version and finding.status is Status.OK:
        yield _verbatim(evidence.version)
    yield from _ms(evidence.handshake_ms)
    certificate = evidence.certificate
    if certificate is None:
        return
    days = int(certificate.days_left)
    if days >= 0:
        yield Fact(say_n("certificate: {n} day left", "certificate: {n} days left", days))
    else:
        yield Fact(
            say_n("certificate: expired {n} day ago", "certificate: expired {n} days ago", -days)
        )
    if finding.status is not Status.OK:
        yield Fact(say("issued by {issuer}", issuer=certificate.issuer))


def _answer(finding: Finding, answer: HttpAnswer) -> Iterable[Fact]:
    if answer.status is not None:
        yield Fact(say("HTTP {status}", status=answer.status))
    if finding.reason is not None and finding.reason is not Reason.HTTP_STATUS:
        yield Fact(REASONS[finding.reason])
    location = answer.header("location")
    if finding.reason is Reason.REDIRECT and location:
        yield Fact(say("to {location}", location=location))
    if answer.status is not None:  # else the first byte came, and no answer
        yield from _ms(answer.ttfb_ms)


def _heartbeat(opened: EioOpen) -> Iterable[Fact]:
    if opened.ping_interval_ms is not None and opened.ping_timeout_ms is not None:
        yield Fact(
            say(
                "heartbeat {interval} s + {timeout} s",
                interval=opened.ping_interval_ms / 1000,
                timeout=opened.ping_timeout_ms / 1000,
            )
        )


def _cors(finding: Finding, evidence: CorsEvidence) -> Iterable[Fact]:
    if finding.status is Status.OK:
        yield Fact(say("{origin} is allowed", origin=evidence.origin))
        return
    yield from _reason(finding)
    yield Fact(say("asked as {origin}", origin=evidence.origin))
    if evidence.allow_origin:
        yield Fact(say("allowed: {origins}", origins=", ".join(evidence.allow_origin[:_SHOWN])))


def _websocket(finding: Finding, evidence: WebSocketEvidence) -> Iterable[Fact]:
    if finding.status is Status.OK:
        yield from _ms(evidence.probe_ms or finding.duration_ms)
        return
    if evidence.answer.status is not None and evidence.answer.status != 101:
        yield Fact(say("HTTP {status}", status=evidence.answer.status))
    if finding.reason is not Reason.HTTP_STATUS:
        yield from _reason(finding)
    if evidence.error:
        yield Fact(say("Engine.IO says: {message}", message=evidence.error.message))
    if evidence.close_code is not None:
        yield Fact(say("close code {code}", code=evidence.close_code))


def _attempt(attempt: NamespaceAttempt) -> Iterable[Fact]:
    if attempt.outcome is Outcome.NOT_TRIED:
        return
    yield Fact(OUTCOMES[attempt.outcome], about=attempt.transport)
    if attempt.outcome is Outcome.CONNECTED:
        yield from _ms(attempt.elapsed_ms)
    elif attempt.message:
        yield Fact(say("the server says: {message}", message=attempt.message))


def _rtt(finding: Finding, evidence: RttEvidence) -> Iterable[Fact]:
    if evidence.median_ms is not None:
        yield Fact(say("median {ms} ms", ms=round(evidence.median_ms, 1)))
    if evidence.worst_ms is not None:
        yield Fact(say("worst {ms} ms", ms=round(evidence.worst_ms, 1)))
    if evidence.transport is not None:
        yield Fact(say("over {transport}", transport=evidence.transport))
    yield from _reason(finding)


def _control(findings: Sequence[Finding]) -> Iterable[Fact]:
    for finding in findings:
        if not isinstance(finding.evidence, ControlEvidence):
            yield from _reason(finding)
            continue
        for name, outcome in finding.evidence.results[:_SHOWN]:
            words = say("answers") if outcome == "ok" else _reason_named(outcome)
            yield Fact(words, about=name)


def _reason_named(outcome: str) -> Message:
    known = {value.value: words for value, words in REASONS.items()}
    return known.get(outcome, Message("{outcome}", {"outcome": outcome}))


def _fallback(findings: Sequence[Finding]) -> Iterable[Fact]:
    for finding in findings[:_SHOWN]:
        if not isinstance(finding.evidence, FallbackEvidence):
            yield from _reason(finding)
            continue
        if finding.status is Status.OK:
            yield Fact(say("answers"), about=finding.evidence.url)
        else:
            yield Fact(REASONS[finding.reason or Reason.FALLBACK_DEAD], about=finding.evidence.url)


_TOGETHER = {"tcp": _tcp, "control": _control, "fallback": _fallback}
