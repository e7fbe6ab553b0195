"""Causes at the TCP layer: no connection, to any address or to some."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from ipaddress import ip_address

from bot import measured
from bot.causes.history import hurting
from bot.causes.proxy import no_way_from_proxy
from bot.causes.row import Cause, Fit
from bot.causes.server import crash_loop, fell_with_us
from bot.evidence import PortTry, TcpEvidence
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, say

# ICMP (type, code) that a filter sends on purpose: RFC 1812 §5.2.7.1, RFC 4443 §3.1. A closed TCP
# port answers with RST; "port unreachable" (3/3, 1/4) is what `REJECT` of a packet filter sends,
# as is "protocol unreachable" (3/2): every host speaks TCP.
_PROHIBITED = frozenset({(3, 2), (3, 3), (3, 9), (3, 10), (3, 13), (1, 1), (1, 4), (1, 5), (1, 6)})
_LISTENING_RIVALS = ("server_bound_loopback_only",)


class Kind(Enum):
    """What became of the tries at an address, the most telling first."""

    PROHIBITED = "prohibited"
    REFUSED = "refused"
    RESET = "reset"  # accepted, and reset before we could look: a closed port refuses
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    OTHER = "other"
    NO_ROUTE = "no route"  # of this machine: says nothing where another address says something


def kind_of(tried: TcpEvidence) -> Kind | None:
    """How a try failed; None for one that connects."""
    if tried.connect_ms is not None:
        return None
    if tried.icmp in _PROHIBITED or tried.errno in ("EACCES", "EPERM"):
        return Kind.PROHIBITED
    if tried.errno == "ENETUNREACH" and tried.icmp is not None:
        return Kind.UNREACHABLE  # a router on the way knows no further
    return _BY_ERRNO.get(tried.errno or "", Kind.OTHER)


_BY_ERRNO = {
    "ECONNREFUSED": Kind.REFUSED,
    "ECONNRESET": Kind.RESET,
    "EHOSTUNREACH": Kind.UNREACHABLE,
    "EHOSTDOWN": Kind.UNREACHABLE,
    "ENONET": Kind.UNREACHABLE,
    "ETIMEDOUT": Kind.SILENT,
    "ENETUNREACH": Kind.NO_ROUTE,
    "ENETDOWN": Kind.NO_ROUTE,
    "EADDRNOTAVAIL": Kind.NO_ROUTE,
    "EAFNOSUPPORT": Kind.NO_ROUTE,
    "EINVAL": Kind.NO_ROUTE,  # a blackhole route; a link-local address without its link
}


def connected(tries: Iterable[TcpEvidence]) -> list[TcpEvidence]:
    """Those that came through."""
    return [t for t in tries if t.connect_ms is not None]


def leading(found: FindingSet, kind: Kind) -> list[TcpEvidence]:
    """The addresses that failed this way, where none connects and nothing more telling was seen."""
    if not found.tcp or connected(found.tcp):
        return []
    kinds = {kind_of(t) for t in found.tcp}
    if next(k for k in Kind if k in kinds) is not kind:
        return []
    return [t for t in found.tcp if kind_of(t) is kind]


def _mixed(found: FindingSet) -> bool:
    """The addresses failed in several ways; this machine's lack of a family does not count."""
    return len({kind_of(t) for t in found.tcp} - {Kind.NO_ROUTE}) > 1


def where(tries: Iterable[TcpEvidence]) -> str:
    """The addresses of tries in words."""
    return ", ".join(f"[{t.address}]" if t.family == 6 else t.address for t in tries)


def port_of(found: FindingSet) -> int:
    """The port that was tried; 0 where none was."""
    return found.tcp[0].port if found.tcp else 0


def _rechecked_up(found: FindingSet) -> bool:
    again = found.recheck
    return bool(again and (again.polling_open or "ok" in again.connects))


def settle(found: FindingSet, *asked: FollowUp) -> tuple[FollowUp, ...]:
    """Of these follow-ups the ones that have not run."""
    return tuple(f for f in asked if not found.ran(f))


def _crashing(found: FindingSet) -> bool:
    """Refused once more, by a server that keeps going away: then that is the name of it."""
    watched = found.sampler is not None and measured.falls(found.sampler.samples) > 0
    return watched or hurting(found, "srv_crash_loop") is not None


def refused(found: FindingSet) -> Fit | None:
    """Every address answers with RST, and still does after a pause."""
    said = no_way_from_proxy(found, patient=False)
    if said is not None:
        return Fit(
            (say("The proxy finds no way to the backend: it answers {status}.", status=said),),
            Confidence.LIKELY,
            rivals=("tcp_blackhole", "proxy_connect_denied"),
        )
    told = leading(found, Kind.REFUSED)
    if not told or _rechecked_up(found) or found.via_proxy or _elsewhere(found):
        return None
    if _crashing(found):
        return None
    return Fit(
        (
            say(
                "{addresses} refuses connections on port {port}.",
                addresses=where(told),
                port=port_of(found),
            ),
        ),
        Confidence.LIKELY,
        settle(found, FollowUp.RECHECK, FollowUp.OTHER_PORTS),
        # Whoever listens on this machine's loopback only would be heard there.
        () if all(ip_address(t.address).is_loopback for t in told) else _LISTENING_RIVALS,
    )


def _elsewhere(found: FindingSet) -> PortTry | None:
    """Another port of the host that serves Engine.IO."""
    return next((t for t in found.other_ports if t.scheme), None)


def wrong_port(found: FindingSet) -> Fit | None:
    """Nothing listens where the URL says, and Engine.IO answers next door."""
    told = leading(found, Kind.REFUSED)
    opened = _elsewhere(found)
    if not told or opened is None or _rechecked_up(found) or found.via_proxy:
        return None
    return Fit(
        (
            say(
                "Port {port} refuses connections, and an Engine.IO server answers on port {other} "
                "({scheme}) of the same host.",
                port=port_of(found),
                other=opened.port,
                scheme=opened.scheme or "",
            ),
        ),
        Confidence.LIKELY,
        rivals=("tcp_refused",),
    )


def restarting(found: FindingSet) -> Fit | None:
    """Refused at first, healthy a moment later."""
    watched = found.steadiness is not None
    if watched and crash_loop(found) is not None:
        return None
    if watched and found.gone_meanwhile:
        if fell_with_us(found):
            return None  # srv_crashes_on_connect
        why = say("The server answered, and a moment later nobody listened.")
        return Fit((why,), Confidence.LIKELY, rivals=("srv_crash_loop",))
    if not leading(found, Kind.REFUSED) or not _rechecked_up(found) or found.recheck is None:
        return None
    if _crashing(found):
        return None
    return Fit(
        (
            say(
                "Connections were refused, {seconds} s later the server accepts them again.",
                seconds=round(found.recheck.pause_ms / 1000),
            ),
        ),
        Confidence.LIKELY,
        settle(found, FollowUp.STEADINESS),
        ("srv_crash_loop",),
    )


# ------------------------------------------------ what routers and filters say


def reject_admin(found: FindingSet) -> Fit | None:
    """A filter says so: ICMP administratively prohibited, or "port unreachable" for TCP."""
    told = leading(found, Kind.PROHIBITED)
    if not told or found.via_proxy:
        return None
    return Fit(
        (say("A firewall answers for {addresses}: prohibited.", addresses=where(told)),),
    )


def host_unreachable(found: FindingSet) -> Fit | None:
    """A router, or our own ARP, says that the host is not there."""
    told = leading(found, Kind.UNREACHABLE)
    if not told or found.via_proxy:
        return None
    by_icmp = any(t.icmp is not None for t in told)
    return Fit(
        (say("The network says that {addresses} cannot be reached.", addresses=where(told)),),
        Confidence.CERTAIN if by_icmp and not _mixed(found) else Confidence.LIKELY,
        rivals=() if by_icmp else ("tcp_reject_admin",),
    )


def no_route(found: FindingSet) -> Fit | None:
    """This machine does not know a way."""
    told = leading(found, Kind.NO_ROUTE)
    if not told or found.via_proxy:
        return None
    return Fit(
        (say("This machine has no route to {addresses}.", addresses=where(told)),),
    )


_NOBODY = say("Nobody can connect.")
ROWS = (
    Cause(
        "tcp_refused",
        Layer.TCP,
        Section.SERVER,
        say("Nothing listens on the backend's port"),
        say("Nobody can connect: every attempt is refused at once."),
        say("Start the server, or open the right port; check that it listens on 0.0.0.0."),
        holds=refused,
    ),
    Cause(
        "srv_wrong_port",
        Layer.TCP,
        Section.ENVIRONMENT,
        say("The wrong port"),
        say("Nobody can connect: every attempt is refused at once."),
        say("Correct the port in the backend URL."),
        holds=wrong_port,
    ),
    Cause(
        "srv_restarting",
        Layer.SERVER,
        Section.SERVER,
        say("The server is restarting"),
        say("Users are cut off for the length of the restart and reconnect by themselves."),
        say("Wait for the restart to end; clients should reconnect with backoff."),
        holds=restarting,
    ),
    Cause(
        "tcp_reject_admin",
        Layer.TCP,
        Section.NETWORK,
        say("A firewall rejects the connection"),
        say("Users behind this firewall cannot connect."),
        say("Ask for an allow rule for this host and port."),
        needs_control=True,
        holds=reject_admin,
    ),
    Cause(
        "tcp_host_unreachable",
        Layer.TCP,
        Section.NETWORK,
        say("The backend's host cannot be reached"),
        _NOBODY,
        say("Check that the host is up and that the address is right."),
        needs_control=True,
        holds=host_unreachable,
    ),
    Cause(
        "tcp_no_route",
        Layer.TCP,
        Section.NETWORK,
        say("This machine has no route to the backend"),
        say("Nothing can be said of users: the fault is on the way out of this machine."),
        say("Check the network and the default route of the machine that runs this check."),
        needs_control=True,
        holds=no_route,
    ),
    Cause(
        "server_bound_loopback_only",
        Layer.TCP,
        Section.SERVER,
        say("The server listens on localhost only"),
        say("Nobody can connect: every attempt is refused at once."),
        say("Listen on 0.0.0.0 and not on localhost; check with `ss -ltn` on the host."),
    ),
)
