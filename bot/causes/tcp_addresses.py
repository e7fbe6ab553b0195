"""Causes at the TCP layer: some addresses connect and serve, others do not."""

from __future__ import annotations

from collections.abc import Iterable

from bot.causes.row import Cause, Fit, Reach
from bot.causes.tcp import Kind, connected, kind_of, where
from bot.evidence import TcpEvidence
from bot.findings import FindingSet
from bot.model import Layer, Message, Section, Status, say, say_n


def _counted(found: FindingSet) -> list[TcpEvidence]:
    """Without what the probe itself leaves out: a family that this machine lacks, or needs not."""
    ran = (f for f in found.named("tcp") if f.status is not Status.SKIPPED)
    return [f.evidence for f in ran if isinstance(f.evidence, TcpEvidence)]


def _families(found: FindingSet) -> tuple[list[TcpEvidence], list[TcpEvidence]]:
    # What this machine cannot reach for want of a route of its own says nothing of the target.
    counted = [t for t in _counted(found) if kind_of(t) is not Kind.NO_ROUTE]
    return [t for t in counted if t.family == 4], [t for t in counted if t.family == 6]


def _mute(found: FindingSet, tries: Iterable[TcpEvidence]) -> list[TcpEvidence]:
    """Those that connect, and where no Engine.IO answers although it does elsewhere."""
    seen = found.each_address
    return [t for t in connected(tries) if seen and t.address in seen.mute]


def _serving(found: FindingSet, tries: Iterable[TcpEvidence]) -> list[TcpEvidence]:
    mute = _mute(found, tries)
    return [t for t in connected(tries) if t not in mute]


def _whole_family_dead(
    found: FindingSet, dead: list[TcpEvidence], alive: list[TcpEvidence]
) -> bool:
    return bool(dead) and bool(_serving(found, alive)) and not _serving(found, dead)


def ipv6_broken(found: FindingSet) -> Fit | None:
    """Every AAAA address fails while IPv4 works."""
    v4, v6 = _families(found)
    if not _whole_family_dead(found, v6, v4):
        return None
    return Fit(
        (
            say("IPv4 serves, IPv6 ({addresses}) connects and does not.", addresses=where(v6))
            if connected(v6)
            else say("IPv4 connects, IPv6 ({addresses}) does not.", addresses=where(v6)),
        ),
        rivals=() if len(v6) > 1 else ("one_backend_dead",),
    )


def ipv4_broken(found: FindingSet) -> Fit | None:
    """Every A address fails while IPv6 works."""
    v4, v6 = _families(found)
    if not _whole_family_dead(found, v4, v6):
        return None
    return Fit(
        (
            say("IPv6 serves, IPv4 ({addresses}) connects and does not.", addresses=where(v4))
            if connected(v4)
            else say("IPv6 connects, IPv4 ({addresses}) does not.", addresses=where(v4)),
        ),
    )


def _one_family_dead(found: FindingSet) -> bool:
    v4, v6 = _families(found)
    return _whole_family_dead(found, v6, v4) or _whole_family_dead(found, v4, v6)


def _some(found: FindingSet, *kinds: Kind) -> list[TcpEvidence]:
    alive = {t.family for t in connected(found.tcp)}
    if _one_family_dead(found) or not alive:
        return []
    # Without a route of our own for one address, where its family has one: it is nobody's.
    tried = _counted(found)
    counted = [t for t in tried if kind_of(t) is not Kind.NO_ROUTE or t.family in alive]
    return [t for t in counted if kind_of(t) in kinds]


def _share(found: FindingSet, dead: list[TcpEvidence]) -> Message:
    return say_n(
        "{n} of {total} addresses fails: {addresses}.",
        "{n} of {total} addresses fail: {addresses}.",
        len(dead),
        total=len(found.tcp),
        addresses=where(dead),
    )


def one_dead(found: FindingSet) -> Fit | None:
    """Some addresses refuse, or accept and do not serve; others do."""
    dead = _some(found, Kind.REFUSED, Kind.RESET)
    if dead:
        return Fit((_share(found, dead),))
    mute = [] if _one_family_dead(found) else _mute(found, found.tcp)
    if not mute:
        return None
    return Fit(
        (
            _share(found, mute),
            say("They accept connections, and no Engine.IO answers there."),
        ),
    )


def one_blackholed(found: FindingSet) -> Fit | None:
    """Some addresses swallow SYNs, others connect."""
    dead = _some(found, Kind.SILENT, Kind.UNREACHABLE, Kind.PROHIBITED, Kind.NO_ROUTE)
    return Fit((_share(found, dead),)) if dead else None


_SOME_WAIT = say(
    "Some users connect late or not at all, depending on which address their browser picks."
)

ROWS = (
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
