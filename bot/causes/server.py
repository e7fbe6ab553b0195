"""Causes in the server's health: it answers, but late."""

from __future__ import annotations

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import HttpAnswer, Outcome, Phase
from bot.findings import FindingSet, cut
from bot.model import Confidence, FollowUp, Layer, Reason, Section, Status, say

SLOW_MS = 400.0  # above the path's round trip; a healthy handshake takes single milliseconds
_COLD_MS = 1_000.0  # an instance that starts takes at least that


def _lateness(answer: HttpAnswer | None) -> float | None:
    """How long the server itself took, without the path, in milliseconds."""
    if answer is None or answer.ttfb_ms is None:
        return None
    return max(answer.ttfb_ms - (answer.connect_ms or 0.0), 0.0)


def _first(found: FindingSet) -> float | None:
    return _lateness(found.polling.answer) if found.polling else None


def _again(found: FindingSet) -> float | None:
    return _lateness(found.recheck.polling) if found.recheck else None


def _slow(found: FindingSet) -> bool:
    first = _first(found)
    return found.polling_open and first is not None and first >= SLOW_MS


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.RECHECK) else (FollowUp.RECHECK,)


def cold_start(found: FindingSet) -> Fit | None:
    """The first answer took seconds, the next ones do not."""
    first, again = _first(found), _again(found)
    if not _slow(found) or first is None or first < _COLD_MS:
        return None
    if again is not None and again >= max(first / 4, SLOW_MS):
        return None
    return Fit(
        (
            say(
                "The first answer took {first} ms, a later one {again} ms.",
                first=round(first),
                again=round(again) if again is not None else "?",
            ),
        ),
        Confidence.LIKELY,
        _settle(found),
        ("srv_overloaded",) if again is None else (),
    )


def overloaded(found: FindingSet) -> Fit | None:
    """Every answer is late, on a fast path."""
    first, again = _first(found), _again(found)
    if not _slow(found) or first is None or (again is not None and again < SLOW_MS):
        return None
    if first >= _COLD_MS and again is None:
        return None  # cold_start asks first
    health = _lateness(found.health.answer) if found.health else None
    if health is not None and health < SLOW_MS / 2:
        return None
    return Fit(
        (
            say(
                "Answers take {first} ms, again {again} ms, on a path of {rtt} ms.",
                first=round(first),
                again=round(again) if again is not None else "?",
                rtt=round(found.connect_rtt_ms or 0),
            ),
        ),
        Confidence.LIKELY,
        _settle(found),
        ("srv_loop_stalls",),
    )


def loop_stalls(found: FindingSet) -> Fit | None:
    """A late answer now and then: neither the first alone, nor all of them."""
    first, again = _first(found), _again(found)
    if not _slow(found) or first is None or again is None or again >= SLOW_MS:
        return None
    if cold_start(found) is not None:
        return None
    return Fit(
        (
            say(
                "One answer took {late} ms, another {prompt} ms, on a path of {rtt} ms.",
                late=round(first),
                prompt=round(again),
                rtt=round(found.connect_rtt_ms or 0),
            ),
        ),
        Confidence.LIKELY,
        rivals=("srv_overloaded", "srv_cold_start"),
    )


def slow_health(found: FindingSet) -> Fit | None:
    """Only the health page is slow."""
    finding = found.finding("http")
    health = _lateness(found.health.answer) if found.health else None
    if finding is None or finding.reason is not Reason.SLOW_ANSWER:
        return None
    if finding.status is Status.SKIPPED or health is None or health < SLOW_MS or _slow(found):
        return None
    if not found.completed:
        return None
    return Fit(
        (say("The health page takes {ms} ms, Socket.IO does not.", ms=round(health)),),
        Confidence.LIKELY,
    )


def crashes_on_connect(found: FindingSet) -> Fit | None:
    """Our session was cut without a word, and a moment later nobody listens any more."""
    if found.completed or not found.eio_seen:
        return None
    cut_off = [a for a in found.attempts if a.outcome in (Outcome.DISCONNECTED, Outcome.CLOSED)]
    torn = [a for a in cut_off if cut(a.failure, Phase.SESSION, Phase.REQUEST, Phase.RESPONSE)]
    if not torn:
        return None
    again = found.recheck
    if again is not None and "ok" in again.connects:
        return None
    return Fit(
        (say("The connection is cut as we connect, and then the server refuses everybody."),)
        if again is not None
        else (say("The connection is cut as we connect."),),
        Confidence.LIKELY,
        _settle(found),
        ("srv_crash_loop",) if again is not None else ("sio_server_disconnects",),
    )


ROWS = (
    Cause(
        "srv_cold_start",
        Layer.SERVER,
        Section.SERVER,
        say("The server starts only when somebody comes (cold start)"),
        say("The first user after a pause waits for seconds, or gives up."),
        say("Keep one instance running (min-instances ≥ 1) and raise the client's timeout."),
        reach=Reach.QUALITY,
        holds=cold_start,
    ),
    Cause(
        "srv_overloaded",
        Layer.SERVER,
        Section.SERVER,
        say("The server is overloaded"),
        say("Everything works late; heartbeats may be missed and users dropped."),
        say("Scale out, or find what keeps the CPU busy (profile the event loop)."),
        reach=Reach.QUALITY,
        holds=overloaded,
    ),
    Cause(
        "srv_loop_stalls",
        Layer.SERVER,
        Section.SERVER,
        say("The server's event loop stalls"),
        say("Answers and heartbeats come in bursts; users are dropped now and then."),
        say("Move heavy work off the event loop (worker threads, smaller batches)."),
        reach=Reach.QUALITY,
        holds=loop_stalls,
    ),
    Cause(
        "srv_crashes_on_connect",
        Layer.SERVER,
        Section.SERVER,
        say("The server crashes when a client connects"),
        say("Every new user throws everybody out."),
        say("Read the stack trace of the crash: the connection handler throws."),
        holds=crashes_on_connect,
    ),
    Cause(
        "srv_crash_loop",
        Layer.SERVER,
        Section.SERVER,
        say("The server crashes again and again"),
        say("Users are cut off with every crash."),
        say("Look at the logs, the memory limit and the configuration of the backend."),
    ),
    Cause(
        "srv_slow_health",
        Layer.SERVER,
        Section.DIAGNOSTICS,
        say("Only the health page is slow"),
        say("Users are not affected, but orchestrators may restart the backend."),
        say("Make the health page cheap: no checks of dependencies in it."),
        reach=Reach.QUALITY,
        holds=slow_health,
    ),
)
