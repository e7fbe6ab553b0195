"""What rows of measurements show: stalls, falls, lost packets, jitter, bandwidth. Pure.

Probes ask it for a status, causes for a cause. What our own machine was too busy to measure is left
out, so that a loaded bot blames nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from bot.evidence import HeldSession, LadderEvidence, Phase, Rung, Sample
from bot.model import Reason, Transport

BUSY_MS: Final = 60.0  # of our own loop: such a sample says nothing of the server
STALL_MS: Final = 500.0  # above the path: a first byte of a healthy server takes single digits
_STANDSTILL_MS: Final = 1_500.0  # in which at least so many samples were late or unanswered:
_SEVERAL: Final = 4
_TOGETHER_MS: Final = 700.0  # late samples no further apart belong to one stall
_LATE_SYN_MS: Final = 900.0  # the first SYN is sent again after 1 s (RFC 6298 2.1)
_LOST_SHARE: Final = 0.02
_JITTER_MS: Final = 150.0
_ENOUGH: Final = 8  # samples, to say anything of a spread
_SLOW_KBIT: Final = 256.0  # a page of text takes seconds; what people call broken
_TELLING: Final = 20_000  # bytes: enough to be slow by rate, and not by round trips
_TRIPS: Final = {20_000: 2.0, 200_000: 5.0}  # of slow start, from ten segments on (RFC 6928)
_GATEWAY: Final = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Stall:
    """A time in which the server answered late or not. Milliseconds since the probe began."""

    began_ms: float
    ended_ms: float
    worst_ms: float
    samples: int


def honest(samples: Sequence[Sample]) -> list[Sample]:
    """Those that our own machine had time for."""
    return [s for s in samples if s.busy_ms < BUSY_MS]


def path_ms(samples: Sequence[Sample]) -> float:
    """The fastest connect: the path's round trip."""
    return min((s.connect_ms for s in samples if s.connect_ms is not None), default=0.0)


def lateness_ms(sample: Sample, path: float) -> float | None:
    """How long the server itself took; None where it did not answer and was not silent either."""
    if sample.ttfb_ms is not None:
        return max(sample.ttfb_ms - path, 0.0)
    if sample.reason is Reason.TIMEOUT and sample.phase in (Phase.REQUEST, Phase.RESPONSE):
        return 3_000.0
    return None


def stalls(samples: Sequence[Sample]) -> list[Stall]:
    """The times in which the first byte came late although connects were prompt."""
    seen = honest(samples)
    path = path_ms(seen)
    found: list[Stall] = []
    for sample in seen:
        late = lateness_ms(sample, path)
        if late is None or late < STALL_MS:
            continue
        ended = sample.at_ms + late
        if found and sample.at_ms - found[-1].ended_ms <= _TOGETHER_MS:
            last = found.pop()
            found.append(
                Stall(
                    last.began_ms,
                    max(last.ended_ms, ended),
                    max(last.worst_ms, late),
                    last.samples + 1,
                )
            )
        else:
            found.append(Stall(sample.at_ms, ended, late, 1))
    return found


def stalls_now_and_then(samples: Sequence[Sample]) -> bool:
    """Late in two episodes at least, prompt most of the time."""
    seen = honest(samples)
    episodes = stalls(seen)
    late = sum(e.samples for e in episodes)
    return len(episodes) >= 2 and late >= 3 and late <= 0.6 * len(seen)


def stands_still(samples: Sequence[Sample]) -> bool:
    """One episode so long that users feel it, and the server is back before the end."""
    seen = honest(samples)
    episodes = stalls(seen)
    back = bool(seen) and seen[-1].ttfb_ms is not None
    return back and any(
        e.ended_ms - e.began_ms >= _STANDSTILL_MS and e.samples >= _SEVERAL for e in episodes
    )


def is_down(sample: Sample) -> bool:
    """Nobody answered for the server: refused, torn, or a gateway that found nobody."""
    if sample.status is not None:
        return sample.status in _GATEWAY
    return sample.reason in (Reason.REFUSED, Reason.RESET, Reason.EOF)


def falls(samples: Sequence[Sample], *, since_ms: float = 0.0) -> int:
    """How often the server went from answering to not being there."""
    count, stood = 0, False
    for sample in samples:
        if is_down(sample):
            count += stood and sample.at_ms >= since_ms
            stood = False
        elif sample.status is not None:
            stood = True
    return count


def rises(samples: Sequence[Sample]) -> int:
    """How often it came back."""
    count, down = 0, False
    for sample in samples:
        if is_down(sample):
            down = True
        elif sample.status is not None:
            count += down
            down = False
    return count


def lost_syns(samples: Sequence[Sample]) -> list[float]:
    """Connect times that hold a wait for a SYN sent again; empty when too few to mean anything."""
    times = [s.connect_ms for s in honest(samples) if s.connect_ms is not None]
    if len(times) < _ENOUGH:
        return []
    base = min(times)
    late = [t for t in times if t - base >= _LATE_SYN_MS]
    return late if len(late) >= 2 and len(late) >= _LOST_SHARE * len(times) else []


def jitter_ms(samples: Sequence[Sample]) -> tuple[float, float] | None:
    """A low and a high connect time that lie far apart, most of the others between; else None."""
    times = sorted(
        s.connect_ms
        for s in honest(samples)
        if s.connect_ms is not None and s.connect_ms < _LATE_SYN_MS
    )
    if len(times) < _ENOUGH:
        return None
    low, high = times[len(times) // 10], times[len(times) * 9 // 10]
    return (low, high) if high - low >= _JITTER_MS and high >= 2 * low else None


def held_back_ms(session: HeldSession, samples: Sequence[Sample]) -> float | None:
    """How late echoes come over a WebSocket whose server is prompt over HTTP; else None."""
    echoes = [e for e in (session.first_echo_ms, session.echo_ms) if e is not None]
    path = path_ms(samples)
    late = [ms for s in honest(samples) if (ms := lateness_ms(s, path)) is not None]
    if session.transport is not Transport.WEBSOCKET or not echoes or len(late) < _ENOUGH:
        return None
    back = min(echoes) - path - median(late)
    return back if back >= STALL_MS else None


def kbit_per_s(rung: Rung, rtt_ms: float) -> float | None:
    """The rate that a payload went up with, the round trips of slow start taken off.

    What the peer's kernel had acknowledged at once was no slow path, however late its answer.
    """
    if not rung.upload or rung.size < _TELLING:
        return None
    if rung.elapsed_ms is None:
        waited = rung.failure.elapsed_ms if rung.failure else 0.0
        stuck = not rung.arrived or rung.failure is None or rung.failure.reason != Reason.TIMEOUT
        return None if stuck or not waited or not rung.arrived else rung.arrived * 8 / waited
    took = min(rung.elapsed_ms, rung.acked_ms or rung.elapsed_ms)
    took -= _TRIPS.get(rung.size, 5.0) * rtt_ms
    return rung.size * 8 / took if took > 1.0 else None


def slow_kbit(ladder: LadderEvidence) -> float | None:
    """The best rate of all tries, in kbit/s, if even that is slow."""
    telling = [r for r in ladder.rungs if r.upload and r.size >= _TELLING]
    rates = [kbit_per_s(r, ladder.rtt_ms or 0.0) for r in telling]
    known = [rate for rate in rates if rate is not None]
    if not known or len(known) < len(telling) or max(known) >= _SLOW_KBIT:
        return None
    return max(known)
