"""Seconds in each state, by a clock in the test's hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import State
from bot.watcher.tally import Tally


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_seconds_are_counted_to_the_state_they_were_spent_in() -> None:
    clock = Clock()
    tally = Tally(clock)
    clock.now += 5
    tally.turn(State.UP)
    clock.now += 30
    tally.turn(State.DOWN)
    clock.now += 10
    assert tally.take() == {State.UNKNOWN: 5, State.UP: 30, State.DOWN: 10}
    clock.now += 60
    assert tally.take() == {State.DOWN: 60}


def test_trouble_counts_from_when_it_was_noticed() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.turn(State.UP)
    clock.now += 30
    tally.turn(State.DOWN, ago_s=4)
    assert tally.take() == {State.UP: 26, State.DOWN: 4}


def test_what_was_taken_is_not_counted_again() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.turn(State.UP)
    clock.now += 60
    tally.take()
    clock.now += 1
    tally.turn(State.DOWN, ago_s=4)
    assert tally.take() == {State.DOWN: 1}


steps = st.tuples(st.integers(0, 100), st.sampled_from(State), st.integers(-5, 200), st.booleans())


@given(st.lists(steps, max_size=50))
def test_every_second_is_counted_once(history: list[tuple[int, State, int, bool]]) -> None:
    clock = Clock()
    tally = Tally(clock)
    counted = 0.0
    for passes, state, ago_s, take in history:
        clock.now += passes
        tally.turn(state, ago_s=ago_s)
        if take:
            counted += sum(tally.take().values())
    counted += sum(tally.take().values())
    assert counted == pytest.approx(clock.now - 100.0)
    assert sum(tally.total().values()) == pytest.approx(counted)
