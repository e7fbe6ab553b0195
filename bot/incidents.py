"""From observations to incidents: a pure state machine, one `TargetState` per target.

    unknown ──up──▶ up ──degraded/down──▶ incident OPENED ──(other state or cause)──▶ CHANGED
                     ▲                                                                   │
                     └───────────────────────────── up: CLOSED ◀─────────────────────────┘

Nothing here reads a clock, the network or a database. What it promises, whatever is observed and
in whatever order (tests/test_incidents.py holds it): at most one incident is open per target, an
opened incident closes exactly once, `unknown` changes nothing, no transition comes without a
change, and moments never run backwards even if the clock does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from bot.model import Named, Observation, Report, State, Transition, TransitionKind

TROUBLE = frozenset({State.DEGRADED, State.DOWN})

# Says that the server was back a moment later. True at the end of every outage that refused
# connections, so it names an incident from its start, but does not rename one that has a cause.
_ENDING = frozenset({"srv_restarting"})


@dataclass(frozen=True, slots=True)
class Incident:
    """From the transition into trouble to the transition out of it."""

    id: str
    target: str
    number: int  # 1 for a target's first incident; (target, number) is unique
    opened_at: datetime
    state: State  # as last seen while open: degraded or down
    cause: Named | None
    report: Report | None = None  # the look that the current state and cause come from
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TargetState:
    """What is known of a target. `revision` counts the changes worth keeping.

    Two states with equal `revision` differ at most in `seen_at`; a store keeps every revision in
    order and refuses one whose predecessor it does not hold, so that two processes on one database
    cannot both open the same incident.
    """

    target: str
    state: State = State.UNKNOWN
    since: datetime | None = None  # when `state` began; None: nothing learnt yet
    seen_at: datetime | None = None  # the latest moment used, for moments that never run backwards
    incident: Incident | None = None
    incidents: int = 0  # opened so far; the next one's number is one more
    revision: int = 0


def incident_id(target: str, number: int) -> str:
    """Name of a target's n-th incident: the same in every process, opaque, fit for a button."""
    return hashlib.sha256(f"{number}\0{target}".encode()).hexdigest()[:16]


def observe(
    state: TargetState, observation: Observation, now: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    """Take one confirmed look into account.

    `now` bounds `observation.at` (a look cannot come from the future). Raises ValueError when the
    observation is of another target. `observation.since`, if given, dates the change: trouble
    begins when it was first noticed, not when it was confirmed.
    """
    if observation.target != state.target:
        msg = f"an observation of {observation.target!r} does not belong to {state.target!r}"
        raise ValueError(msg)
    if observation.state is State.UNKNOWN:
        return state, ()
    seen_at = _no_earlier(min(observation.at, now), state.seen_at)
    began = _no_earlier(min(observation.since or seen_at, seen_at), state.seen_at)
    after = replace(state, seen_at=seen_at)
    if observation.state in TROUBLE:
        if state.incident is None:
            return _open(after, observation, began)
        return _change(after, state.incident, observation, seen_at)
    if state.incident is not None:
        return _close(after, state.incident, observation, began)
    if state.state is not State.UP:  # the first look: nothing to announce, worth keeping
        return replace(after, state=State.UP, since=began, revision=state.revision + 1), ()
    return after, ()


def _open(
    state: TargetState, observation: Observation, began: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    number = state.incidents + 1
    incident = Incident(
        id=incident_id(state.target, number),
        target=state.target,
        number=number,
        opened_at=began,
        state=observation.state,
        cause=_cause(observation),
        report=observation.report,
    )
    transition = _transition(TransitionKind.OPENED, incident, state.state, observation, began)
    after = replace(
        state,
        state=observation.state,
        since=began,
        incident=incident,
        incidents=number,
        revision=state.revision + 1,
    )
    return after, (transition,)


def _change(
    state: TargetState, incident: Incident, observation: Observation, at: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    cause = _cause(observation)
    same_cause = _code(cause) == _code(incident.cause) or _code(cause) in _ENDING
    if observation.state is incident.state and same_cause:
        return state, ()
    transition = _transition(TransitionKind.CHANGED, incident, incident.state, observation, at)
    after = replace(
        state,
        state=observation.state,
        since=state.since if observation.state is incident.state else at,
        incident=replace(incident, state=observation.state, cause=cause, report=observation.report),
        revision=state.revision + 1,
    )
    return after, (transition,)


def _close(
    state: TargetState, incident: Incident, observation: Observation, at: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    transition = _transition(TransitionKind.CLOSED, incident, incident.state, observation, at)
    after = replace(state, state=State.UP, since=at, incident=None, revision=state.revision + 1)
    return after, (transition,)


def _transition(
    kind: TransitionKind,
    incident: Incident,
    before: State,
    observation: Observation,
    at: datetime,
) -> Transition:
    closing = kind is TransitionKind.CLOSED
    return Transition(
        kind=kind,
        target=incident.target,
        incident_id=incident.id,
        at=at,
        before=before,
        after=observation.state,
        cause=incident.cause if closing else _cause(observation),
        report=observation.report,
    )


def _cause(observation: Observation) -> Named | None:
    return observation.report.verdict.cause if observation.report else None


def _code(cause: Named | None) -> str | None:
    """What makes two causes the same: being surer of the same cause is no news."""
    return cause.code if cause else None


def _no_earlier(moment: datetime, than: datetime | None) -> datetime:
    return moment if than is None or moment >= than else than
