"""Causes that end WebSocket and polling sessions at an age of their own: proxies and timers."""

from __future__ import annotations

from statistics import median

from bot import measured
from bot.causes import held
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import HeldSession, HttpAnswer, Keep, Outcome, Parted
from bot.findings import SLOW_MS, FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Reason, Section, Transport, say

_GATEWAY = frozenset({408, 499, 502, 504, 524})
_BUFFER_MS = 500.0  # later than the path and the server's other answers
_SHED = frozenset({1008, 1009, 1011, 1012, 1013})  # close codes with a meaning of their own


def _timed_out(answer: HttpAnswer | None) -> bool:
    """A poll that somebody on the way gave up: a gateway's status, or a connection cut."""
    if answer is None:
        return False
    if answer.status is not None:
        return answer.status in _GATEWAY
    return answer.failure is not None and answer.failure.reason in (Reason.EOF, Reason.RESET)


def _seconds(ms: float) -> float:
    return round(ms / 1000, 1)


def poll_read_timeout(found: FindingSet) -> Fit | None:
    """A poll that waits for the next ping is answered by the proxy instead."""
    polls = [s for s in held.sessions(found) if s.transport is Transport.POLLING]
    given_up = [s for s in polls if s.parted is Parted.REFUSED and _timed_out(s.answer)]
    # Before the ping was due: else it is the server that did not answer.
    early = [s for s in given_up if s.quiet_ms < 1.1 * held.interval_ms(s.open)]
    if not early or not held.stood(found, early[0]):
        return None
    first = early[0]
    status = first.answer.status if first.answer else None
    why = say(
        "A poll that waits is ended after {age} s ({how}); the next ping is due after {interval} "
        "s.",
        age=_seconds(first.quiet_ms),
        how=f"HTTP {status}" if status else "EOF",
        interval=_seconds(held.interval_ms(first.open)),
    )
    constant = len(early) > 1 and abs(early[0].quiet_ms - early[1].quiet_ms) <= max(
        300.0, 0.15 * early[0].quiet_ms
    )
    certain = constant and status in (504, 408, 524)
    rivals = ("ws_proxy_idle",) if held.lost_socket(found) else ()
    return Fit((why,), Confidence.CERTAIN if certain else Confidence.LIKELY, rivals=rivals)


def _torn(found: FindingSet) -> HeldSession | None:
    """The quiet WebSocket session, ended by something on the way, as it seems."""
    lost = held.lost_socket(found)
    if lost is None or held.unheard(lost) or not held.stood(found, lost):
        return None
    if lost.parted is Parted.CUT:
        return lost
    told = lost.parted is Parted.CLOSED and lost.close_code not in _SHED
    return lost if told and lost.close_code not in (1000, 1005) else None


def _spoke(found: FindingSet) -> list[HeldSession]:
    kept = (held.twin(found, Keep.PING), held.twin(found, Keep.EVENT))
    return [s for s in kept if s is not None]


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.TWIN) else (FollowUp.TWIN,)


def _was_quiet(lost: HeldSession) -> bool:
    """Its last quiet time was its longest: only then can it have been cut for being quiet."""
    return lost.quiet_ms >= 1.05 * lost.survived_ms


def proxy_idle(found: FindingSet) -> Fit | None:
    """The quiet session is cut, one that talks is not."""
    lost = _torn(found)
    if lost is None or not _was_quiet(lost):
        return None
    spoke = _spoke(found)
    saved = [s for s in spoke if held.outlived(s, lost)]
    if found.twin is not None and spoke and not saved:
        return None
    again = held.again(found, lost)
    if again is False:
        return None
    why = [
        say(
            "A WebSocket that says nothing for {quiet} s is cut; the server pings every {interval} "
            "s.",
            quiet=_seconds(lost.quiet_ms),
            interval=_seconds(held.interval_ms(lost.open)),
        )
    ]
    if again:
        why.append(say("Once more it was cut at the same age."))
    if saved:
        why.append(say("One that talks more often lives on."))
    certain = bool(again and saved)
    rivals = () if certain else ("ws_lifetime_cap",)
    return Fit(
        tuple(why),
        Confidence.CERTAIN if certain else Confidence.LIKELY,
        _settle(found),
        rivals,
    )


def lifetime_cap(found: FindingSet) -> Fit | None:
    """Every session is cut at one age, whatever it says."""
    lost = _torn(found)
    if lost is None:
        return None
    spoke = _spoke(found)
    if any(held.outlived(s, lost) for s in spoke):
        return None
    again = held.again(found, lost)
    if again is False or (again is None and _was_quiet(lost)):
        return None
    same = [s for s in spoke if held.same_age(s, lost)]
    why = [
        say("A WebSocket is cut after {age} s without a close frame.", age=_seconds(lost.age_ms))
        if lost.parted is Parted.CUT
        else say(
            "A WebSocket is closed after {age} s ({code}).",
            age=_seconds(lost.age_ms),
            code=lost.close_code or "—",
        )
    ]
    if again and same:
        why.append(say("So are others at the same age, also those that talk all the time."))
    certain = bool(again and same)
    return Fit(
        tuple(why),
        Confidence.CERTAIN if certain else Confidence.LIKELY,
        _settle(found),
        () if certain else ("ws_proxy_idle",),
    )


def keepalive_too_slow(found: FindingSet) -> Fit | None:
    """The app's keep-alive comes after the cut that it is to prevent."""
    lost = _torn(found)
    every = found.target.client.keep_alive_s
    if lost is None or every is None or proxy_idle(found) is None:
        return None
    if every * 1_000 < lost.quiet_ms:
        return None
    return Fit(
        (
            say(
                "The client sends its keep-alive every {every} s, the cut comes after {quiet} s.",
                every=every,
                quiet=_seconds(lost.quiet_ms),
            ),
        ),
        Confidence.LIKELY,
    )


def proxy_buffers(found: FindingSet) -> Fit | None:
    """What the WebSocket carries comes late, what HTTP carries does not."""
    late = _late_ms(found)
    prompt = _prompt_ms(found)
    if late is None or prompt is None or late - prompt < _BUFFER_MS or late < 3 * prompt:
        return None
    why: tuple[Message, ...] = (
        say(
            "Packets over the WebSocket take {late} ms, answers over HTTP {prompt} ms.",
            late=round(late),
            prompt=round(prompt),
        ),
    )
    return Fit(why, Confidence.LIKELY)


def _late_ms(found: FindingSet) -> float | None:
    """How late packets come on WebSockets: of a held one, or of one that did not live."""
    echoes = [
        min(e for e in (s.first_echo_ms, s.echo_ms) if e is not None)
        for s in (*held.sessions(found), *(found.twin.sessions if found.twin else ()))
        if s.transport is Transport.WEBSOCKET and (s.first_echo_ms or s.echo_ms)
    ]
    if echoes:
        return min(echoes)
    ws = found.websocket
    attempt = found.attempt(Transport.WEBSOCKET)
    if ws is None or attempt is None or not ws.frames or ws.answer.status != 101:
        return None
    lived = attempt.elapsed_ms and found.rtt and found.rtt.transport is Transport.WEBSOCKET
    if lived:  # its round trips tell
        # The quickest: one late answer is a busy machine's, a buffer holds them all back.
        samples = found.rtt.samples_ms if found.rtt else ()
        return min(samples, default=found.stream_late_ms)
    if attempt.outcome is Outcome.CONNECTED:
        return found.stream_late_ms
    head = max((ws.answer.ttfb_ms or 0.0) - (found.connect_rtt_ms or 0.0), 0.0)
    return max(ws.frames[0].at_ms, head) if ws.frames[0].opcode == 1 else None


def _prompt_ms(found: FindingSet) -> float | None:
    """How prompt the same server is over HTTP: the slower of the two things that were asked."""
    path = found.connect_rtt_ms or 0.0
    seen = [
        late
        for s in measured.honest(held.samples(found))
        if (late := measured.lateness_ms(s, path)) is not None
    ]
    polled = found.polling.answer if found.polling and found.polling_open else None
    first = polled.ttfb_ms if polled is not None else None
    known = [t for t in (median(seen) + path if seen else None, first) if t is not None]
    slow = max(known, default=None)
    return slow if slow is not None and slow < SLOW_MS + path else None


ROWS = (
    Cause(
        "http_poll_read_timeout",
        Layer.HTTP,
        Section.HEARTBEAT,
        say("The proxy cuts the long poll"),
        say("Users on polling are thrown out at a steady beat and reconnect."),
        say("Set the proxy's read timeout above pingInterval + pingTimeout."),
        reach=Reach.PART,
        holds=poll_read_timeout,
    ),
    Cause(
        "ws_proxy_buffers",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A proxy holds the traffic back"),
        say("Messages come late and in bursts; heartbeats are missed and users dropped."),
        say("Switch response buffering off for /socket.io/ on the proxy."),
        reach=Reach.PART,
        holds=proxy_buffers,
    ),
    Cause(
        "ws_proxy_idle",
        Layer.WEBSOCKET,
        Section.HEARTBEAT,
        say("A proxy cuts quiet connections"),
        say("Users who do nothing are disconnected at a steady beat and reconnect."),
        say("Set the proxy's idle timeout above pingInterval + pingTimeout, or ping more often."),
        reach=Reach.PART,
        holds=proxy_idle,
    ),
    Cause(
        "ws_lifetime_cap",
        Layer.WEBSOCKET,
        Section.HEARTBEAT,
        say("Connections have a maximum age"),
        say("Every user is disconnected at that age, and reconnects."),
        say("Raise the request timeout in front of the server; clients must reconnect anyway."),
        reach=Reach.PART,
        holds=lifetime_cap,
    ),
)
