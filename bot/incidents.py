"""From observations to incidents: a pure state machine, one `TargetState` per target.

    unknown ──up──▶ up ──degraded/down──▶ incident OPENED ──(other state or cause)──▶ CHANGED
                     ▲                                                                   │
                     └───────────────────────────── up: CLOSED ◀─────────────────────────┘

A target that has gone down `FLAP_OUTAGES` times within `FLAP_WITHIN` is flapping, whether it was up
or degraded in between: its incident then stays open over the ups and downs, silently, until the
target has kept one state for `FLAP_SETTLED`. It enters by how often it changes and leaves by how
long it does not, so it cannot flap between flapping and not (Nagios uses two thresholds of one rate
for the same end).

Nothing here reads a clock, the network or a database. What it promises, whatever is observed and
in whatever order (tests/test_incidents.py and tests/test_incident_sequences.py hold it): at most
one incident is open per target, an opened incident closes exactly once, `unknown` changes nothing,
no transition comes without a change, and moments never run backwards even if the clock does.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.model import Named, Observation, Report, State, Transition, TransitionKind

TROUBLE = frozenset({State.DEGRADED, State.DOWN})

FLAP_OUTAGES: Final = 3
FLAP_WITHIN: Final = timedelta(minutes=15)
FLAP_SETTLED: Final = timedelta(minutes=10)

# Says that the server was back a moment later. True at the end of every outage that refused
# connections, so it names an incident from its start, but does not rename one that has a cause.
_ENDING = frozenset({"srv_restarting"})


@dataclass(frozen=True, slots=True)
class Flapping:
    """What a flapping target does at present."""

    state: State  # up, degraded or down, as the latest look had it
    since: datetime  # when that began


@dataclass(frozen=True, slots=True)
class Incident:
    """From the transition into trouble to the transition out of it."""

    id: str
    target: str
    number: int  # 1 for a target's first incident; (target, number) is unique
    opened_at: datetime
    state: State  # as last announced while open: degraded, down, flapping; unknown: see `leave`
    cause: Named | None
    report: Report | None = None  # the look that the current state and cause come from
    closed_at: datetime | None = None
    flapping: Flapping | None = None  # set exactly while `state` is flapping

    @property
    def resolved(self) -> bool:
        """Whether it ended because the trouble did."""
        return self.closed_at is not None and self.state is not State.UNKNOWN


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
    outages: tuple[datetime, ...] = ()  # when the latest ones began; what flapping is judged by
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
    if state.incident is not None:
        return _inside(after, state.incident, observation, began)
    if observation.state in TROUBLE:
        return _open(after, observation, began)
    if state.state is not State.UP:  # the first look: nothing to announce, worth keeping
        return replace(after, state=State.UP, since=began, revision=state.revision + 1), ()
    return after, ()


def leave(state: TargetState, now: datetime) -> tuple[TargetState, tuple[Transition, ...]]:
    """The target is watched no more. An incident that is open ends as `unknown`: whatever becomes
    of it, nobody will see. Should it be watched again, its next look is a first one."""
    at = _no_earlier(now, state.seen_at)
    if state.incident is None:
        return state, ()
    transition = Transition(
        kind=TransitionKind.CLOSED,
        target=state.target,
        incident_id=state.incident.id,
        at=at,
        before=state.incident.state,
        after=State.UNKNOWN,
        cause=state.incident.cause,
        report=None,
    )
    after = replace(
        state,
        state=State.UNKNOWN,
        since=at,
        seen_at=at,
        incident=None,
        revision=state.revision + 1,
    )
    return after, (transition,)


def _inside(
    state: TargetState, incident: Incident, observation: Observation, began: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    if incident.flapping is not None:
        return _flap(state, incident, incident.flapping, observation, began)
    if observation.state in TROUBLE:
        return _change(state, incident, observation, state.seen_at or began)
    return _close(state, incident, observation, began)


def _open(
    state: TargetState, observation: Observation, began: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    number = state.incidents + 1
    outages, flapping = _outage(state, observation, began)
    incident = Incident(
        id=incident_id(state.target, number),
        target=state.target,
        number=number,
        opened_at=began,
        state=State.FLAPPING if flapping else observation.state,
        cause=_cause(observation),
        report=observation.report,
        flapping=flapping,
    )
    transition = _transition(TransitionKind.OPENED, incident, state.state, observation, began)
    after = replace(
        state,
        state=incident.state,
        since=began,
        incident=incident,
        incidents=number,
        outages=outages,
        revision=state.revision + 1,
    )
    return after, (replace(transition, after=incident.state),)


def _outage(
    state: TargetState, observation: Observation, began: datetime
) -> tuple[tuple[datetime, ...], Flapping | None]:
    """Count one more outage; with enough of them in a short time the target flaps, and the next
    time it has to do so anew."""
    outages = (*state.outages, began)[-FLAP_OUTAGES:]
    if len(outages) == FLAP_OUTAGES and began - outages[0] <= FLAP_WITHIN:
        return (), Flapping(observation.state, began)
    return outages, None


def _flap(
    state: TargetState,
    incident: Incident,
    flapping: Flapping,
    observation: Observation,
    began: datetime,
) -> tuple[TargetState, tuple[Transition, ...]]:
    """Wait for the target to settle; what it does until then is kept and not told."""
    seen_at = state.seen_at or began
    if observation.state is not flapping.state:
        now = replace(incident, flapping=Flapping(observation.state, began))
        return replace(state, incident=now, revision=state.revision + 1), ()
    if seen_at - flapping.since < FLAP_SETTLED:
        return state, ()
    if observation.state is State.UP:
        return _close(state, replace(incident, flapping=None), observation, seen_at)
    return _change(state, replace(incident, flapping=None), observation, seen_at)


def _change(
    state: TargetState, incident: Incident, observation: Observation, at: datetime
) -> tuple[TargetState, tuple[Transition, ...]]:
    cause = _cause(observation)
    same_cause = _code(cause) == _code(incident.cause) or _code(cause) in _ENDING
    if observation.state is incident.state and same_cause:
        return state, ()
    outages, flapping = state.outages, None
    if _falls_again(state, incident, observation):
        outages, flapping = _outage(state, observation, at)
    now = State.FLAPPING if flapping else observation.state
    transition = _transition(TransitionKind.CHANGED, incident, incident.state, observation, at)
    after = replace(
        state,
        state=now,
        since=state.since if now is incident.state else at,
        incident=replace(
            incident, state=now, cause=cause, report=observation.report, flapping=flapping
        ),
        outages=outages,
        revision=state.revision + 1,
    )
    return after, (replace(transition, after=now),)


def _falls_again(state: TargetState, incident: Incident, observation: Observation) -> bool:
    """Whether a target goes down that was better for a while. The first time that a degraded one
    does is still the outage that it was opened for."""
    better = incident.state is State.DEGRADED and state.since != incident.opened_at
    return better and observation.state is State.DOWN


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
