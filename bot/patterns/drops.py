"""Connections that end at one age, or after one span without a message.

What makes it a pattern: enough drops, nearly all of them alike, and no connection since that lived
longer. A drop after which the server was away belongs to a restart and is left out here, and so is
one that ended together with connections of another age: that is a moment, not an age.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from bot.evidence import Ending, Pattern, PatternKind
from bot.model import Confidence, Reason, Transport
from bot.patterns.limits import IDLE_TIMES, LIFETIMES, examples
from bot.patterns.records import Session
from bot.patterns.statistics import densest, spread

MIN_DROPS = 5
MIN_SHARE = 0.7
SURE_DROPS = 10
SURE_SHARE = 0.9
HURTS_BELOW_S = 900.0  # four breaks an hour; what comes more rarely is told, and wakes nobody

_LOOKED_AT = 60  # the newest drops
_WIDTH = 0.04  # of the age: timers are exact, connecting and noticing are not
_FLOOR_S = 0.5
_WIDEST_S = 60.0
_LEAST_S = 1.0  # what ends sooner never worked: the probes see why
_OUTLIVED = 1.5
_OUTLIVED_S = 2.0
_OUTLIVED_IDLE = 3.0  # ages vary by themselves where the end depends on what is said
_AWAY_S = 3.0  # a reconnect takes a moment; a server that starts takes longer
_TOGETHER_S = 3.0
_OTHERS = (Ending.CUT, Ending.CLOSED, Ending.KICKED, Ending.SILENT, Ending.FAILED)
_GONE = frozenset({Reason.REFUSED, Reason.RESET, Reason.EOF, Reason.HTTP_STATUS})


@dataclass(frozen=True, slots=True)
class Drop:
    """A connection that ended without our doing, and what came next.

    away: the server could not be reached at once. refused: … and said so itself, or its proxy did.
    """

    session: Session
    away: bool
    refused: bool


def in_order(sessions: Sequence[Session]) -> list[Session]:
    """The oldest first."""
    return sorted(sessions, key=lambda s: s.ended_at)


def drops(sessions: Sequence[Session], others: Sequence[Session] = ()) -> Iterator[Drop]:
    """Every drop that is followed by another connection, the oldest first.

    `others`: connections to the same backend for other targets.
    """
    for session, following in pairwise(in_order(sessions)):
        if session.ending not in _OTHERS:
            continue
        gap_s = (following.began_at - session.ended_at).total_seconds()
        away = following.failed_before > 0 or gap_s > _AWAY_S
        refused = following.failed_before > 0 and following.failure_before in _GONE
        yield Drop(session, away or _one_of_many(session, others), refused)


def _one_of_many(session: Session, others: Sequence[Session]) -> bool:
    """Connections of other ages ended at the same moment."""
    return any(
        other.ending in _OTHERS
        and abs((other.ended_at - session.ended_at).total_seconds()) <= _TOGETHER_S
        and abs(other.age_s - session.age_s) > max(_TOGETHER_S, _WIDTH * session.age_s)
        for other in others
    )


def constant_age(sessions: Sequence[Session], others: Sequence[Session] = ()) -> Pattern | None:
    """Connections end at one age; None where they do not, or do so no more."""
    alone = [d.session for d in drops(sessions, others) if not d.away][-_LOOKED_AT:]
    for ending in _by_frequency(alone):
        found = _regime(sessions, [s for s in alone if s.ending is ending], alone)
        if found is not None:
            return _of_age(*found, sessions)
    return None


def _by_frequency(found: Sequence[Session]) -> list[Ending]:
    seen = [s.ending for s in found]
    return sorted(set(seen), key=lambda ending: (-seen.count(ending), ending))


def _regime(
    sessions: Sequence[Session], alike: Sequence[Session], alone: Sequence[Session]
) -> tuple[list[Session], int] | None:
    """The drops at one age, and how many drops there were since they began; None: no such age.

    The latest drops decide, as settings change: first those since a connection outlived the age.
    """
    if len(alike) < MIN_DROPS:
        return None
    latest = [s.age_s for s in alike[-2 * MIN_DROPS :]]
    ages = densest(latest, _WIDTH, _FLOOR_S)
    age = median(ages)
    if len(ages) < MIN_DROPS or age < _LEAST_S:
        return None
    reach = min(_WIDEST_S, max(_FLOOR_S, _WIDTH * age)) / 2
    limit = max(age * _OUTLIVED, age + _OUTLIVED_S)
    outlived = max((s.ended_at for s in sessions if s.age_s > limit), default=None)
    since = [s for s in alone if outlived is None or s.ended_at > outlived]
    near = [s.ending is alike[0].ending and abs(s.age_s - age) <= reach for s in since]
    for first, fits in enumerate(near):
        count, of = sum(near[first:]), len(near) - first
        if fits and count >= MIN_DROPS and count >= MIN_SHARE * of:
            return [s for s, fits in zip(since, near, strict=True) if fits][-count:], of
    return None


def _of_age(near: Sequence[Session], of: int, sessions: Sequence[Session]) -> Pattern:
    ages = [s.age_s for s in near]
    age = median(ages)
    code, rivals = _cause(near, age, sessions)
    sure = len(near) >= SURE_DROPS and len(near) >= SURE_SHARE * of and not rivals
    quiet = _quiet(near)
    return Pattern(
        PatternKind.CONSTANT_AGE,
        since=near[0].ended_at,
        last=near[-1].ended_at,
        count=len(near),
        of=of,
        code=code,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
        rivals=rivals,
        hurts=age < HURTS_BELOW_S,
        ending=near[-1].ending,
        value=age,
        spread=spread(ages),
        kept_alive=_kept_alive(near),
        examples=examples(age, LIFETIMES, IDLE_TIMES) if quiet else examples(age, LIFETIMES),
    )


def _kept_alive(near: Sequence[Session]) -> bool:
    return sum(1 for s in near if s.keep_alives > 0) > len(near) / 2


def _quiet(near: Sequence[Session]) -> bool:
    """No message went over them at all, but for the greeting."""
    return all(s.idle_s is not None and s.idle_s >= 0.9 * s.age_s for s in near)


def _cause(  # noqa: PLR0911  (one return per way of ending)
    near: Sequence[Session], age: float, sessions: Sequence[Session]
) -> tuple[str | None, tuple[str, ...]]:
    ending, transport = near[-1].ending, near[-1].transport
    if ending is Ending.KICKED:
        if _kept_alive(near):
            return "sio_kicked_later", ()
        stayed = any(s.keep_alives > 0 and s.age_s > age * _OUTLIVED for s in sessions)
        return "sio_kicked_no_keepalive", () if stayed else ("sio_kicked_later",)
    if ending is Ending.CLOSED:
        return "sio_kicked_later", ("ws_lifetime_cap",)
    if transport is Transport.POLLING and (ending is Ending.CUT or _gave_up(near[-1])):
        return "http_poll_read_timeout", ("ws_lifetime_cap",)
    if ending is Ending.FAILED:
        return None, ()
    if ending is Ending.SILENT:
        return "ws_lifetime_cap", ("ws_flow_dropped",)
    return "ws_lifetime_cap", ("ws_proxy_idle",) if _quiet(near) else ()


def _gave_up(session: Session) -> bool:
    """A proxy answered a poll in the server's stead, because the server kept it waiting."""
    return session.ending is Ending.FAILED and session.code in (408, 502, 504)


def constant_idle(sessions: Sequence[Session], others: Sequence[Session] = ()) -> Pattern | None:
    """Connections of different ages end after one span without a message."""
    alone = [d.session for d in drops(sessions, others) if not d.away][-_LOOKED_AT:]
    cut = [s for s in alone if s.ending is Ending.CUT and s.idle_s is not None]
    spans = [s.idle_s for s in cut[-2 * MIN_DROPS :] if s.idle_s is not None]
    alike = densest(spans, _WIDTH, _FLOOR_S)
    if len(alike) < MIN_DROPS or median(alike) < _LEAST_S:
        return None
    span = median(alike)
    reach = max(_FLOOR_S, _WIDTH * span) / 2
    near = [s for s in cut if s.idle_s is not None and abs(s.idle_s - span) <= reach]
    since = [s for s in alone if s.ended_at >= near[0].ended_at]
    ages = [s.age_s for s in near]
    if len(near) < MIN_SHARE * len(since) or spread(ages) <= max(_FLOOR_S, _WIDTH * median(ages)):
        return None
    longest = max(ages) * _OUTLIVED_IDLE
    if any(s.age_s > longest and s.ended_at > near[-1].ended_at for s in sessions):
        return None
    return Pattern(
        PatternKind.CONSTANT_IDLE,
        since=near[0].ended_at,
        last=near[-1].ended_at,
        count=len(near),
        of=len(since),
        code="ws_proxy_idle",
        confidence=Confidence.LIKELY,
        hurts=median(ages) < HURTS_BELOW_S,
        ending=Ending.CUT,
        value=span,
        spread=spread([s.idle_s for s in near if s.idle_s is not None]),
        examples=examples(span, IDLE_TIMES),
    )
