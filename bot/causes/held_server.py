"""Causes in the server that only time shows: it freezes, crashes, or neglects its heartbeat."""

from __future__ import annotations

from bot import measured
from bot.causes import held
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import EioOpen, HeldSession, Outcome, Parted, Sample
from bot.findings import SLOW_MS, FindingSet, cut, own_time_ms
from bot.measured import Stall
from bot.model import Confidence, FollowUp, Layer, Reason, Section, Transport, say

_BLOCK_MS = 1_000.0  # shorter ones are told as stalls
_BEFORE_MS, _AFTER_MS = 700.0, 900.0  # of our joining: a sample under way, and one after it
_PROMPT = 2  # samples in a row that were answered at once: it has recovered
_CRASH_MS = 2_000.0  # from our joining to the server's fall
_TIGHT = 0.8  # of pingTimeout: a round trip longer than that leaves no time to answer


def _joins(found: FindingSet) -> list[float]:
    """When our sessions joined, since the hold began."""
    return [s.began_ms + (s.joined_ms or 0.0) for s in held.sessions(found) if s.open is not None]


def _at_a_join(stall: Stall, joins: list[float]) -> bool:
    return any(-_BEFORE_MS <= stall.began_ms - join <= _AFTER_MS for join in joins) or any(
        stall.began_ms <= join <= stall.ended_ms for join in joins
    )


def _recovered(samples: tuple[Sample, ...]) -> bool:
    path = measured.path_ms(samples)
    late = [measured.lateness_ms(s, path) for s in samples[-_PROMPT:]]
    return len(late) == _PROMPT and all(ms is not None and ms < measured.STALL_MS for ms in late)


def stuck_since_joining(found: FindingSet) -> float | None:
    """How long an upgrade beside our joining waited, where everything before it was prompt; ms."""
    namespace, ws, upgrade = found.finding("namespace"), found.websocket, found.upgrade
    late = namespace is not None and namespace.reason is Reason.SLOW_ANSWER
    if not late or upgrade is None or ws is None or not ws.frames:
        return None
    before = max(own_time_ms(ws.answer) or 0.0, ws.frames[0].at_ms)
    waited = max(own_time_ms(upgrade.answer) or 0.0, upgrade.probe_ms or 0.0)
    return waited if waited >= _BLOCK_MS and before < SLOW_MS else None


def blocks_on_connect(found: FindingSet) -> Fit | None:
    """Nobody is answered for a while whenever we connect, and only then."""
    if (waited := stuck_since_joining(found)) is not None:
        why = say(
            "Once a session had joined, an upgrade beside it waited for {seconds} s; before that "
            "everything was prompt.",
            seconds=round(waited / 1000, 1),
        )
        return Fit((why,), Confidence.LIKELY, rivals=("srv_loop_stalls", "sio_middleware_slow"))
    if found.mute_meanwhile and not found.frozen_since:
        settle = () if found.ran(FollowUp.STEADINESS) else (FollowUp.STEADINESS,)
        why = say("After our sessions had joined, the server said nothing for seconds.")
        return Fit((why,), Confidence.LIKELY, settle, ("srv_loop_stalls",))
    seen = held.samples(found)
    joins = _joins(found)
    episodes = measured.stalls(seen)
    ours = [e for e in episodes if _at_a_join(e, joins)]
    if not joins or not ours or len(ours) < len(episodes) or not _recovered(seen):
        return None
    before = [s for s in seen if s.at_ms + _BEFORE_MS < min(joins) and s.ttfb_ms is not None]
    worst = max(ours, key=lambda e: e.ended_ms - e.began_ms)
    length = worst.ended_ms - worst.began_ms
    if length < _BLOCK_MS:
        return None
    return Fit(
        (
            say(
                "As we connect, the health page is late for {seconds} s; before and after it is "
                "prompt.",
                seconds=round(length / 1000, 1),
            ),
        ),
        Confidence.LIKELY,
        rivals=() if before and len(ours) > 1 else ("srv_loop_stalls",),
    )


def stalls_beside(found: FindingSet) -> list[Stall]:
    """The stalls of a hold that our own joining does not explain."""
    seen = held.samples(found)
    told = measured.stalls_now_and_then(seen) or measured.stands_still(seen)
    if not told or blocks_on_connect(found) is not None:
        return []
    return measured.stalls(seen)


def frozen_after_connect(found: FindingSet) -> Fit | None:
    """The kernel still takes what we write, the process does nothing with it."""
    if found.frozen_since:
        why_now = say("The server answered at first, and from then on took requests in silence.")
        return Fit((why_now,), Confidence.LIKELY)
    silent = [s for s in held.sessions(found) if s.parted in (Parted.SILENT, Parted.REFUSED)]
    mute = [s for s in silent if s.echo_ms is None and s.answer_status is None]
    if not mute or not held.deaf_since(found) or held.unconnected(found):
        return None
    taken = [s for s in mute if s.tcp is not None and s.tcp.unacked == 0]
    if any(s.tcp is not None and s.tcp.unacked for s in mute):
        return None
    why = [say("The session fell silent, and the health page is not answered any more.")]
    if taken:
        why.append(say("A late write is acknowledged by the kernel, and never answered."))
    return Fit(tuple(why), Confidence.CERTAIN if taken else Confidence.LIKELY)


def no_pings(found: FindingSet) -> Fit | None:
    """No ping in its time, and yet the server is there."""
    lost = next(
        (
            s
            for s in held.sessions(found)
            if s.parted is Parted.SILENT and s.echo_asked and s.echo_ms is not None
        ),
        None,
    )
    if lost is None or held.deaf_since(found):
        return None
    return Fit(
        (
            say(
                "No ping for {age} s, although one is due every {interval} s; a late echo is "
                "answered.",
                age=round((lost.age_ms - (lost.pings_ms[-1] if lost.pings_ms else 0.0)) / 1000, 1),
                interval=round(held.interval_ms(lost.open) / 1000, 1),
            ),
        ),
        Confidence.CERTAIN if not measured.stalls(held.samples(found)) else Confidence.LIKELY,
    )


def _tight(found: FindingSet, opened: EioOpen | None) -> float | None:
    """The path's round trip, if pingTimeout leaves no time for it; milliseconds."""
    rtt = found.connect_rtt_ms
    if rtt is None or opened is None or opened.ping_timeout_ms is None:
        return None
    return rtt if rtt >= _TIGHT * opened.ping_timeout_ms else None


def ping_timeout_too_small(found: FindingSet) -> Fit | None:
    """The answer to a ping cannot be back in time."""
    looks = (found.websocket, found.polling)
    opened = next((e.open for e in looks if e is not None and e.open is not None), None)
    rtt = _tight(found, opened)
    timeout = opened.ping_timeout_ms if opened else None
    if rtt is None or timeout is None:
        return None
    ended = [a for a in found.attempts if a.outcome in (Outcome.CLOSED, Outcome.DISCONNECTED)]
    lost = [s for s in held.sessions(found) if s.lost]
    if not ended and not lost:
        return None
    return Fit(
        (
            say(
                "A round trip takes {rtt} ms, and pingTimeout is {timeout} ms: the answer to a "
                "ping always comes too late.",
                rtt=round(rtt),
                timeout=timeout,
            ),
        ),
        Confidence.LIKELY if rtt < timeout else Confidence.CERTAIN,
    )


def no_pong(found: FindingSet) -> Fit | None:
    """The server says that our answer to its ping did not come, and everything else arrives."""
    lost = held.lost_socket(found)
    if lost is None or not held.unheard(lost) or _tight(found, lost.open) is not None:
        return None
    if lost.first_echo_ms is None or not lost.pings_ms or not held.stood(found, lost):
        return None
    if measured.stalls(held.samples(found)):
        return None  # the server itself was too busy to read it
    return Fit(
        (
            say(
                "The server closes {timeout} s after its ping, which was answered at once: the "
                "answer does not reach it.",
                timeout=round(held.timeout_ms(lost.open) / 1000, 1),
            ),
        ),
        Confidence.LIKELY,
        rivals=("ws_frames_blocked_up",),
    )


def _alone(found: FindingSet) -> tuple[Sample, ...]:
    return found.sampler.samples if found.sampler else ()


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.SAMPLER) else (FollowUp.SAMPLER,)


def falls_at_joins(found: FindingSet) -> bool:
    """Whether the server was there, and was gone as soon as we had connected."""
    seen = held.samples(found)
    joins = _joins(found)
    down = [s.at_ms for s in seen if measured.is_down(s)]
    if not joins or not down or not measured.falls(seen):
        return False
    first = min(down)
    return any(-_BEFORE_MS <= first - join <= _CRASH_MS for join in joins)


def crash_loop(found: FindingSet) -> Fit | None:
    """It falls and rises, also while nobody of us is connected."""
    alone, beside = _alone(found), held.samples(found)
    falls = measured.falls(alone)
    if alone and not falls:
        # A quiet time without a fall: what falls with our session is told as that.
        falls_again = measured.falls(beside) >= 2 and measured.rises(beside)
        if not falls_again or falls_at_joins(found):
            return None
    elif not alone and not measured.falls(beside):
        return None
    together = falls + measured.falls(beside)
    rises = measured.rises(alone) + measured.rises(beside)
    if together + rises < 2 and found.sampler is not None:
        return None  # it went away once: nothing turns in a circle
    sure = falls >= 1 and rises >= 1
    return Fit(
        (
            say(
                "The server went away {falls} times and came back {rises} times while it was "
                "watched.",
                falls=together,
                rises=rises,
            ),
        ),
        Confidence.CERTAIN if sure else Confidence.LIKELY,
        _settle(found),
        () if sure else ("srv_crashes_on_connect", "srv_restarting"),
    )


def crashes_with_us(found: FindingSet) -> Fit | None:
    """It stands alone and falls as we connect."""
    alone = _alone(found)
    if found.sampler is None or measured.falls(alone) or not _torn(found):
        return None
    here = falls_at_joins(found)
    came_back = measured.rises(alone) == 1 and found.completed == frozenset()
    if not here and not came_back:
        return None
    return Fit(
        (
            say("The server stands while nobody connects, and is gone as soon as we do.")
            if here
            else say("The connection was cut as we connected, then the server came back."),
        ),
        Confidence.CERTAIN if here and found.hold is not None else Confidence.LIKELY,
        rivals=() if here else ("srv_crash_loop",),
    )


def _torn(found: FindingSet) -> bool:
    """Whether a session of ours ended as if the process had gone."""
    attempts = [a for a in found.attempts if a.outcome in (Outcome.DISCONNECTED, Outcome.CLOSED)]
    gone: list[HeldSession] = [
        s
        for s in held.sessions(found)
        if s.parted in (Parted.CUT, Parted.REFUSED, Parted.NOT_OPENED)
        and (s.transport is Transport.WEBSOCKET or s.failure is not None)
    ]
    return (
        bool(gone)
        or any(cut(a.failure) for a in attempts)
        or any(
            a.failure is not None and a.failure.reason in (Reason.EOF, Reason.RESET)
            for a in attempts
        )
    )


ROWS = (
    Cause(
        "srv_blocks_on_connect",
        Layer.SERVER,
        Section.SERVER,
        say("The server freezes for a while when a client connects"),
        say("With every new user everybody waits; heartbeats are missed and users dropped."),
        say("Make the connection handler asynchronous: it computes, or waits without yielding."),
        reach=Reach.PART,
        holds=blocks_on_connect,
    ),
    Cause(
        "srv_frozen_after_connect",
        Layer.SERVER,
        Section.SERVER,
        say("The server froze while the connection was open"),
        say("Users stay “connected” until the heartbeat runs out; nobody can connect."),
        say("Restart it, after taking a CPU profile or a thread dump of the frozen process."),
        holds=frozen_after_connect,
    ),
    Cause(
        "srv_no_pings",
        Layer.SERVER,
        Section.HEARTBEAT,
        say("The server's heartbeat is broken"),
        say("Clients take the server for dead after pingInterval + pingTimeout, and reconnect."),
        say("Look for patched timers or a clogged event loop in the server."),
        reach=Reach.PART,
        holds=no_pings,
    ),
    Cause(
        "srv_ping_timeout_too_small",
        Layer.SERVER,
        Section.HEARTBEAT,
        say("pingTimeout is shorter than the round trip"),
        say("Users far away are disconnected after every ping."),
        say("Raise pingTimeout above the worst round trip; Socket.IO's default is 20 s."),
        reach=Reach.WHOLE,
        holds=ping_timeout_too_small,
    ),
    Cause(
        "cli_no_pong",
        Layer.SERVER,
        Section.HEARTBEAT,
        say("The client does not answer pings"),
        say("Single users drop out with every heartbeat."),
        say("Look for long tasks in the page, and for what rewrites messages on the way."),
        reach=Reach.PART,
        holds=no_pong,
    ),
)
