"""The state machine, held by random observation sequences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.incidents import TROUBLE, TargetState, incident_id, leave, observe
from bot.model import (
    Confidence,
    Layer,
    Named,
    Observation,
    Report,
    Section,
    State,
    Transition,
    TransitionKind,
    Verdict,
)

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def a_report(state: State, code: str | None, confidence: Confidence) -> Report:
    cause = Named(code, Layer.TCP, Section.SERVER, confidence) if code else None
    return Report("prod", "https://prod.example", "local", (), Verdict(state, cause), START, 12.0)


def seen(
    state: State,
    after_s: float = 0.0,
    code: str | None = "tcp_refused",
    *,
    since_s: float | None = None,
    confidence: Confidence = Confidence.LIKELY,
) -> Observation:
    since = None if since_s is None else START + timedelta(seconds=since_s)
    report = a_report(state, code if state in TROUBLE else None, confidence)
    return Observation("prod", START + timedelta(seconds=after_s), state, report, since=since)


def run(*observations: Observation) -> tuple[TargetState, list[Transition]]:
    state, told = TargetState("prod"), []
    for observation in observations:
        state, transitions = observe(state, observation, observation.at)
        told += transitions
    return state, told


def kinds(told: Iterable[Transition]) -> list[TransitionKind]:
    return [transition.kind for transition in told]


def test_the_first_look_at_a_healthy_target_says_nothing_and_is_kept() -> None:
    state, told = run(seen(State.UP))
    assert told == []
    assert (state.state, state.since, state.revision) == (State.UP, START, 1)


def test_trouble_opens_an_incident_dated_when_it_was_first_noticed() -> None:
    state, told = run(seen(State.UP), seen(State.DOWN, 10, since_s=7))
    assert kinds(told) == [TransitionKind.OPENED]
    assert told[0].at == START + timedelta(seconds=7)
    assert (told[0].before, told[0].after) == (State.UP, State.DOWN)
    assert state.incident is not None
    assert state.incident.opened_at == told[0].at
    assert state.incident.id == told[0].incident_id == incident_id("prod", 1)


def test_more_of_the_same_trouble_is_no_news() -> None:
    _, told = run(
        seen(State.DOWN), seen(State.DOWN, 1), seen(State.DOWN, 2, confidence=Confidence.CERTAIN)
    )
    assert kinds(told) == [TransitionKind.OPENED]


def test_another_cause_or_state_inside_an_incident_is_an_edit_of_it() -> None:
    state, told = run(
        seen(State.DOWN), seen(State.DOWN, 1, "http_502_upstream_down"), seen(State.DEGRADED, 2)
    )
    assert kinds(told) == [
        TransitionKind.OPENED,
        TransitionKind.CHANGED,
        TransitionKind.CHANGED,
    ]
    assert len({transition.incident_id for transition in told}) == 1
    assert state.incident is not None
    assert state.incident.state is State.DEGRADED
    assert state.incident.opened_at == START


def test_the_end_of_an_outage_does_not_rename_it_a_restart() -> None:
    _, told = run(
        seen(State.DOWN, code="tcp_refused"),
        seen(State.DOWN, 3600, code="srv_restarting"),
        seen(State.UP, 3601),
    )
    assert kinds(told) == [TransitionKind.OPENED, TransitionKind.CLOSED]
    assert told[-1].cause == told[0].cause


def test_recovery_closes_the_incident_and_keeps_naming_its_cause() -> None:
    state, told = run(seen(State.DOWN), seen(State.UP, 60))
    assert kinds(told) == [TransitionKind.OPENED, TransitionKind.CLOSED]
    assert told[1].cause is not None
    assert told[1].cause.code == "tcp_refused"
    assert (told[1].before, told[1].after) == (State.DOWN, State.UP)
    assert state.incident is None
    assert state.state is State.UP


def test_an_incident_of_a_target_that_is_watched_no_more_ends_as_unknown() -> None:
    state, _ = run(seen(State.UP), seen(State.DOWN, 10))
    after, told = leave(state, START + timedelta(seconds=60))
    assert kinds(told) == [TransitionKind.CLOSED]
    assert (told[0].before, told[0].after) == (State.DOWN, State.UNKNOWN)
    assert told[0].cause is not None
    assert (after.state, after.incident, after.revision) == (
        State.UNKNOWN,
        None,
        state.revision + 1,
    )
    assert leave(after, START + timedelta(seconds=61)) == (after, ())
    again, told = observe(after, seen(State.DOWN, 90), START + timedelta(seconds=90))
    assert kinds(told) == [TransitionKind.OPENED]
    assert again.incident is not None
    assert again.incident.number == 2


def test_a_target_that_leaves_while_it_is_well_tells_nothing() -> None:
    state, _ = run(seen(State.UP))
    assert leave(state, START + timedelta(seconds=60)) == (state, ())


def test_the_next_outage_is_another_incident() -> None:
    _, told = run(seen(State.DOWN), seen(State.UP, 1), seen(State.DOWN, 2), seen(State.UP, 3))
    assert [t.incident_id for t in told] == [
        incident_id("prod", 1),
        incident_id("prod", 1),
        incident_id("prod", 2),
        incident_id("prod", 2),
    ]


def test_unknown_neither_opens_nor_closes() -> None:
    calm, _ = run(seen(State.UP))
    assert observe(calm, seen(State.UNKNOWN, 5), START) == (calm, ())
    troubled, _ = run(seen(State.DOWN))
    assert observe(troubled, seen(State.UNKNOWN, 5), START) == (troubled, ())


def test_an_observation_from_the_future_is_dated_now() -> None:
    _, told = observe(TargetState("prod"), seen(State.DOWN, 3600), START)
    assert told[0].at == START


def test_an_observation_of_another_target_is_refused() -> None:
    with pytest.raises(ValueError, match="staging"):
        observe(TargetState("staging"), seen(State.UP), START)


def test_ids_of_different_targets_and_numbers_never_meet() -> None:
    names = {incident_id(target, n) for target in ("a", "a1", "1a") for n in range(1, 50)}
    assert len(names) == 3 * 49


def minutes(*states: State, apart: float = 1.0, start: float = 0.0) -> list[Observation]:
    return [seen(state, 60 * (start + apart * i)) for i, state in enumerate(states)]


FLAPPING = minutes(State.DOWN, State.UP, State.DOWN, State.UP, State.DOWN)


def test_the_third_outage_within_a_quarter_of_an_hour_is_flapping() -> None:
    state, told = run(*FLAPPING)
    assert [(t.kind, t.after) for t in told] == [
        (TransitionKind.OPENED, State.DOWN),
        (TransitionKind.CLOSED, State.UP),
        (TransitionKind.OPENED, State.DOWN),
        (TransitionKind.CLOSED, State.UP),
        (TransitionKind.OPENED, State.FLAPPING),
    ]
    assert state.state is State.FLAPPING


def test_three_outages_far_apart_are_three_incidents() -> None:
    _, told = run(*minutes(*[State.DOWN, State.UP] * 3, apart=5))
    assert State.FLAPPING not in {t.after for t in told}


def test_a_flapping_target_says_nothing_until_it_settles() -> None:
    _, told = run(*FLAPPING, *minutes(*[State.UP, State.DOWN] * 40, start=5))
    assert len(told) == 5


def test_a_flapping_target_that_stays_up_closes_its_one_incident() -> None:
    state, told = run(*FLAPPING, *minutes(*[State.UP] * 12, start=5))
    assert [(t.kind, t.before, t.after) for t in told[5:]] == [
        (TransitionKind.CLOSED, State.FLAPPING, State.UP)
    ]
    assert told[5].at - told[4].at == timedelta(minutes=11)
    assert state.incident is None


def test_a_flapping_target_that_stays_down_is_down() -> None:
    state, told = run(*FLAPPING, *minutes(*[State.DOWN] * 12, start=5))
    assert [(t.kind, t.before, t.after) for t in told[5:]] == [
        (TransitionKind.CHANGED, State.FLAPPING, State.DOWN)
    ]
    assert state.incident is not None
    assert state.incident.flapping is None


def test_a_target_that_has_settled_must_flap_anew_to_be_called_so() -> None:
    _, told = run(
        *FLAPPING, *minutes(*[State.UP] * 12, start=5), *minutes(State.DOWN, State.UP, start=17)
    )
    assert told[6].after is State.DOWN


observations = st.builds(
    seen,
    st.sampled_from([s for s in State if s is not State.FLAPPING]),
    st.floats(-3600, 3600),
    st.sampled_from([None, "tcp_refused", "http_502_upstream_down", "unrecognised"]),
    since_s=st.none() | st.floats(-3600, 3600),
    confidence=st.sampled_from(Confidence),
)
clock = st.floats(-3600, 3600).map(lambda s: START + timedelta(seconds=s))
histories = st.lists(st.tuples(observations, clock), max_size=60)


@settings(deadline=None)
@given(histories)
def test_whatever_is_observed_incidents_open_one_at_a_time_and_close_once(
    history: list[tuple[Observation, datetime]],
) -> None:
    state = TargetState("prod")
    open_id: str | None = None
    closed: set[str] = set()
    last: datetime | None = None
    for observation, now in history:
        before = state
        state, told = observe(state, observation, now)
        assert len(told) <= 1
        if observation.state is State.UNKNOWN:
            assert (state, told) == (before, ())
        assert (state.revision > before.revision) == (
            (state.state, state.incident) != (before.state, before.incident)
        )
        for transition in told:
            assert last is None or transition.at >= last
            last = transition.at
            assert state.revision == before.revision + 1
            match transition.kind:
                case TransitionKind.OPENED:
                    assert open_id is None
                    assert transition.incident_id not in closed
                    open_id = transition.incident_id
                case TransitionKind.CHANGED:
                    assert transition.incident_id == open_id
                    assert (before.incident is None) is (state.incident is None) is False
                    assert before.incident != state.incident
                case TransitionKind.CLOSED:
                    assert transition.incident_id == open_id
                    assert transition.after is State.UP
                    closed.add(transition.incident_id)
                    open_id = None
        assert (state.incident.id if state.incident else None) == open_id
        if state.incident is not None:
            assert state.incident.state is state.state
            assert state.state in {*TROUBLE, State.FLAPPING}
            assert (state.incident.flapping is not None) is (state.state is State.FLAPPING)
        if observation.state is State.UP and state.state is not State.FLAPPING:
            assert open_id is None  # recovery always closes
    assert len(closed) + (open_id is not None) == state.incidents


@settings(deadline=None)
@given(histories)
def test_a_moment_given_out_is_never_later_than_the_clock_has_shown(
    history: list[tuple[Observation, datetime]],
) -> None:
    state, latest = TargetState("prod"), datetime.min.replace(tzinfo=UTC)
    for observation, now in history:
        latest = max(latest, now)
        state, told = observe(state, observation, now)
        assert all(transition.at <= latest for transition in told)
        assert state.seen_at is None or state.seen_at <= latest
