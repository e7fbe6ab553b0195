"""What holds of every row of looks at a target, whatever it does and however long it takes.

`test_incidents` has the cases by name, and looks that come in no order; here time passes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.incidents import (
    FLAP_OUTAGES,
    FLAP_SETTLED,
    FLAP_WITHIN,
    TROUBLE,
    TargetState,
    observe,
)
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
OPENED, CHANGED, CLOSED = TransitionKind
UP, DEGRADED, DOWN = State.UP, State.DEGRADED, State.DOWN

Look = tuple[float, State, str | None, float | None]
"""Seconds since the last look, what it found, why, and seconds since it was first noticed."""


def looks(*states: State, every_s: float = 60.0) -> list[Look]:
    return [(every_s, state, "tcp_refused" if state in TROUBLE else None, None) for state in states]


def _looks_of(
    pause: st.SearchStrategy[float], least: int, most: int
) -> st.SearchStrategy[list[Look]]:
    """Rows of looks, some of a target that only goes back and forth between two states."""
    every = (UP, DEGRADED, DOWN, State.UNKNOWN)
    some = st.sampled_from([every, every[:3], (UP, DOWN), (DEGRADED, DOWN), (UP, DEGRADED)])
    codes = (None, "tcp_refused", "srv_frozen", "srv_restarting", "unrecognised")
    return some.flatmap(
        lambda states: st.lists(
            st.tuples(
                pause,
                st.sampled_from(states),
                st.sampled_from(codes),
                st.none() | st.floats(0, 120),
            ),
            min_size=least,
            max_size=most,
        )
    )


# Seconds as inside an outage, minutes as in quiet times, and a bot that was away for long.
ROWS = _looks_of(st.floats(0, 90) | st.floats(0, 1200), 0, 50)


class Watch:
    """A target as it is observed, and what was told of it."""

    def __init__(self) -> None:
        self.now = START
        self.state = TargetState("prod")
        self.told: list[Transition] = []

    def see(self, row: list[Look]) -> list[Transition]:
        """Look, and look; what that led to."""
        before = len(self.told)
        for look in row:
            self.one(look)
        return self.told[before:]

    def one(self, look: Look) -> tuple[Transition, ...]:
        after_s, state, code, since_s = look
        self.now += timedelta(seconds=after_s)
        since = None if since_s is None else self.now - timedelta(seconds=since_s)
        cause = (
            Named(code, Layer.TCP, Section.SERVER, Confidence.LIKELY)
            if code and state in TROUBLE
            else None
        )
        verdict = Verdict(state, cause)
        report = Report("prod", "https://prod.example", "local", (), verdict, self.now, 12.0)
        seen = Observation("prod", self.now, state, report, since=since)
        self.state, told = observe(self.state, seen, self.now)
        again, nothing = observe(self.state, seen, self.now)
        assert (again.revision, nothing) == (self.state.revision, ())  # the same look is no news
        self.told += told
        return told


@settings(deadline=None)
@given(ROWS)
def test_whatever_was_before_a_target_that_stays_up_has_no_incident_and_each_was_closed_once(
    row: list[Look],
) -> None:
    watch = Watch()
    watch.see(row)
    watch.see(looks(*[UP] * 12))
    assert watch.state.incident is None
    assert watch.state.state is UP
    opened = [t.incident_id for t in watch.told if t.kind is OPENED]
    closed = [t.incident_id for t in watch.told if t.kind is CLOSED]
    assert opened == closed
    assert len(set(opened)) == len(opened) == watch.state.incidents


@settings(deadline=None)
@given(ROWS)
def test_whatever_was_before_a_target_that_stays_down_is_told_to_be_down(row: list[Look]) -> None:
    watch = Watch()
    watch.see(row)
    watch.see(looks(*[DOWN] * 12))
    assert watch.state.incident is not None
    assert watch.state.state is DOWN
    assert watch.told[-1].after is DOWN


@settings(deadline=None)
@given(ROWS)
def test_looks_that_could_not_judge_might_as_well_not_have_been(row: list[Look]) -> None:
    watch, other = Watch(), Watch()
    for look in row:
        if look[1] is State.UNKNOWN:
            before = watch.state
            assert watch.one(look) == ()
            assert watch.state is before
            other.now = watch.now
        else:
            assert watch.one(look) == other.one(look)
    assert watch.state == other.state


@settings(deadline=None)
@given(ROWS)
def test_nothing_is_told_unless_something_is_true_that_was_not(row: list[Look]) -> None:
    watch = Watch()
    for look in row:
        before = watch.state
        for transition in watch.one(look):
            after = watch.state
            assert transition.before is before.state
            assert transition.after is after.state
            assert after.revision == before.revision + 1
            if transition.kind is CHANGED:
                was, now = before.incident, after.incident
                assert was is not None
                assert now is not None
                assert (was.state, _code(was.cause)) != (now.state, _code(now.cause))
            else:
                assert (before.incident is None) is (transition.kind is OPENED)
                assert (after.incident is None) is (transition.kind is CLOSED)


@settings(deadline=None)
@given(ROWS)
def test_flapping_begins_by_how_often_and_ends_by_how_long(row: list[Look]) -> None:
    watch = Watch()
    steady_since = watch.now  # what is seen now, has been seen since
    last: State | None = None
    falls: list[datetime] = []
    for look in row:
        before = watch.state
        told = watch.one(look)
        if look[1] is State.UNKNOWN:
            continue
        if look[1] is not last:
            steady_since, last = watch.now, look[1]
        falls += [t.at for t in told if _falls(t) or t.after is State.FLAPPING]
        entered = watch.state.state is State.FLAPPING and before.state is not State.FLAPPING
        left = before.state is State.FLAPPING and watch.state.state is not State.FLAPPING
        if entered:
            assert len(falls) >= FLAP_OUTAGES
            assert falls[-1] - falls[-FLAP_OUTAGES] <= FLAP_WITHIN
        if left:
            assert watch.state.state is look[1]
            assert watch.now - steady_since >= FLAP_SETTLED
            falls = []
        if before.state is State.FLAPPING and not left:
            assert told == ()


@settings(deadline=None)
@given(_looks_of(st.floats(1, 40), 40, 80))
def test_nobody_is_notified_without_end_of_a_target_that_cannot_make_up_its_mind(
    row: list[Look],
) -> None:
    watch = Watch()
    loud = [t.at for t in watch.see(row) if t.kind is OPENED or _falls(t)]
    # An outage is told when it opens and once more if it began as less than that; then the target
    # flaps, and is silent for a while.
    at_most = 2 * FLAP_OUTAGES
    for n in range(len(loud) - at_most):
        assert loud[n + at_most] - loud[n] >= FLAP_SETTLED


def test_down_and_half_up_again_and_again_is_flapping_too() -> None:
    watch = Watch()
    told = watch.see(looks(UP, DOWN, *[DEGRADED, DOWN] * 40))
    assert [(t.kind, t.after) for t in told] == [
        (OPENED, DOWN),
        (CHANGED, DEGRADED),
        (CHANGED, DOWN),
        (CHANGED, DEGRADED),
        (CHANGED, State.FLAPPING),
    ]
    (settled,) = watch.see(looks(*[DOWN] * 12))
    assert (settled.before, settled.after) == (State.FLAPPING, DOWN)


def test_what_begins_as_less_and_goes_down_is_one_outage() -> None:
    watch = Watch()
    told = watch.see(looks(*[UP, DEGRADED, DOWN] * 2))
    assert State.FLAPPING not in {t.after for t in told}
    (third,) = watch.see(looks(UP, DEGRADED))[1:]
    assert third.after is State.FLAPPING


def _falls(transition: Transition) -> bool:
    """Whether it notifies people that a target works less than it did."""
    worse = transition.before in (DEGRADED, State.FLAPPING) and transition.after is DOWN
    return transition.kind is OPENED or (transition.kind is CHANGED and worse)


def _code(cause: Named | None) -> str | None:
    return cause.code if cause else None
