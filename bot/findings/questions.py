"""The few questions that several causes ask of the same evidence, each answered in one place."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlsplit

from bot.evidence import (
    Failure,
    HttpAnswer,
    NamespaceAttempt,
    NamespaceEvidence,
    Outcome,
    Parted,
)
from bot.findings.access import Findings
from bot.findings.answers import COLD_MS, NOT_ENGINE_IO, SLOW_MS, own_time_ms, verified
from bot.model import Finding, FollowUp, Reason, Status, Transport

_OUR_LAG_COUNTS = 2.0  # our own loop's lateness, met on the way there and on the way back
_OF_OUR_LAG = 10.0  # a server as starved as we are is late by a multiple: it has more to do
_ENOUGH = 3  # repeated answers, to say that a late one did not come again
_LAST_SAMPLES = 3


class FindingSet(Findings):
    """All findings of a run so far, the target they are about, and what they come to together."""

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
            t.handshake_ms is not None and verified(t) for t in self.tls
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

    @cached_property
    def mixed(self) -> bool:
        """Engine.IO was met, and to other requests under its path a status that is not its own.

        One server of several may give it, or a front that treats some requests differently.
        """
        opened = [e.open for e in (self.polling, self.websocket, self.upgrade) if e is not None]
        if all(o is None or o.protocol != 4 for o in opened):
            return False
        refusals = [
            e.answer
            for e in (self.polling, self.websocket, self.upgrade)
            if e is not None and e.error is None
        ]
        refusals += [a.answer for a in self.attempts if a.answer is not None]
        posted = self.affinity.statuses if self.affinity else ()
        met = {*(a.status for a in refusals), *(posted if 200 in posted else ())}
        return bool(met & NOT_ENGINE_IO)

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
        if self.alike and any(a.outcome is Outcome.CONNECTED for a in self.alike.websocket):
            done.add(Transport.WEBSOCKET)  # at another server than the suite happened to meet
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
