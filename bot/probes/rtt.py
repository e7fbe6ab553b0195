"""`rtt`: the quality of the path, from what the other probes measured on the way.

No request of its own: WebSocket pings (or polling answers) for the round trip over the session, TCP
connects for the path alone, retransmissions for loss. Connect times are the kernel's.
"""

from __future__ import annotations

import statistics
import time
from typing import Final

from bot.evidence import RttEvidence
from bot.model import Finding, Reason, Status
from bot.probes import outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged

HIGH_LATENCY_MS: Final = 300.0  # a handshake of six round trips then takes two seconds
JITTER_MS: Final = 150.0  # 165 to 473 ms were measured on a link that people call unusable
LOST_SYN_MS: Final = 900.0  # the first retransmission of a SYN comes after 1 s
_FEW: Final = 4  # fewer connects say nothing about spread


async def probe(look: Look) -> Finding:
    """Sum up the round trips of this look."""
    started = time.monotonic()
    samples = tuple(round(s, 3) for s in look.samples.round_trips_ms)
    connects = tuple(look.dialer.connects_ms)
    evidence = RttEvidence(
        transport=look.samples.transport,
        samples_ms=samples,
        median_ms=round(statistics.median(samples), 3) if samples else None,
        worst_ms=max(samples) if samples else None,
        connect_ms=connects,
        retransmits=look.dialer.retransmits,
    )
    if not connects:
        return outcome.found("rtt", outcome.NOT_REACHED, evidence, started)
    return outcome.found("rtt", _judge(connects), evidence, started)


def _judge(connects: tuple[float, ...]) -> Judged:
    fastest, slowest = min(connects), max(connects)
    if slowest >= LOST_SYN_MS and slowest >= 2 * fastest:
        return Status.WARN, Reason.UNSTABLE
    if len(connects) >= _FEW and slowest - fastest >= JITTER_MS and slowest >= 2 * fastest:
        return Status.WARN, Reason.UNSTABLE
    if statistics.median(connects) >= HIGH_LATENCY_MS:
        return Status.WARN, Reason.HIGH_LATENCY
    return outcome.OK
