"""Causes at the TCP layer: no connection, to any address or to some."""

from __future__ import annotations

from collections.abc import Iterable

from bot.causes.row import Cause, Fit, Reach
from bot.evidence import TcpEvidence
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Section, say, say_n

# ICMP (type, code) that a filter sends on purpose: RFC 1812 5.2.7.1, RFC 4443 3.1
_PROHIBITED = frozenset({(3, 9), (3, 10), (3, 13), (1, 1), (1, 5), (1, 6)})
_LISTENING_RIVALS = ("server_bound_loopback_only",)


def _ok(tries: Iterable[TcpEvidence]) -> list[TcpEvidence]:
    return [t for t in tries if t.connect_ms is not None]


def _with(tries: Iterable[TcpEvidence], *names: str) -> list[TcpEvidence]:
    return [t for t in tries if t.connect_ms is None and t.errno in names]


def _every(found: FindingSet, *names: str) -> bool:
    """Each address failed, and with one of these."""
    return bool(found.tcp) and len(_with(found.tcp, *names)) == len(found.tcp)


def _where(tries: Iterable[TcpEvidence]) -> str:
    return ", ".join(f"[{t.address}]" if t.family == 6 else t.address for t in tries)


def _port(found: FindingSet) -> int:
    return found.tcp[0].port if found.tcp else 0


def _rechecked_up(found: FindingSet) -> bool:
    again = found.recheck
    return bool(again and (again.polling_open or "ok" in again.connects))


def _prohibited(tries: Iterable[TcpEvidence]) -> bool:
    return any(t.icmp in _PROHIBITED or t.errno in ("EACCES", "EPERM") for t in tries)


def refused(found: FindingSet) -> Fit | None:
    """Every address answers with RST, and still does after a pause."""
    if not _every(found, "ECONNREFUSED") or _rechecked_up(found):
        return None
    return Fit(
        (
            say(
                "{addresses} refuses connections on port {port}.",
                addresses=_where(found.tcp),
                port=_port(found),
            ),
        ),
        Confidence.LIKELY,
        () if found.ran(FollowUp.RECHECK) else (FollowUp.RECHECK,),
        _LISTENING_RIVALS,
    )


def restarting(found: FindingSet) -> Fit | None:
    """Refused at first, healthy a moment later."""
    if not _every(found, "ECONNREFUSED") or not _rechecked_up(found) or found.recheck is None:
        return None
    return Fit(
        (
            say(
                "Connections were refused, {seconds} s later the server accepts them again.",
                seconds=round(found.recheck.pause_ms / 1000),
            ),
        ),
        Confidence.LIKELY,
        rivals=("srv_crash_loop",),
    )


def blackhole(found: FindingSet) -> Fit | None:
    """SYNs vanish: no answer, no ICMP."""
    if not _every(found, "ETIMEDOUT") or any(t.icmp for t in found.tcp):
        return None
    return Fit(
        (
            say(
                "No answer at all from {addresses} on port {port}: neither a refusal nor an "
                "ICMP message.",
                addresses=_where(found.tcp),
                port=_port(found),
            ),
        ),
        Confidence.LIKELY,
        rivals=("tcp_backlog_full", "tcp_host_unreachable"),
    )


def reject_admin(found: FindingSet) -> Fit | None:
    """A filter says so: ICMP administratively prohibited."""
    failed = [t for t in found.tcp if t.connect_ms is None]
    if not failed or len(failed) != len(found.tcp) or not _prohibited(failed):
        return None
    return Fit(
        (say("A firewall answers for {addresses}: prohibited.", addresses=_where(failed)),),
    )


def host_unreachable(found: FindingSet) -> Fit | None:
    """A router, or our own ARP, says that the host is not there."""
    if not _every(found, "EHOSTUNREACH", "EHOSTDOWN") or _prohibited(found.tcp):
        return None
    told = any(t.icmp is not None for t in found.tcp)
    return Fit(
        (say("The network says that {addresses} cannot be reached.", addresses=_where(found.tcp)),),
        Confidence.CERTAIN if told else Confidence.LIKELY,
        rivals=() if told else ("tcp_reject_admin",),
    )


def no_route(found: FindingSet) -> Fit | None:
    """This machine does not know a way."""
    if not _every(found, "ENETUNREACH", "ENETDOWN"):
        return None
    return Fit(
        (say("This machine has no route to {addresses}.", addresses=_where(found.tcp)),),
    )


# ------------------------------------------------ some addresses only


def _families(found: FindingSet) -> tuple[list[TcpEvidence], list[TcpEvidence]]:
    counted = [t for t in found.tcp if t.connect_ms is not None or t.errno]
    return [t for t in counted if t.family == 4], [t for t in counted if t.family == 6]


def _whole_family_dead(dead: list[TcpEvidence], alive: list[TcpEvidence]) -> bool:
    return bool(dead) and bool(_ok(alive)) and not _ok(dead)


def ipv6_broken(found: FindingSet) -> Fit | None:
    """Every AAAA address fails while IPv4 works."""
    v4, v6 = _families(found)
    if not _whole_family_dead(v6, v4):
        return None
    return Fit(
        (say("IPv4 connects, IPv6 ({addresses}) does not.", addresses=_where(v6)),),
        rivals=() if len(v6) > 1 else ("one_backend_dead",),
    )


def ipv4_broken(found: FindingSet) -> Fit | None:
    """Every A address fails while IPv6 works."""
    v4, v6 = _families(found)
    if not _whole_family_dead(v4, v6):
        return None
    return Fit((say("IPv6 connects, IPv4 ({addresses}) does not.", addresses=_where(v4)),))


def _some(found: FindingSet, *names: str) -> list[TcpEvidence]:
    v4, v6 = _families(found)
    if _whole_family_dead(v6, v4) or _whole_family_dead(v4, v6) or not _ok(found.tcp):
        return []
    return _with(found.tcp, *names)


def _share(found: FindingSet, dead: list[TcpEvidence]) -> Message:
    return say_n(
        "{n} of {total} addresses fails: {addresses}.",
        "{n} of {total} addresses fail: {addresses}.",
        len(dead),
        total=len(found.tcp),
        addresses=_where(dead),
    )


def one_dead(found: FindingSet) -> Fit | None:
    """Some addresses refuse, others connect."""
    dead = _some(found, "ECONNREFUSED", "ECONNRESET")
    return Fit((_share(found, dead),)) if dead else None


def one_blackholed(found: FindingSet) -> Fit | None:
    """Some addresses swallow SYNs, others connect."""
    dead = _some(found, "ETIMEDOUT", "EHOSTUNREACH", "EHOSTDOWN", "EACCES")
    return Fit((_share(found, dead),)) if dead else None


_NOBODY = say("Nobody can connect.")
_SOME_WAIT = say(
    "Some users connect late or not at all, depending on which address their browser picks."
)

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
        "srv_restarting",
        Layer.SERVER,
        Section.SERVER,
        say("The server is restarting"),
        say("Users are cut off for the length of the restart and reconnect by themselves."),
        say("Wait for the restart to end; clients should reconnect with backoff."),
        holds=restarting,
    ),
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
    Cause(
        "tcp_backlog_full",
        Layer.TCP,
        Section.SERVER,
        say("The server no longer accepts connections: its queue is full"),
        say("Connection attempts hang until the client's timeout, then fail."),
        say("Find out why the process does not accept; raise the backlog, add instances."),
    ),
    Cause(
        "one_backend_dead",
        Layer.TCP,
        Section.SERVER,
        say("One of the backend's addresses is dead"),
        _SOME_WAIT,
        say("Repair the dead backend, or take its address out of DNS."),
        reach=Reach.PART,
        holds=one_dead,
    ),
    Cause(
        "one_backend_blackholed",
        Layer.TCP,
        Section.NETWORK,
        say("One of the backend's addresses swallows packets"),
        _SOME_WAIT,
        say("Take the unreachable address out of DNS, or open the firewall for it."),
        reach=Reach.PART,
        holds=one_blackholed,
    ),
    Cause(
        "ipv6_broken",
        Layer.TCP,
        Section.NETWORK,
        say("IPv6 is broken, IPv4 works"),
        say("Browsers hide it with a short delay; clients that prefer IPv6 fail."),
        say("Fix IPv6 on the way to the backend, or remove its AAAA record."),
        reach=Reach.PART,
        holds=ipv6_broken,
    ),
    Cause(
        "ipv4_broken_v6_ok",
        Layer.TCP,
        Section.SERVER,
        say("IPv4 is broken, IPv6 works"),
        say("Users without IPv6 cannot connect."),
        say("Make the server listen on IPv4 too (0.0.0.0)."),
        reach=Reach.PART,
        holds=ipv4_broken,
    ),
)
