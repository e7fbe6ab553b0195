"""Causes at the TCP layer: no answer, no refusal, no ICMP message."""

from __future__ import annotations

from bot.causes.proxy import no_way_from_proxy
from bot.causes.row import Cause, Fit
from bot.causes.tcp import Kind, connected, kind_of, leading, port_of, settle, where
from bot.causes.tls_hellos import answered
from bot.evidence import Phase
from bot.findings import FindingSet, waited_in_vain
from bot.model import Confidence, FollowUp, Layer, Reason, Section, say


def _host_is_open(found: FindingSet) -> bool:
    """Ports that nobody opens on purpose answer for themselves: no filter hides the host's ports.

    A filter that lets only the usual ports through swallows the others, so that those prove less.
    """
    spoken = [t for t in found.other_ports if t.outcome in ("ok", Reason.REFUSED) and not t.icmp]
    silent = [t for t in found.other_ports if t.outcome == Reason.TIMEOUT]
    return bool(spoken) and not silent


def _partly_acknowledged(found: FindingSet) -> bool:
    """Linux acknowledges nothing on a connection that its full queue has no place for."""
    known = [a.failure.tcp for a in found.answers if a.failure and a.failure.tcp]
    lost = [t for t in known if t.unacked]
    return 0 < len(lost) < len(known)


def connects_waver(found: FindingSet) -> bool:
    """One address both accepts and ignores connections, and answers none: its queue overflows."""
    if found.statuses or found.eio_seen or not found.answers:
        return False
    ends = [a.failure for a in found.answers]
    silent = [t for t in found.tcp if kind_of(t) is Kind.SILENT]
    ignored = (
        bool(silent)
        or _partly_acknowledged(found)
        or any(waited_in_vain(f, Phase.CONNECT) for f in ends)
    )
    waiting = (Phase.TLS, Phase.REQUEST)
    accepted = bool(connected(found.tcp)) or any(waited_in_vain(f, *waiting) for f in ends)
    nothing = all(waited_in_vain(f, Phase.CONNECT, *waiting) for f in ends)
    return ignored and accepted and nothing and len(found.tcp) == 1


def _lost_after_connect(found: FindingSet) -> bool:
    """Connections stand, and not one byte of ours is acknowledged on any of them."""
    ends = [a.failure for a in found.answers]
    waiting = (Phase.TLS, Phase.REQUEST)
    return (
        bool(ends)
        and not found.statuses
        and not any(answered(hello) for hello in found.hellos.values())
        and all(waited_in_vain(f, *waiting) for f in ends)
        and all(f and f.tcp and f.tcp.unacked and not f.bytes_received for f in ends)
    )


def blackhole(found: FindingSet) -> Fit | None:
    """SYNs vanish, or all that follows them: no answer, no ICMP."""
    said = no_way_from_proxy(found, patient=True)
    if said is not None:
        return Fit(
            (say("The proxy finds no way to the backend: it answers {status}.", status=said),),
            Confidence.LIKELY,
            rivals=("tcp_refused", "proxy_connect_denied"),
        )
    if _lost_after_connect(found) and not connects_waver(found):
        return Fit(
            (say("Connections are accepted, but nothing that is sent is ever acknowledged."),),
            Confidence.LIKELY,
            settle(found, FollowUp.TLS_HELLOS) if found.over_tls else (),
            ("tcp_backlog_full",),
        )
    told = leading(found, Kind.SILENT)
    if not told or found.via_proxy or _host_is_open(found) or connects_waver(found):
        return None
    others = any(t.outcome in ("ok", Reason.REFUSED) for t in found.other_ports)
    rivals = ("tcp_backlog_full",) if others else ("tcp_host_unreachable",)
    return Fit(
        (
            say(
                "No answer at all from {addresses} on port {port}: neither a refusal nor an "
                "ICMP message.",
                addresses=where(told),
                port=port_of(found),
            ),
        ),
        Confidence.LIKELY,
        settle(found, FollowUp.OTHER_PORTS),
        rivals if found.ran(FollowUp.OTHER_PORTS) else ("tcp_backlog_full", "tcp_host_unreachable"),
    )


def backlog_full(found: FindingSet) -> Fit | None:
    """This port alone is silent, or accepts a few and ignores the rest: nobody calls accept."""
    if connects_waver(found):
        return Fit(
            (
                say(
                    "Some connections to port {port} are accepted, others ignored, and none is "
                    "answered.",
                    port=port_of(found),
                ),
            ),
            Confidence.LIKELY,
            rivals=("srv_frozen",),
        )
    told = leading(found, Kind.SILENT)
    if not told or not _host_is_open(found) or found.via_proxy:
        return None
    return Fit(
        (
            say(
                "No answer from {addresses} on port {port}, while every other port that was tried "
                "answers.",
                addresses=where(told),
                port=port_of(found),
            ),
        ),
        Confidence.LIKELY,
        rivals=("tcp_blackhole",),
    )


ROWS = (
    Cause(
        "tcp_blackhole",
        Layer.TCP,
        Section.NETWORK,
        say("Packets to the backend vanish"),
        say("Connection attempts hang until the client's timeout, then fail."),
        say("Open the firewall or security group for this host and port."),
        needs_control=True,
        holds=blackhole,
    ),
    Cause(
        "tcp_backlog_full",
        Layer.TCP,
        Section.SERVER,
        say("The server no longer accepts connections: its queue is full"),
        say("Connection attempts hang until the client's timeout, then fail."),
        say("Find out why the process does not accept; raise the backlog, add instances."),
        holds=backlog_full,
    ),
)
