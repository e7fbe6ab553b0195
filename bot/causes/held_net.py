"""Causes on the path that only a held session or a big payload meets."""

from __future__ import annotations

from bot import measured
from bot.causes import held
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import HeldSession, Parted, Rung
from bot.findings import FindingSet
from bot.model import Confidence, Layer, Message, Reason, Section, Transport, say

_SWOLLEN = 4.0  # round trips under load against those without: a queue in front of a slow link
_AGAIN = 2  # times that a packet was sent again in vain
_FEW = 3  # segments sent again that a queue alone explains


def low_bandwidth(found: FindingSet) -> Fit | None:
    """Payloads arrive, slowly, and it is the path that is slow."""
    ladder = found.ladder
    if ladder is None:
        return None
    rate = measured.slow_kbit(ladder)
    if rate is None:
        return None
    worst = max((r.tcp.retransmits for r in ladder.rungs if r.tcp), default=0)
    swollen = any(
        r.tcp and r.tcp.rtt_ms >= _SWOLLEN * max(ladder.rtt_ms or 0.0, 1.0) for r in ladder.rungs
    )
    if worst > _FEW and not swollen:
        return None  # lost packets make it slow
    return Fit(
        (
            say("A payload of 20 kB goes up at {rate} kbit/s.", rate=round(rate)),
            say("{n} of its packets were sent again.", n=worst),
        ),
        Confidence.CERTAIN if worst <= _FEW else Confidence.LIKELY,
    )


def _swallowed(rung: Rung) -> bool:
    """Nothing of it arrived, although it was sent again and again."""
    ended = rung.failure
    if rung.elapsed_ms is not None or ended is None or rung.close_code == held.TOO_BIG:
        return False
    if not rung.upload:
        silent = ended.reason is Reason.TIMEOUT
        return silent and rung.tcp is not None and rung.tcp.unacked == 0
    # The server may meanwhile have given up on us: our pong is behind the payload.
    stuck = bool(rung.tcp and rung.tcp.unacked and rung.tcp.retransmits >= _AGAIN)
    return stuck and (rung.arrived is None or rung.arrived < rung.size / 10)


def mtu_blackhole(found: FindingSet) -> Fit | None:
    """Small packets pass, full ones vanish."""
    ladder = found.ladder
    if ladder is None or ladder.others_ok is False:
        return None
    lost = next((r for r in ladder.rungs if _swallowed(r)), None)
    passed = [r for r in ladder.rungs if r.elapsed_ms is not None and r.size <= 1_000]
    if lost is None or not passed:
        return None
    up = lost.upload
    why: tuple[Message, ...] = (
        say(
            "1 kB arrives, {size} kB does not: {unacked} packets unacknowledged, {again} sent "
            "again.",
            size=lost.size // 1_000,
            unacked=lost.tcp.unacked if lost.tcp else "?",
            again=lost.tcp.retransmits if lost.tcp else "?",
        )
        if up
        else say("{size} kB of the server's never arrive, few bytes do.", size=lost.size // 1_000),
        say("New connections are answered meanwhile."),
    )
    return Fit(why, Confidence.CERTAIN if up else Confidence.LIKELY)


def _unacknowledged(lost: HeldSession) -> bool:
    return bool(lost.echo_asked and lost.echo_ms is None and lost.tcp and lost.tcp.unacked)


def _late_write(lost: HeldSession) -> Message:
    return say(
        "A late write stays unacknowledged, sent again {n} times.",
        n=lost.tcp.retransmits if lost.tcp else 0,
    )


def _silent(found: FindingSet) -> HeldSession | None:
    lost = held.lost_socket(found)
    return lost if lost is not None and lost.parted is Parted.SILENT else None


def cut_midway(found: FindingSet) -> Fit | None:
    """The path went away while we held a session: new connections get no answer either."""
    lost = _silent(found)
    if lost is None or not _unacknowledged(lost) or not held.unconnected(found):
        polled = _polling_silent(found)
        if polled is None or not held.unconnected(found):
            return None
        return Fit(
            (say("The polling session fell silent, and new connections get no answer."),),
            Confidence.LIKELY,
        )
    return Fit((_late_write(lost), say("New connections get no answer either.")))


def _polling_silent(found: FindingSet) -> HeldSession | None:
    gone = (Parted.SILENT, Parted.REFUSED)
    return next(
        (
            s
            for s in held.sessions(found)
            if s.transport is Transport.POLLING and s.parted in gone and s.answer is None
        ),
        None,
    )


def flow_dropped(found: FindingSet) -> Fit | None:
    """One connection's packets vanish, new ones get through."""
    lost = _silent(found)
    if lost is None or not _unacknowledged(lost) or held.deaf_since(found):
        return None
    return Fit(
        (
            _late_write(lost),
            say(
                "The WebSocket fell silent after {age} s, without an end; new connections are "
                "answered.",
                age=round(lost.talked_ms / 1000, 1),
            ),
        ),
    )


ROWS = (
    Cause(
        "net_low_bandwidth",
        Layer.NET,
        Section.NETWORK,
        say("The line is too thin"),
        say("Small messages pass; bigger ones take seconds, and heartbeats are missed meanwhile."),
        say("Send smaller payloads; look for a shaping rule or a saturated link on the way."),
        reach=Reach.QUALITY,
        holds=low_bandwidth,
    ),
    Cause(
        "net_mtu_blackhole",
        Layer.NET,
        Section.NETWORK,
        say("Large packets vanish"),
        say("Clients connect and stay connected until the first bigger message, then hang."),
        say("Clamp the MSS on the VPN or tunnel, and let ICMP “fragmentation needed” pass."),
        reach=Reach.PART,
        needs_control=True,
        holds=mtu_blackhole,
    ),
    Cause(
        "net_cut_midway",
        Layer.NET,
        Section.NETWORK,
        say("The network went away"),
        say("Everybody behind this network is cut off until it returns."),
        say("Check the link, the VPN and the routers on the way."),
        needs_control=True,
        holds=cut_midway,
    ),
    Cause(
        "ws_flow_dropped",
        Layer.NET,
        Section.NETWORK,
        say("A firewall forgot the connection"),
        say("Users stay “connected” and receive nothing until the heartbeat runs out."),
        say("Ping more often than the firewall forgets, or raise its idle timeout for TCP."),
        reach=Reach.PART,
        needs_control=True,
        holds=flow_dropped,
    ),
)
