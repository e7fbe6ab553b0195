"""Slower than usual: what a person on call wants to hear of, and what not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.evidence import PatternKind
from bot.patterns import HOUR_S, Sample, find
from bot.patterns.speed import slower
from tests.patterns.building import NOW, measurements

DAY = 288  # spans of five minutes
WEEK = [38.0, 41.0, 37.0, 40.0] * (DAY // 4 * 7)


def test_a_quarter_of_an_hour_at_three_times_the_usual_is_told_with_both_figures() -> None:
    found = slower(measurements([*WEEK, 190.0, 180.0, 200.0]), NOW)
    assert found is not None
    pattern, still_slow_ms = found
    assert (pattern.code, pattern.before, pattern.value) == ("net_slower_than_usual", 38.0, 190.0)
    assert 38 < still_slow_ms < 138


def test_ten_slow_minutes_are_no_news() -> None:
    assert slower(measurements([*WEEK, 190.0, 180.0]), NOW) is None


def test_twice_a_tiny_round_trip_is_no_news() -> None:
    assert slower(measurements([1.0] * DAY * 7 + [60.0] * 12), NOW) is None


def test_with_less_than_two_days_of_history_nothing_is_usual() -> None:
    assert slower(measurements([38.0] * DAY + [400.0] * 6), NOW) is None


def test_a_backup_of_every_night_is_usual() -> None:
    nights = ([38.0] * (DAY - 12) + [250.0] * 12) * 7
    assert slower(measurements([*nights, *[38.0] * 3, *[250.0] * 6]), NOW) is None


def test_it_is_left_at_a_lower_value_than_entered() -> None:
    entered = [*WEEK, 190.0, 190.0, 190.0]
    assert slower(measurements([*entered, 120.0, 120.0, 120.0]), NOW) is not None
    assert slower(measurements([*WEEK, 120.0, 120.0, 120.0]), NOW) is None
    assert slower(measurements([*entered, 50.0, 50.0]), NOW) is None
    assert slower(measurements([*entered, 50.0, 190.0, 50.0, 190.0]), NOW) is not None


def test_a_slow_day_does_not_become_usual_while_it_lasts() -> None:
    assert slower(measurements([*WEEK, *[190.0] * (DAY - 10)]), NOW) is not None


def test_what_we_measured_while_late_ourselves_does_not_count() -> None:
    samples = measurements(WEEK, until=NOW - timedelta(minutes=30))
    late = measurements([190.0] * 6, lag_ms=400.0)
    assert slower([*samples, *late], NOW) is None
    assert slower([*samples, *(replace(s, lag_ms=2.0) for s in late)], NOW) is not None


def test_old_slowness_is_not_told_as_present() -> None:
    samples = measurements([*WEEK, 190.0, 190.0, 190.0])
    assert slower(samples, NOW + timedelta(hours=2)) is None


@settings(max_examples=15, deadline=None)
@given(
    usual=st.floats(0.2, 400),
    noise=st.floats(0, 0.9),
    seed=st.integers(0, 2**32),
)
def test_noise_about_the_usual_raises_no_alarm(usual: float, noise: float, seed: int) -> None:
    random = Random(seed)
    rtts = [usual * (1 + random.uniform(-noise, noise)) for _ in range(DAY * 3)]
    assert slower(measurements(rtts), NOW) is None


@settings(max_examples=15, deadline=None)
@given(usual=st.floats(1, 300), times=st.floats(2.5, 50), seed=st.integers(0, 2**32))
def test_what_is_much_slower_is_found(usual: float, times: float, seed: int) -> None:
    random = Random(seed)
    rtts = [usual * random.uniform(0.9, 1.1) for _ in range(DAY * 3)]
    slow = [usual * times + 150.0] * 3
    assert slower(measurements([*rtts, *slow]), NOW) is not None


def hours(by_day: list[float]) -> list[Sample]:
    first = NOW - timedelta(days=len(by_day))
    return [
        Sample("prod", first + timedelta(days=day, hours=hour), HOUR_S, rtt_ms=ms)
        for day, ms in enumerate(by_day)
        for hour in range(24)
    ]


def test_round_trips_that_grow_from_day_to_day_are_told() -> None:
    found = find((), hours([40, 44, 50, 57, 66, 75, 90]), NOW).pattern(PatternKind.RISING)
    assert found is not None
    assert (found.before, found.hurts) == (41.0, False)
    assert find((), hours([40, 90, 41, 80, 42, 85, 43]), NOW).patterns == ()
    assert find((), hours([40, 41, 42, 43, 44, 45, 46]), NOW).patterns == ()


def test_polling_that_appeared_at_a_moment_is_dated() -> None:
    before = measurements([40.0] * 50, until=NOW - timedelta(hours=1))
    since = measurements([40.0] * 12, websocket_s=0.0, polling_s=300.0)
    found = find((), [*before, *since], NOW).pattern(PatternKind.POLLING_SINCE)
    assert found is not None
    assert found.since == since[0].at
    assert find((), before, NOW - timedelta(hours=1)).patterns == ()
    assert find((), since, NOW).patterns == ()
