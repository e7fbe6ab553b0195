"""`rtt`: the quality of the path, from what the other probes measured on the way.

WebSocket pings (or polling answers) give the round trip over the session, TCP connects that of the
path alone: their times and retransmissions are the kernel's, so that neither a busy server nor a
busy machine of ours looks like a bad network. The dozen connects of a run show a loss of a few per
cent only sometimes; where anything at all was sent again, or the times are uneven, thirty more
connects decide (docs/design/007-quality-of-the-path.md).
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from typing import Final

from bot.evidence import RttEvidence
from bot.model import Finding, Reason, Status
from bot.net.dial import Sample
from bot.probes import outcome, path_samples
from bot.probes.look import Look
from bot.probes.outcome import Judged

# A client needs about ten round trips to connect (measurements.md): four seconds from here on. The
# far side of the earth is 300 to 350 ms away, so geography alone does not get there.
HIGH_LATENCY_MS: Final = 400.0
JITTER_MS: Final = 100.0  # between the 10th and the 90th of a hundred: no single straggler
JITTER_RATIO: Final = 1.3  # and in proportion to the way
LOSS_SHARE: Final = 0.04  # of connects: two per cent each way
_UNEVEN_MS: Final = 60.0
_ENOUGH: Final = 8  # fewer connects say nothing about spread
_DATA_SENT_AGAIN: Final = 3
_SYN_AGAIN_MS: Final = 1_000.0  # RFC 6298 2.1
_SLOWEST_HONEST_MS: Final = 900.0  # above it the kernel sends a SYN again though none was lost


async def probe(look: Look) -> Finding:
    """Sum up the round trips of this look; measure more where they are suspicious."""
    started = time.monotonic()
    measured: list[Sample] = []
    unanswered = 0
    if samples := _doubted(look):  # no reason to wait for the last samples first
        (measured, unanswered), _ = await asyncio.gather(
            path_samples.burst(samples[0]), path_samples.end(look)
        )
    else:
        await path_samples.end(look)
        if samples := _doubted(look):
            measured, unanswered = await path_samples.burst(samples[0])
    samples = _of_one_address(look.dialer.connects)
    resent_data = _resent_data(look)
    evidence = _evidence(look, [*samples, *measured], unanswered, len(measured))
    if not samples:
        return outcome.found("rtt", outcome.NOT_REACHED, evidence, started)
    return outcome.found("rtt", _judge(evidence, resent_data), evidence, started)


def _doubted(look: Look) -> list[Sample]:
    """The samples so far, if they are such that more should be taken."""
    samples = _of_one_address(look.dialer.connects)
    trips = look.samples.round_trips_ms
    return samples if look.lookup_late or _suspicious(samples, trips, _resent_data(look)) else []


def _resent_data(look: Look) -> int:
    return look.dialer.retransmits - sum(s.resent for s in look.dialer.connects)


def _of_one_address(connects: list[Sample]) -> list[Sample]:
    """The samples of the address that was dialled most: two addresses are two ways."""
    if not connects:
        return []
    (most, _), *_ = Counter((s.address, s.port) for s in connects).most_common(1)
    return [s for s in connects if (s.address, s.port) == most]


def _evidence(look: Look, samples: list[Sample], unanswered: int, measured: int) -> RttEvidence:
    trips = tuple(round(s, 3) for s in look.samples.round_trips_ms)
    return RttEvidence(
        transport=look.samples.transport,
        samples_ms=trips,
        median_ms=round(statistics.median(trips), 3) if trips else None,
        worst_ms=max(trips) if trips else None,
        connect_ms=tuple(s.took_ms for s in samples),
        retransmits=look.dialer.retransmits,
        resent_ms=tuple(_lost_ms(samples)),
        unanswered=unanswered,
        measured=measured,
    )


def _lost_ms(samples: list[Sample]) -> list[float]:
    """The connects that wait for a SYN sent again.

    On a way that may take a second the kernel sends one again before the first is answered. What
    comes back sooner than the second could be answered is the answer to the first: late, not lost.
    """
    fastest = min((s.took_ms for s in samples if not s.resent), default=0.0)
    soonest = _SYN_AGAIN_MS + 0.8 * fastest
    return [s.took_ms for s in samples if s.resent and s.took_ms >= soonest]


def _suspicious(samples: list[Sample], trips_ms: list[float], resent_data: int) -> bool:
    """Whether to measure more: something was sent again, the way is long, or its times differ."""
    times = [s.took_ms for s in samples] + trips_ms
    if not samples:
        return False
    uneven = max(times) - min(times) >= _UNEVEN_MS and max(times) >= JITTER_RATIO * min(times)
    far = statistics.median(s.took_ms for s in samples) >= HIGH_LATENCY_MS
    return uneven or far or resent_data > 0 or any(s.resent for s in samples)


def _judge(evidence: RttEvidence, resent_data: int) -> Judged:
    clean = _without(evidence.connect_ms, evidence.resent_ms)
    if not clean:
        # Every SYN was sent again: the way takes longer than the kernel waits, or hardly works.
        slow = statistics.median(evidence.connect_ms) >= HIGH_LATENCY_MS
        return (Status.WARN, Reason.HIGH_LATENCY) if slow else outcome.OK
    if _loses(evidence, clean, resent_data):
        return Status.WARN, Reason.LOSSY
    if _varies(clean):
        return Status.WARN, Reason.UNSTABLE
    far = statistics.median(clean) >= HIGH_LATENCY_MS
    return (Status.WARN, Reason.HIGH_LATENCY) if far else outcome.OK


def _varies(clean: list[float]) -> bool:
    """From the 10th to the 90th of a hundred it is far, absolutely and in proportion."""
    if len(clean) < _ENOUGH:
        return False
    tenths = statistics.quantiles(clean, n=10, method="inclusive")
    low, high = tenths[0], tenths[-1]
    return high - low >= JITTER_MS and high >= JITTER_RATIO * low


def _loses(evidence: RttEvidence, clean: list[float], resent_data: int) -> bool:
    lost = len(evidence.resent_ms) + evidence.unanswered
    total = len(evidence.connect_ms) + evidence.unanswered
    if min(clean) >= _SLOWEST_HONEST_MS or total < _ENOUGH:
        return False
    if lost >= 2 and lost / total >= LOSS_SHARE:
        return True
    return lost == 1 and resent_data >= _DATA_SENT_AGAIN


def _without(all_ms: tuple[float, ...], some_ms: tuple[float, ...]) -> list[float]:
    left = Counter(all_ms)
    left.subtract(some_ms)
    return list(left.elements())
