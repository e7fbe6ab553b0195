"""Causes in the quality of the path: it works, late or unevenly."""

from __future__ import annotations

from statistics import median

from bot import measured
from bot.causes.row import Cause, Fit, Reach
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Reason, Section, Status, say

# A SYN that is lost is sent again after 1 s, then after 2 s more (RFC 6298 2.1, Linux TCP_RTO_MIN).
_SYN_RETRY_MS = (1_000.0, 3_000.0, 7_000.0)
_RETRY_SLACK_MS = 350.0
MIN_SAMPLES = 4


def _connects(found: FindingSet) -> list[float]:
    if found.rtt and found.rtt.connect_ms:
        return list(found.rtt.connect_ms)
    return [t.connect_ms for t in found.tcp if t.connect_ms is not None]


def _retried(times: list[float]) -> list[float]:
    """Connects that took a round trip plus the wait for a SYN sent again."""
    base = min(times)
    return [
        t for t in times if any(abs(t - base - step) <= _RETRY_SLACK_MS for step in _SYN_RETRY_MS)
    ]


def _complains(found: FindingSet, reason: Reason) -> bool:
    return any(f.reason is reason and f.status is not Status.SKIPPED for f in found.all)


def _retransmits(found: FindingSet) -> int:
    return sum(f.tcp.retransmits for f in found.failures if f.tcp)


def loss(found: FindingSet) -> Fit | None:
    """Some packets are lost: a part of the connects waits for a SYN sent again."""
    times = _connects(found)
    if len(times) < MIN_SAMPLES:
        return None
    late = _retried(times)
    seen = found.hold.samples if found.hold else ()
    if lost := measured.lost_syns(seen):
        late, times = lost, [s.connect_ms for s in seen if s.connect_ms is not None]
    if not late or len(late) == len(times):
        return None
    return Fit(
        (
            say(
                "{late} of {total} connects waited for a packet sent again ({worst} ms, the "
                "fastest took {best} ms).",
                late=len(late),
                total=len(times),
                worst=round(max(late)),
                best=round(min(times)),
            ),
        ),
        Confidence.CERTAIN if len(late) > 1 or _retransmits(found) else Confidence.LIKELY,
    )


def jitter(found: FindingSet) -> Fit | None:
    """Round trips differ widely without loss."""
    if not _complains(found, Reason.UNSTABLE) or loss(found) is not None:
        return None
    times = _connects(found)
    if found.hold and (apart := measured.jitter_ms(found.hold.samples)):
        times = [*apart] * MIN_SAMPLES
    if len(times) < MIN_SAMPLES:
        return None
    return Fit(
        (
            say(
                "Connects took between {best} and {worst} ms.",
                best=round(min(times)),
                worst=round(max(times)),
            ),
        ),
        Confidence.LIKELY,
    )


def latency(found: FindingSet) -> Fit | None:
    """Every round trip is long, evenly."""
    if not _complains(found, Reason.HIGH_LATENCY) or _complains(found, Reason.UNSTABLE):
        return None
    times = _connects(found)
    if not times or (len(times) >= MIN_SAMPLES and loss(found) is not None):
        return None
    return Fit(
        (say("A TCP connect takes {ms} ms.", ms=round(median(times))),),
    )


ROWS = (
    Cause(
        "net_latency",
        Layer.NET,
        Section.NETWORK,
        say("The path to the backend is slow"),
        say("Everything works, with a delay that users notice."),
        say("Serve from a region nearer to the users; raise client timeouts."),
        reach=Reach.QUALITY,
        holds=latency,
    ),
    Cause(
        "net_slower_than_usual",
        Layer.NET,
        Section.NETWORK,
        say("Slower than usual"),
        say("Everything works, more slowly than users are used to."),
        say("Ask what changed: a deployment, more users, another region, a VPN."),
        reach=Reach.QUALITY,
    ),
    Cause(
        "net_jitter",
        Layer.NET,
        Section.NETWORK,
        say("The path to the backend is unsteady"),
        say("Delays vary; heartbeats may be missed and connections drop now and then."),
        say("Try a wired or another network; look for a saturated link on the way."),
        reach=Reach.QUALITY,
        holds=jitter,
    ),
    Cause(
        "net_loss",
        Layer.NET,
        Section.NETWORK,
        say("Packets are lost on the way to the backend"),
        say("Connections start a second or more late and stall now and then."),
        say("Check the Wi-Fi, VPN or provider on the way."),
        reach=Reach.QUALITY,
        holds=loss,
    ),
)
