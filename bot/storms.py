"""Which incidents share a message: a storm is told once, and a backlog is folded. Pure.

Incidents stay per target; a *group* owns a message in a channel. An incident alone is a group of
one. docs/design/010 says why it is as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from bot.evidence import Certificate, TcpEvidence, TlsEvidence
from bot.model import Report

CAUSE_WITHIN: Final = timedelta(seconds=60)
"""The same cause in the same channel, or whatever at the same address and port: one event only if
at one time."""

PLACE_WITHIN: Final = timedelta(minutes=15)
"""The same cause at the same host or address, or the same certificate."""

MOST: Final = 250
"""Members of a group: what a message can name and its metadata can hold."""

_UNNAMED: Final = frozenset({"unrecognised"})  # two things nobody knows are not the same thing
_CERTIFICATE: Final = "certificate:"
_ENDPOINT: Final = "endpoint:"
_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}


@dataclass(frozen=True, slots=True)
class Case:
    """An incident, as far as it matters to what it may share a message with.

    code: of its cause; None: none named. places: see `places`.
    """

    id: str
    target: str
    opened_at: datetime
    open: bool
    code: str | None
    places: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Gathering:
    """A group in the making, or one that takes more in. `told`: it may be in the channel."""

    id: str
    cases: tuple[Case, ...]
    told: bool = False

    @property
    def open(self) -> bool:
        """Whether an incident of it is still open."""
        return any(case.open for case in self.cases)

    @property
    def targets(self) -> frozenset[str]:
        """Whom it is about."""
        return frozenset(case.target for case in self.cases)


def places(report: Report) -> frozenset[str]:
    """What a target may share with others: `host:…`, `address:…`, `endpoint:…` (address and
    port), `certificate:…`."""
    found = set()
    parts = urlsplit(report.target_url)
    host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme, 0)
    if host:
        found.add(f"host:{host}")
    for finding in report.findings:
        match finding.evidence:
            case TcpEvidence(address=address):
                found.add(f"address:{address}")
                found.add(f"{_ENDPOINT}{address} {port}")
            case TlsEvidence(certificate=Certificate() as certificate):
                found.add(_CERTIFICATE + _fingerprint(certificate))
    return frozenset(found)


def gather(standing: Iterable[Gathering], new: Sequence[Case]) -> list[Gathering]:
    """Give every new incident its group: one that stands, or one of its own.

    standing: groups that are in the channel or wait to be, the oldest first. One that was told and
    is over takes nobody in any more. Returns all of them, the new ones last.
    """
    groups = list(standing)
    for case in new:
        for n in range(len(groups) - 1, -1, -1):  # the youngest first
            if _takes(groups[n], case):
                groups[n] = replace(groups[n], cases=(*groups[n].cases, case))
                break
        else:
            groups.append(Gathering(case.id, (case,)))
    return groups


def fold(groups: Sequence[Gathering]) -> list[Gathering]:
    """Make one group of those about the same targets that nobody has been told of.

    groups: the oldest first; what was told stays as it is. Whoever hears of an outage only
    afterwards wants one message for all of a target's, and a trouble that lasts is told with those
    before it. Two that last are never about the same target. The oldest gives its id.
    """
    folded: list[Gathering] = []
    for group in groups:
        for n, before in enumerate(folded):
            if _folds(before, group):
                folded[n] = replace(before, cases=(*before.cases, *group.cases))
                break
        else:
            folded.append(group)
    return folded


def _folds(before: Gathering, group: Gathering) -> bool:
    if before.told or group.told:
        return False
    room = len(before.cases) + len(group.cases) <= MOST
    return group.targets == before.targets and room and not (before.open and group.open)


def _takes(group: Gathering, case: Case) -> bool:
    return (
        (group.open or not group.told)
        and len(group.cases) < MOST
        and case.target not in group.targets
        and any(_related(one, case) for one in group.cases)
    )


def _related(one: Case, other: Case) -> bool:
    apart = abs(one.opened_at - other.opened_at)
    shared = one.places & other.places
    if apart <= CAUSE_WITHIN and _any(shared, _ENDPOINT):
        return True  # one machine fails its clients in more than one way
    if apart > PLACE_WITHIN or one.code is None or other.code is None:
        return False
    if _any(shared, _CERTIFICATE) and one.code.startswith("tls_") and other.code.startswith("tls_"):
        return True
    if one.code != other.code:
        return False
    return bool(shared) or (apart <= CAUSE_WITHIN and one.code not in _UNNAMED)


def _any(shared: Collection[str], kind: str) -> bool:
    return any(place.startswith(kind) for place in shared)


def _fingerprint(certificate: Certificate) -> str:
    named = (certificate.issuer, certificate.subject, certificate.not_after.isoformat())
    return hashlib.sha256("\0".join((*named, *certificate.names)).encode()).hexdigest()[:16]
