"""What was true of targets, and where the incidents that a bot recorded contradict it. Pure.

A fault has blurred edges: while it is being made or mended, either answer is right. One that is
shorter than the confirmation, or that lasted while no bot lived for long, may go unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bench.breakable import Kind

_EDGE_S = 1.0  # what a process needs to hear and write
_SILENT_S = 2.0  # a fault shorter than this, with its edges, is over within the confirmation


@dataclass(slots=True)
class Hit:
    """A fault of a target. Moments in seconds since 1970; the fault surely lasts from `struck` to
    `healing`, and surely not before `striking` or after `healed`."""

    target: str
    kind: Kind
    striking: float
    struck: float = float("inf")
    healing: float = float("inf")
    healed: float = float("inf")

    def __str__(self) -> str:
        begun, mended = (
            datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")[:-3]
            for at in (self.struck, self.healing)
        )
        return f"{self.target}, {self.kind.name} from {begun} to {mended}"


@dataclass(frozen=True, slots=True)
class Seen:
    """An incident as it was recorded. causes: of every transition, in order."""

    target: str
    opened: float
    closed: float
    causes: Sequence[str | None]
    flapped: bool
    looks: Sequence[str] = ()  # what each transition rests on, for people


@dataclass(slots=True)
class Contradictions:
    """One line each."""

    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    hasty: list[str] = field(default_factory=list)  # over within the confirmation, and told
    early: list[str] = field(default_factory=list)  # called over while it lasted
    split: list[str] = field(default_factory=list)  # several incidents of one fault
    misnamed: list[str] = field(default_factory=list)
    waited: list[tuple[float, Hit]] = field(default_factory=list)  # a life with it, unnoticed


def contradictions(
    hits: Sequence[Hit], lives: Sequence[tuple[float, float]], incidents: Iterable[Seen]
) -> Contradictions:
    """Hold incidents against hits, and hits against incidents; `lives`: of the bots."""
    found = Contradictions()
    incidents = list(incidents)
    for seen in incidents:
        _incident(seen, [hit for hit in hits if hit.target == seen.target], found)
    for hit in hits:
        _hit(hit, lives, [seen for seen in incidents if seen.target == hit.target], found)
    return found


def _incident(seen: Seen, hits: Sequence[Hit], found: Contradictions) -> None:
    what = f"{seen.target}: {'; '.join(seen.looks)}"
    if not any(h.striking - _EDGE_S <= seen.opened <= h.healed + _EDGE_S for h in hits):
        found.false.append(f"{what}: nothing was wrong")
    during = [h for h in hits if seen.opened <= h.healed + _EDGE_S and h.striking <= seen.closed]
    if during and all(h.healed - h.striking < _SILENT_S for h in during):
        found.hasty.append(f"{what}: {during[0]}")
    true = {code for h in during for code in h.kind.causes}
    wrong = [code for code in seen.causes if code not in true]
    if during and wrong:
        found.misnamed.append(f"{what}: {'; '.join(map(str, during))}")
    if not seen.flapped:
        found.early += [
            f"{what}: over {seen.closed - hit.struck:.1f} s after the beginning of {hit}"
            for hit in during
            if hit.struck + _EDGE_S < seen.closed < hit.healing - _EDGE_S
        ]


def _hit(
    hit: Hit, lives: Sequence[tuple[float, float]], seen: Sequence[Seen], found: Contradictions
) -> None:
    of_it = [s for s in seen if s.opened <= hit.healed + _EDGE_S and s.closed >= hit.struck]
    began = [s for s in of_it if s.opened >= hit.striking - _EDGE_S]
    if len(began) > 1:
        found.split.append(f"{hit}: {len(began)} incidents")
    shared = [min(end, hit.healing) - max(start, hit.struck) for start, end in lives]
    longest = max(shared, default=0.0)
    if not of_it:
        found.waited.append((longest, hit))
        if longest > hit.kind.found_s:
            found.missed.append(f"{hit}: a bot lived with it for {longest:.0f} s")
