"""Causes in the quality of the path: it works, late or unevenly."""

from __future__ import annotations

from collections import Counter
from statistics import median

from bot import measured
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import RttEvidence
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Message, Reason, Section, Status, say, say_n

_SURELY_LOST = 3


def _complaint(found: FindingSet) -> Reason | None:
    """What the measurement of the path complains of."""
    finding = found.finding("rtt")
    return finding.reason if finding is not None and finding.status is Status.WARN else None


def _clean(rtt: RttEvidence) -> list[float]:
    """Connects in which nothing was lost; all of them where everything was."""
    left = Counter(rtt.connect_ms)
    left.subtract(rtt.resent_ms)
    return sorted(left.elements()) or sorted(rtt.connect_ms)


def _waited(late: int, times: list[float], total: int) -> Message:
    return say(
        "{late} of {total} connects waited for a packet sent again ({worst} ms, the "
        "fastest took {best} ms).",
        late=late,
        total=total,
        worst=round(max(times)),
        best=round(min(times)),
    )


def loss(found: FindingSet) -> Fit | None:
    """Some packets are lost: a part of the connects waits for a SYN sent again."""
    rtt = found.rtt
    if rtt is None or _complaint(found) is not Reason.LOSSY or not rtt.connect_ms:
        return _loss_beside_the_hold(found)
    lost = len(rtt.resent_ms) + rtt.unanswered
    why = [_waited(lost, list(rtt.connect_ms), len(rtt.connect_ms) + rtt.unanswered)]
    data = rtt.retransmits - len(rtt.resent_ms)
    if data > 0:
        why.append(
            say_n(
                "Of what was sent on connections {n} packet had to be sent again.",
                "Of what was sent on connections {n} packets had to be sent again.",
                data,
            )
        )
    return Fit(tuple(why), _sure(lost))


def _loss_beside_the_hold(found: FindingSet) -> Fit | None:
    samples = found.hold.samples if found.hold else ()
    late = measured.lost_syns(samples)
    times = [s.connect_ms for s in samples if s.connect_ms is not None]
    if not late or len(late) == len(times):
        return None
    return Fit((_waited(len(late), times, len(times)),), _sure(len(late)))


def _sure(lost: int) -> Confidence:
    return Confidence.CERTAIN if lost >= _SURELY_LOST else Confidence.LIKELY


def jitter(found: FindingSet) -> Fit | None:
    """Round trips differ widely without loss."""
    if loss(found) is not None:
        return None
    rtt = found.rtt
    apart = measured.jitter_ms(found.hold.samples) if found.hold else None
    if apart is None and rtt is not None and _complaint(found) is Reason.UNSTABLE:
        times = _clean(rtt)
        apart = (times[0], times[-1]) if times else None
    if apart is None:
        return None
    best, worst = (round(ms) for ms in apart)
    return Fit(
        (say("Connects took between {best} and {worst} ms.", best=best, worst=worst),),
        Confidence.LIKELY,
    )


def latency(found: FindingSet) -> Fit | None:
    """Every round trip is long, evenly."""
    rtt = found.rtt
    if rtt is None or _complaint(found) is not Reason.HIGH_LATENCY or not rtt.connect_ms:
        return None
    if loss(found) is not None or jitter(found) is not None:
        return None
    return Fit(
        (say("A TCP connect takes {ms} ms.", ms=round(median(_clean(rtt)))),),
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
