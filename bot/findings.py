"""The findings of one run, addressable by what they are: what causes and the verdict read.

Pure. `FindingSet` gives typed access (`found.polling`, `found.tcp` …) and the few questions that
several causes ask of the same evidence, so that each is answered in one place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from urllib.parse import urlsplit

from bot.evidence import (
    AffinityEvidence,
    BurstEvidence,
    ConfigEvidence,
    ControlEvidence,
    CorsEvidence,
    DnsDirectEvidence,
    DnsEvidence,
    EachAddressEvidence,
    Evidence,
    Failure,
    FallbackEvidence,
    HistoryEvidence,
    HoldEvidence,
    HttpAnswer,
    HttpEvidence,
    LadderEvidence,
    NamespaceAttempt,
    NamespaceEvidence,
    OtherPortsEvidence,
    OtherSchemeEvidence,
    Outcome,
    ParsersEvidence,
    Parted,
    Phase,
    PollingEvidence,
    PortTry,
    ProbedPathsEvidence,
    ProxyEvidence,
    ProxyTry,
    RecheckEvidence,
    RttEvidence,
    SamplerEvidence,
    SpokenToEvidence,
    SteadinessEvidence,
    TcpEvidence,
    TlsEvidence,
    TlsHello,
    TlsHellosEvidence,
    TwinEvidence,
    VersionsEvidence,
    ViaProxyEvidence,
    WebSocketEvidence,
)
from bot.model import Finding, FollowUp, Reason, Status, Target, Transport

E = TypeVar("E")

# Above the path's round trip; a healthy handshake takes single milliseconds, a busy loop of 93 %
# answers in 400 to 1400 (faults.md). What was late once is asked again before it is said.
SLOW_MS = 400.0
COLD_MS = 1_000.0  # an instance that starts takes at least that
_OUR_LAG_COUNTS = 2.0  # our own loop's lateness, met on the way there and on the way back
_OF_OUR_LAG = 10.0  # a server as starved as we are is late by a multiple: it has more to do
_ENOUGH = 3  # repeated answers, to say that a late one did not come again
ANSWERED = "answered"
_LAST_SAMPLES = 3


@dataclass(frozen=True)
class FindingSet:
    """All findings of a run so far, and the target they are about."""

    all: tuple[Finding, ...]
    target: Target

    @classmethod
    def of(cls, findings: Sequence[Finding], target: Target) -> FindingSet:
        """Index a run's findings."""
        return cls(tuple(findings), target)

    # ------------------------------------------------ access

    def named(self, probe: str) -> tuple[Finding, ...]:
        """Every finding of one probe or follow-up."""
        return tuple(f for f in self.all if f.probe == probe)

    def finding(self, probe: str) -> Finding | None:
        """The first finding of a probe, if it ran."""
        return next((f for f in self.all if f.probe == probe), None)

    def ran(self, follow_up: FollowUp) -> bool:
        """Whether a follow-up has reported, even if only to say that it could not."""
        return self.finding(follow_up.value) is not None

    def _each(self, probe: str, kind: type[E]) -> tuple[E, ...]:
        return tuple(f.evidence for f in self.named(probe) if isinstance(f.evidence, kind))

    def _one(self, probe: str, kind: type[E]) -> E | None:
        return next(iter(self._each(probe, kind)), None)

    @cached_property
    def config(self) -> ConfigEvidence | None:
        return self._one("config", ConfigEvidence)

    @cached_property
    def control(self) -> ControlEvidence | None:
        return self._one("control", ControlEvidence)

    @cached_property
    def dns(self) -> DnsEvidence | None:
        return self._one("dns", DnsEvidence)

    @cached_property
    def dns_direct(self) -> DnsDirectEvidence | None:
        return self._one(FollowUp.DNS_DIRECT, DnsDirectEvidence)

    @cached_property
    def control_address(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.CONTROL_ADDRESS, ProbedPathsEvidence)

    @cached_property
    def each_address(self) -> EachAddressEvidence | None:
        return self._one(FollowUp.EACH_ADDRESS, EachAddressEvidence)

    @cached_property
    def tcp(self) -> tuple[TcpEvidence, ...]:
        return self._each("tcp", TcpEvidence)

    @cached_property
    def proxy(self) -> ProxyEvidence | None:
        """Through a forward proxy this stands in place of the addresses."""
        return self._one("tcp", ProxyEvidence)

    @cached_property
    def tls(self) -> tuple[TlsEvidence, ...]:
        return self._each("tls", TlsEvidence)

    @cached_property
    def health(self) -> HttpEvidence | None:
        return self._one("http", HttpEvidence)

    @cached_property
    def polling(self) -> PollingEvidence | None:
        return self._one("polling", PollingEvidence)

    @cached_property
    def cors(self) -> CorsEvidence | None:
        return self._one("cors", CorsEvidence)

    @cached_property
    def websocket(self) -> WebSocketEvidence | None:
        return self._one("websocket", WebSocketEvidence)

    @cached_property
    def upgrade(self) -> WebSocketEvidence | None:
        return self._one("upgrade", WebSocketEvidence)

    @cached_property
    def namespace(self) -> NamespaceEvidence | None:
        return self._one("namespace", NamespaceEvidence)

    @cached_property
    def rtt(self) -> RttEvidence | None:
        return self._one("rtt", RttEvidence)

    @cached_property
    def fallbacks(self) -> tuple[FallbackEvidence, ...]:
        return self._each("fallback", FallbackEvidence)

    @cached_property
    def burst(self) -> BurstEvidence | None:
        return self._one(FollowUp.TCP_BURST, BurstEvidence)

    @cached_property
    def tls_on_plain_port(self) -> OtherSchemeEvidence | None:
        return self._one(FollowUp.TLS_ON_PLAIN_PORT, OtherSchemeEvidence)

    @cached_property
    def plain_http(self) -> OtherSchemeEvidence | None:
        return self._one(FollowUp.PLAIN_HTTP, OtherSchemeEvidence)

    @cached_property
    def hellos(self) -> Mapping[str, TlsHello]:
        """The TLS hellos of the follow-up by their kind; empty before it ran."""
        seen = self._one(FollowUp.TLS_HELLOS, TlsHellosEvidence)
        return {hello.kind: hello for hello in seen.hellos} if seen else {}

    @cached_property
    def other_ports(self) -> tuple[PortTry, ...]:
        seen = self._one(FollowUp.OTHER_PORTS, OtherPortsEvidence)
        return seen.ports if seen else ()

    @cached_property
    def via_proxy(self) -> ProxyTry | None:
        """A proxy of the environment that leads to the backend where we come to nothing."""
        seen = self._one(FollowUp.VIA_PROXY, ViaProxyEvidence)
        spoken = [t for t in seen.tries if t.answer and t.answer.status] if seen else []
        return next((t for t in spoken if t.open), next(iter(spoken), None))

    @cached_property
    def random_path(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.RANDOM_PATH, ProbedPathsEvidence)

    @cached_property
    def path_candidates(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.PATH_CANDIDATES, ProbedPathsEvidence)

    @cached_property
    def origin_variants(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.ORIGIN_VARIANTS, ProbedPathsEvidence)

    @cached_property
    def user_agent(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.USER_AGENT, ProbedPathsEvidence)

    @cached_property
    def host_variants(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.HOST_VARIANTS, ProbedPathsEvidence)

    @cached_property
    def websocket_control(self) -> ProbedPathsEvidence | None:
        return self._one(FollowUp.WEBSOCKET_CONTROL, ProbedPathsEvidence)

    @cached_property
    def versions(self) -> VersionsEvidence | None:
        return self._one(FollowUp.OLDER_VERSION, VersionsEvidence)

    @cached_property
    def parsers(self) -> ParsersEvidence | None:
        return self._one(FollowUp.OTHER_PARSER, ParsersEvidence)

    @cached_property
    def spoken_to(self) -> SpokenToEvidence | None:
        return self._one(FollowUp.FIRST_MESSAGE, SpokenToEvidence)

    @cached_property
    def steadiness(self) -> SteadinessEvidence | None:
        return self._one(FollowUp.STEADINESS, SteadinessEvidence)

    @cached_property
    def recheck(self) -> RecheckEvidence | None:
        return self._one(FollowUp.RECHECK, RecheckEvidence)

    @cached_property
    def affinity(self) -> AffinityEvidence | None:
        return self._one(FollowUp.AFFINITY, AffinityEvidence)

    @cached_property
    def history(self) -> HistoryEvidence | None:
        """What the watcher remembers; None where nobody watches (the command line)."""
        return self._one("history", HistoryEvidence)

    @cached_property
    def ladder(self) -> LadderEvidence | None:
        return self._one(FollowUp.LADDER, LadderEvidence)

    @cached_property
    def hold(self) -> HoldEvidence | None:
        return self._one(FollowUp.HOLD, HoldEvidence)

    @cached_property
    def twin(self) -> TwinEvidence | None:
        return self._one(FollowUp.TWIN, TwinEvidence)

    @cached_property
    def sampler(self) -> SamplerEvidence | None:
        return self._one(FollowUp.SAMPLER, SamplerEvidence)

    # ------------------------------------------------ questions that several causes ask

    @cached_property
    def url_scheme(self) -> str:
        """`http`, `https`, `ws` or `wss`."""
        return urlsplit(self.target.url).scheme.lower()

    @property
    def over_tls(self) -> bool:
        """Whether the URL asks for TLS."""
        return self.url_scheme in ("https", "wss")

    @property
    def transports(self) -> frozenset[Transport]:
        """What the client may use: a ws(s):// URL means WebSocket only."""
        if self.url_scheme in ("ws", "wss"):
            return frozenset({Transport.WEBSOCKET})
        return frozenset(self.target.client.transports)

    @cached_property
    def problems(self) -> tuple[Finding, ...]:
        """Findings that count: failing or warning. Neither lint nor a control is the target's."""
        return tuple(
            f
            for f in self.all
            if f.status in (Status.FAIL, Status.WARN) and f.probe not in ("config", "control")
        )

    @cached_property
    def reachable(self) -> bool:
        """At least one address completes a TCP connect (or the dial went through a proxy)."""
        return any(t.connect_ms is not None for t in self.tcp) or any(
            a.connect_ms is not None for a in self.answers
        )

    @cached_property
    def tls_up(self) -> bool:
        """No TLS wanted, or some address completes the verified handshake."""
        return not self.over_tls or any(
            t.handshake_ms is not None and _verified(t) for t in self.tls
        )

    @cached_property
    def answers(self) -> tuple[HttpAnswer, ...]:
        """Every HTTP exchange of the base suite, WebSocket handshakes included."""
        found: list[HttpAnswer] = []
        if self.health:
            found.append(self.health.answer)
        if self.polling:
            found.append(self.polling.answer)
        if self.websocket:
            found.append(self.websocket.answer)
        return tuple(found)

    @cached_property
    def statuses(self) -> tuple[int, ...]:
        """HTTP statuses seen in the base suite."""
        return tuple(a.status for a in self.answers if a.status is not None)

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """How exchanges of the base suite ended without an answer."""
        return tuple(a.failure for a in self.answers if a.failure is not None)

    @property
    def polling_open(self) -> bool:
        """The polling handshake gave a v4 OPEN."""
        return bool(self.polling and self.polling.open and self.polling.open.protocol == 4)

    @property
    def websocket_open(self) -> bool:
        """A WebSocket, direct or upgraded, gave a v4 OPEN (or answered the upgrade probe)."""
        direct = bool(self.websocket and self.websocket.open and self.websocket.open.protocol == 4)
        return direct or self.upgraded

    @property
    def upgraded(self) -> bool:
        """The upgrade with probe completed."""
        return bool(self.upgrade and self.upgrade.probe_ms is not None)

    @property
    def eio_seen(self) -> bool:
        """Something that speaks Engine.IO answered: an OPEN, or its JSON refusal."""
        return (
            self.polling_open
            or self.websocket_open
            or bool(self.each_address and self.each_address.opens)
            or any(
                e and e.error and e.error.code is not None for e in (self.polling, self.websocket)
            )
        )

    def attempt(self, transport: Transport) -> NamespaceAttempt | None:
        """The namespace CONNECT on one transport, if it was tried."""
        if self.namespace is None:
            return None
        return next((a for a in self.attempts if a.transport is transport), None)

    @cached_property
    def attempts(self) -> tuple[NamespaceAttempt, ...]:
        """Every namespace CONNECT that was tried, with what became of it a moment later."""
        if self.namespace is None:
            return ()
        later = self._one(FollowUp.LINGER, NamespaceEvidence)
        gone = {
            a.transport: a
            for a in (later.attempts if later else ())
            if a.outcome is Outcome.DISCONNECTED
        }
        return tuple(
            gone.get(a.transport, a) if a.outcome is Outcome.CONNECTED else a
            for a in self.namespace.attempts
            if a.outcome is not Outcome.NOT_TRIED
        )

    @cached_property
    def completed(self) -> frozenset[Transport]:
        """Transports of the client on which the namespace CONNECT succeeded and held."""
        if self.gone_since or self.frozen_since:
            return frozenset()
        done = {a.transport for a in self.attempts if a.outcome is Outcome.CONNECTED}
        if self.each_address and self.each_address.joins:
            done.add(Transport.POLLING)  # at another address than the suite happened to choose
        return frozenset(done & self.transports)

    @cached_property
    def turned_away(self) -> Transport | None:
        """The transport that the server turned away while it let the other one in.

        Sessions that share a user may exclude each other: `alone` tells.
        """
        if not self.completed:
            return None
        turned = (Outcome.REFUSED, Outcome.DISCONNECTED)
        away = [a.transport for a in self.attempts if a.outcome in turned]
        used = [t for t in away if t in self.transports]
        return used[0] if used else None

    @cached_property
    def holds_alone(self) -> bool:
        """The transport that was turned away joins and holds once it is the only one."""
        again = self._one(FollowUp.ALONE, NamespaceEvidence)
        attempts = again.attempts if again is not None else ()
        return bool(attempts) and all(a.outcome is Outcome.CONNECTED for a in attempts)

    @property
    def gone_meanwhile(self) -> bool:
        """The server answered the suite, and a moment later nobody listened."""
        return bool(self.affinity and Reason.REFUSED in self.affinity.failures[:1])

    @property
    def mute_meanwhile(self) -> bool:
        """The server answered the suite, and a moment later took a request and said nothing."""
        return bool(self.affinity and Reason.TIMEOUT in self.affinity.failures[:1])

    @property
    def frozen_since(self) -> bool:
        """… and answered none of the requests after it."""
        again = self.steadiness.outcomes if self.steadiness else ()
        silent = bool(again) and all(o == Reason.TIMEOUT.value for o in again)
        return self.mute_meanwhile and silent

    @property
    def slow_ms(self) -> float:
        """From where a repeated answer is late: on a busy machine of ours, later."""
        lag = self.steadiness.lag_ms if self.steadiness else 0.0
        return SLOW_MS + _OUR_LAG_COUNTS * lag

    @cached_property
    def passing(self) -> frozenset[str]:
        """Probes whose trouble did not come again.

        A late answer may be a busy machine's, theirs or ours. A session may have been turned away
        for the sake of another one of ours. Seconds at first and nothing afterwards are a cold
        start, unless this machine itself was held up just then.
        """
        passed = {"namespace", FollowUp.LINGER.value} if self.holds_alone else set()
        if self._prompt_after_all:
            passed.add("websocket")
        watched = self.steadiness
        if watched is None:
            return frozenset(passed)
        repeated = {"polling": watched.handshakes_ms, "http": watched.health_ms}
        for probe, times in repeated.items():
            finding = self.finding(probe)
            again = [ms for ms in times if ms is not None]
            if finding is None or finding.reason is not Reason.SLOW_ANSWER or len(again) < _ENOUGH:
                continue
            first = own_time_ms(getattr(finding.evidence, "answer", None)) or 0.0
            cold = probe == "polling" and first >= max(COLD_MS, _OF_OUR_LAG * watched.lag_ms)
            if max(again) < self.slow_ms and not cold:
                passed.add(probe)
        return frozenset(passed)

    @cached_property
    def stream_late_ms(self) -> float | None:
        """How late packets come on the WebSocket: the promptest of those that were waited for."""
        ws, attempt = self.websocket, self.attempt(Transport.WEBSOCKET)
        if ws is None or ws.answer.status != 101:
            return None
        seen = [f.at_ms for f in ws.frames[:1] if f.opcode == 1]
        if self.upgrade and self.upgrade.probe_ms is not None:
            seen.append(self.upgrade.probe_ms)
        if attempt is not None and attempt.outcome is Outcome.CONNECTED:
            seen.append(attempt.elapsed_ms)
        return min(seen) if len(seen) > 1 else None

    @property
    def _prompt_after_all(self) -> bool:
        """The WebSocket's first packet came late, a later one did not."""
        finding = self.finding("websocket")
        late = finding is not None and finding.reason is Reason.SLOW_ANSWER
        return late and self.stream_late_ms is not None and self.stream_late_ms < SLOW_MS

    @cached_property
    def gone_since(self) -> bool:
        """It connected, and at the end of a hold nothing lived or was answered any more."""
        hold = self.hold
        if hold is None or hold.limited or not hold.sessions:
            return False
        last = hold.samples[-_LAST_SAMPLES:]
        dead = len(last) == _LAST_SAMPLES and all(s.status is None for s in last)
        return dead and not any(s.parted is Parted.HELD for s in hold.sessions)

    @cached_property
    def connect_rtt_ms(self) -> float | None:
        """The fastest TCP connect: the path's round trip without the server."""
        times = [t.connect_ms for t in self.tcp if t.connect_ms is not None]
        return min(times) if times else None


def _verified(tls: TlsEvidence) -> bool:
    return not tls.verify_code and tls.failure is None


def own_time_ms(answer: HttpAnswer | None) -> float | None:
    """How long the server itself took, the way there and back not counted; None: no answer."""
    if answer is None or answer.ttfb_ms is None:
        return None
    return max(answer.ttfb_ms - (answer.connect_ms or 0.0), 0.0)


def waited_in_vain(failure: Failure | None, *phases: Phase) -> bool:
    """The exchange ended in a timeout in one of these phases."""
    return bool(failure and failure.reason is Reason.TIMEOUT and failure.phase in phases)


def cut(failure: Failure | None, *phases: Phase) -> bool:
    """The peer ended the exchange (FIN or RST) in one of these phases."""
    return bool(
        failure and failure.reason in (Reason.RESET, Reason.EOF) and failure.phase in phases
    )


__all__ = ["Evidence", "FindingSet", "cut", "own_time_ms", "waited_in_vain"]
