"""Findings built by hand, for the pure rooms: each helper gives what a healthy backend shows.

A test changes the one thing that it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.evidence import (
    AffinityEvidence,
    AlikeEvidence,
    Certificate,
    DnsDirectEvidence,
    DnsEvidence,
    DnsReply,
    EioOpen,
    Evidence,
    Failure,
    HttpAnswer,
    HttpEvidence,
    NamespaceAttempt,
    NamespaceEvidence,
    Outcome,
    Phase,
    PollingEvidence,
    RttEvidence,
    TcpEvidence,
    TlsEvidence,
    WebSocketEvidence,
)
from bot.findings import FindingSet
from bot.model import Finding, Reason, Status, Target, Transport

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HTTP = Target("prod", "http://backend.example.com:8123")
HTTPS = Target("prod", "https://backend.example.com")
EIO_OPEN = EioOpen("a1", 4, 25_000, 20_000, ("websocket",), 1_000_000)


def finding(
    probe: str,
    evidence: Evidence,
    status: Status = Status.OK,
    reason: Reason | None = None,
    address: str | None = None,
) -> Finding:
    return Finding(probe, status, reason, evidence, 5.0, address)


def answer(status: int | None = 200, body: str = "", **changes: object) -> HttpAnswer:
    values: dict[str, object] = {
        "method": "GET",
        "path": "/socket.io/?EIO=4&transport=polling",
        "status": status,
        "headers": (("content-type", "text/plain"),),
        "body": body,
        "connect_ms": 1.0,
        "ttfb_ms": 3.0,
    }
    return HttpAnswer(**(values | changes))  # type: ignore[arg-type]


def failed(reason: Reason, phase: Phase = Phase.REQUEST, **changes: object) -> HttpAnswer:
    failure = Failure(phase, reason, elapsed_ms=2.0)
    return answer(None, failure=failure, ttfb_ms=None, **changes)


def dns(*addresses: str, **changes: object) -> Finding:
    evidence = DnsEvidence("backend.example.com", False, addresses, **changes)  # type: ignore[arg-type]
    if addresses:
        return finding("dns", evidence)
    return finding("dns", evidence, Status.FAIL, Reason.NAME_NOT_FOUND)


def dns_direct(*replies: DnsReply) -> Finding:
    return finding("dns_direct", DnsDirectEvidence(replies))


def found(*findings: Finding, target: Target = HTTP) -> FindingSet:
    return FindingSet.of(findings, target)


def tcp(address: str = "192.0.2.1", errno: str | None = None, **changes: object) -> Finding:
    family = 6 if ":" in address else 4
    connect = None if errno else 1.0
    evidence = TcpEvidence(address, 8123, family, connect, errno, **changes)  # type: ignore[arg-type]
    if errno is None:
        return finding("tcp", evidence, address=address)
    reasons = {
        "ECONNREFUSED": Reason.REFUSED,
        "ETIMEDOUT": Reason.TIMEOUT,
        "EHOSTUNREACH": Reason.HOST_UNREACHABLE,
        "ENETUNREACH": Reason.NO_ROUTE,
    }
    return finding("tcp", evidence, Status.FAIL, reasons[errno], address)


def certificate(**changes: object) -> Certificate:
    values: dict[str, object] = {
        "subject": "CN=backend.example.com",
        "issuer": "CN=Example CA",
        "names": ("backend.example.com",),
        "not_before": NOW - timedelta(days=30),
        "not_after": NOW + timedelta(days=60),
        "days_left": 60.0,
        "lifetime_days": 90.0,
        "chain_length": 2,
        "self_signed": False,
        "issuer_url": True,
        "key": "EC-P-256",
    }
    return Certificate(**(values | changes))  # type: ignore[arg-type]


def tls(**changes: object) -> Finding:
    values: dict[str, object] = {
        "server_name": "backend.example.com",
        "version": "TLSv1.3",
        "handshake_ms": 4.0,
        "certificate": certificate(),
    }
    evidence = TlsEvidence(**(values | changes))  # type: ignore[arg-type]
    if evidence.verify_code:
        return finding("tls", evidence, Status.FAIL, Reason.CERTIFICATE_INVALID, "192.0.2.1")
    if evidence.alert or evidence.failure:
        return finding("tls", evidence, Status.FAIL, Reason.TLS_ERROR, "192.0.2.1")
    return finding("tls", evidence, address="192.0.2.1")


def health(given: HttpAnswer | None = None) -> Finding:
    given = given or answer(200, "ok", path="/health")
    evidence = HttpEvidence(given, configured=False)
    if given.status == 404:
        return finding("http", evidence, Status.SKIPPED, Reason.NOT_CONFIGURED)
    if given.status is None or given.status >= 400:
        return finding("http", evidence, Status.FAIL, Reason.HTTP_STATUS)
    return finding("http", evidence)


def polling(given: HttpAnswer | None = None, **changes: object) -> Finding:
    if given is None:
        return finding("polling", PollingEvidence(answer(), EIO_OPEN, **changes))  # type: ignore[arg-type]
    return finding(
        "polling",
        PollingEvidence(given, **changes),  # type: ignore[arg-type]
        Status.FAIL,
        Reason.HTTP_STATUS if given.status else Reason.TIMEOUT,
    )


def websocket(given: HttpAnswer | None = None, **changes: object) -> Finding:
    if given is None:
        evidence = WebSocketEvidence(answer(101), accept_ok=True, open=EIO_OPEN, **changes)  # type: ignore[arg-type]
        return finding("websocket", evidence)
    return finding(
        "websocket",
        WebSocketEvidence(given, **changes),  # type: ignore[arg-type]
        Status.FAIL,
        Reason.UPGRADE_REFUSED,
    )


def upgrade(given: HttpAnswer | None = None) -> Finding:
    if given is None:
        return finding("upgrade", WebSocketEvidence(answer(101), accept_ok=True, probe_ms=2.0))
    return finding("upgrade", WebSocketEvidence(given), Status.FAIL, Reason.UPGRADE_REFUSED)


def attempt(
    transport: Transport, outcome: Outcome = Outcome.CONNECTED, **changes: object
) -> NamespaceAttempt:
    values: dict[str, object] = {"elapsed_ms": 2.0}
    return NamespaceAttempt(transport, outcome, **(values | changes))  # type: ignore[arg-type]


def namespace(*attempts: NamespaceAttempt) -> Finding:
    tried = attempts or (attempt(Transport.WEBSOCKET), attempt(Transport.POLLING))
    evidence = NamespaceEvidence("/", False, tried)
    if any(a.outcome is Outcome.CONNECTED for a in tried):
        return finding("namespace", evidence)
    return finding("namespace", evidence, Status.FAIL, Reason.NO_ANSWER)


def rtt() -> Finding:
    evidence = RttEvidence(Transport.WEBSOCKET, (1.0, 1.2), 1.1, 1.2, (1.0, 1.0, 1.0, 1.1))
    return finding("rtt", evidence)


def alike(*statuses: int, websocket: tuple[NamespaceAttempt, ...] = ()) -> Finding:
    """Polling handshakes one after another: 200 is an OPEN."""
    answers = tuple(answer(status, "" if status == 200 else "<h1>no</h1>") for status in statuses)
    opens = tuple(status == 200 for status in statuses)
    return finding("alike", AlikeEvidence(answers, opens, websocket))


def affinity(**changes: object) -> Finding:
    values: dict[str, object] = {
        "open": EioOpen("b2", 4, 25_000, 20_000, ("websocket",), 1_000_000),
        "statuses": (200,) * 6,
        "errors": (None,) * 6,
        "ages_ms": (2.0, 4.0, 6.0, 8.0, 10.0, 12.0),
        "failures": (None,) * 6,
    }
    return finding("affinity", AffinityEvidence(**(values | changes)))  # type: ignore[arg-type]


def healthy(*changed: Finding) -> list[Finding]:
    """A healthy backend over http, with these findings in place of the healthy ones."""
    base = [
        dns("192.0.2.1"),
        tcp(),
        health(),
        polling(),
        websocket(),
        upgrade(),
        namespace(),
        rtt(),
    ]
    return replaced([*base, affinity()], *changed)


def replaced(base: Sequence[Finding], *changed: Finding) -> list[Finding]:
    """The findings with those of the same probe taken over by the changed ones."""
    names = {f.probe for f in changed}
    return [f for f in base if f.probe not in names] + list(changed)


def unreachable(*changed: Finding) -> list[Finding]:
    """Nothing above TCP was reached."""
    return [dns("192.0.2.1"), *changed]
