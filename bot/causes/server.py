"""Causes in the server's health: it answers, but late, or it comes and goes.

One late answer is a suspicion: this machine may have been busy, or theirs. `steadiness` asks again
for seconds, and what is said of lateness rests on what came again.
"""

from __future__ import annotations

from itertools import pairwise

from bot.causes import held_server
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import Failure, HttpAnswer, Outcome, Phase
from bot.findings import ANSWERED, COLD_MS, SLOW_MS, FindingSet, cut, own_time_ms
from bot.model import Confidence, FollowUp, Layer, Reason, Section, Status, say


def _first(found: FindingSet) -> float | None:
    return own_time_ms(found.polling.answer) if found.polling else None


def _slow(found: FindingSet) -> bool:
    finding = found.finding("polling")
    return finding is not None and finding.reason is Reason.SLOW_ANSWER


def _settle(found: FindingSet) -> tuple[FollowUp, ...]:
    return () if found.ran(FollowUp.STEADINESS) else (FollowUp.STEADINESS,)


def _again(found: FindingSet) -> tuple[float, ...]:
    """What the handshake took when it was repeated."""
    repeated = found.steadiness.handshakes_ms if found.steadiness else ()
    return tuple(ms for ms in repeated if ms is not None)


def _late(found: FindingSet) -> int:
    return sum(1 for ms in _again(found) if ms >= found.slow_ms)


def _median(values: tuple[float, ...]) -> float | None:
    return sorted(values)[len(values) // 2] if values else None


def cold_start(found: FindingSet) -> Fit | None:
    """The first answer took seconds, those after it none."""
    first, again = _first(found), _again(found)
    if not _slow(found) or first is None or first < COLD_MS or _late(found):
        return None
    return Fit(
        (
            say(
                "The first answer took {first} ms, a later one {again} ms.",
                first=round(first),
                again=round(_median(again) or 0) if again else "?",
            ),
        ),
        Confidence.LIKELY,
        _settle(found),
        () if again else ("srv_overloaded",),
    )


def overloaded(found: FindingSet) -> Fit | None:
    """Most answers are late, on a fast path."""
    first, again = _first(found), _again(found)
    if not _slow(found) or first is None:
        return None
    if found.ran(FollowUp.STEADINESS) and 2 * _late(found) < len(again):
        return None
    if not again and first >= COLD_MS:
        return None  # cold_start asks first
    if not again and _health_prompt(found):
        return None
    return Fit(
        (
            say(
                "Answers take {first} ms, again {again} ms, on a path of {rtt} ms.",
                first=round(first),
                again=round(_median(again) or 0) if again else "?",
                rtt=round(found.connect_rtt_ms or 0),
            ),
        ),
        Confidence.LIKELY,
        _settle(found),
        ("srv_loop_stalls",),
    )


def _health_prompt(found: FindingSet) -> bool:
    health = own_time_ms(found.health.answer) if found.health else None
    return health is not None and health < SLOW_MS / 2


def loop_stalls(found: FindingSet) -> Fit | None:
    """A late answer now and then: neither the first alone, nor most of them."""
    beside = held_server.stalls_beside(found)
    if beside:
        return Fit(
            (
                say(
                    "Beside a held connection the health page was late {n} times, at worst by "
                    "{worst} ms, on a path of {rtt} ms.",
                    n=len(beside),
                    worst=round(max(s.worst_ms for s in beside)),
                    rtt=round(found.connect_rtt_ms or 0),
                ),
            ),
            Confidence.CERTAIN if len(beside) > 2 else Confidence.LIKELY,
        )
    first, again = _first(found), _again(found)
    if not _slow(found) or first is None:
        return None
    if overloaded(found) is not None or cold_start(found) is not None:
        return None
    late = [ms for ms in again if ms >= found.slow_ms]
    prompt = [ms for ms in again if ms < found.slow_ms]
    return Fit(
        (
            say(
                "One answer took {late} ms, another {prompt} ms, on a path of {rtt} ms.",
                late=round(max(late, default=first)),
                prompt=round(min(prompt)) if prompt else "?",
                rtt=round(found.connect_rtt_ms or 0),
            ),
        ),
        Confidence.LIKELY,
        _settle(found),
        ("srv_overloaded",) if again else ("srv_overloaded", "srv_cold_start"),
    )


def slow_health(found: FindingSet) -> Fit | None:
    """Only the health page is slow, every time."""
    finding = found.finding("http")
    health = own_time_ms(found.health.answer) if found.health else None
    if finding is None or finding.reason is not Reason.SLOW_ANSWER:
        return None
    if finding.status is Status.SKIPPED or health is None:
        return None
    if not found.completed or _slow(found):
        return None
    return Fit(
        (say("The health page takes {ms} ms, Socket.IO does not.", ms=round(health)),),
        Confidence.LIKELY,
        _settle(found),
    )


def _torn(found: FindingSet) -> bool:
    """A session of ours was cut without a word."""
    cut_off = [a for a in found.attempts if a.outcome in (Outcome.DISCONNECTED, Outcome.CLOSED)]
    phases = (Phase.SESSION, Phase.REQUEST, Phase.RESPONSE)
    return any(cut(a.failure, *phases) or _refused(a.failure) for a in cut_off)


def fell_with_us(found: FindingSet) -> bool:
    """Our sessions were cut without a word, and from then on nobody listened."""
    watched = found.steadiness
    stayed_away = watched is not None and ANSWERED not in watched.outcomes
    return found.gone_meanwhile and stayed_away and _torn(found)


def _refused(failure: Failure | None) -> bool:
    return failure is not None and failure.reason is Reason.REFUSED


def _gone(answer: HttpAnswer | None) -> bool:
    """The server itself is not there: refused, or the proxy says so."""
    if answer is None or answer.status is not None:
        return answer is not None and answer.status in (502, 503)
    return answer.failure is not None and answer.failure.reason in (Reason.REFUSED, Reason.RESET)


def crash_loop(found: FindingSet) -> Fit | None:
    """The server goes down while nobody connects, and not for the first time."""
    if (seen := held_server.crash_loop(found)) is not None:
        return seen
    watched = found.steadiness
    if watched is None:
        if not found.gone_meanwhile:
            return None
        why = say("The server answered, and a moment later nobody listened.")
        return Fit((why,), Confidence.LIKELY, _settle(found), ("srv_restarting",))
    up = [outcome == ANSWERED for outcome in watched.outcomes]
    falls = sum(1 for before, after in pairwise(up) if before and not after)
    was_down = not found.completed or found.gone_meanwhile
    if not falls or falls + was_down < 2:
        return None
    return Fit(
        (
            say(
                "Asked again and again, the server answered {answered} of {n} times, and went "
                "away while nobody was connected.",
                answered=sum(up),
                n=len(up),
            ),
        ),
        Confidence.LIKELY,
        rivals=("srv_restarting",),
    )


def crashes_on_connect(found: FindingSet) -> Fit | None:
    """Our session was cut without a word, and then nobody listens; it stays up unless we connect.

    A supervisor may have the server back in an instant, so that being back is no contradiction
    where the first look saw it gone.
    """
    if (seen := held_server.crashes_with_us(found)) is not None:
        return seen
    if found.completed or not found.eio_seen or not _torn(found) or crash_loop(found):
        return None
    watched = found.steadiness
    fell = watched is not None and any(o != ANSWERED for o in watched.outcomes)
    looks = [found.health, found.polling, found.upgrade]
    missed = any(_gone(e.answer) for e in looks if e is not None)
    missed = missed or any(_gone(a.answer) or _refused(a.failure) for a in found.attempts)
    if watched is not None and not (fell or missed):
        return None
    if watched is None:
        why = say("The connection is cut as we connect.")
    elif watched.outcomes and watched.outcomes[-1] == ANSWERED:
        why = say(
            "The connection is cut as we connect, the server is gone for a moment, and then it "
            "stays up while nobody connects."
        )
    else:
        why = say("The connection is cut as we connect, and then the server refuses everybody.")
    rival = "srv_crash_loop" if watched is not None else "sio_server_disconnects"
    rivals = (rival, "srv_restarting") if fell_with_us(found) else (rival,)
    return Fit((why,), Confidence.LIKELY, _settle(found), rivals)


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
        holds=crash_loop,
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
