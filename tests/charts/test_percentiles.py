"""Percentiles of the round trip."""

from __future__ import annotations

import itertools
from datetime import timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.percentiles import percentiles, points, step_s
from bot.patterns import Sample
from bot.spans import Span
from tests.charts.past import DAY, END, samples

_MS = st.floats(0.1, 60_000)


def taken(rtts: list[float], n: int = 0) -> Sample:
    """The sample of one minute in which these were measured (of the n-th minute of the day)."""
    at = DAY.start + timedelta(minutes=n)
    return Sample("prod", at, 60, n=len(rtts), rtt_ms=median(rtts), worst_ms=max(rtts))


@given(st.lists(st.lists(_MS, min_size=1, max_size=20), min_size=1, max_size=30))
def test_percentiles_are_in_order_and_between_what_was_measured(rtts: list[list[float]]) -> None:
    middle, high, worst = percentiles([taken(one, n) for n, one in enumerate(rtts)])
    assert min(map(min, rtts)) <= middle <= high <= worst
    assert worst == max(map(max, rtts))


@given(_MS, st.integers(1, 20), st.integers(1, 50))
def test_what_never_varies_has_one_percentile(ms: float, n: int, minutes: int) -> None:
    assert percentiles([taken([ms] * n, m) for m in range(minutes)]) == (ms, ms, ms)


def test_one_slow_answer_in_a_hundred_is_beyond_the_95th_percentile() -> None:
    quiet = [taken([40.0, 40.0, 41.0, 40.0], n) for n in range(25)]
    quiet[7] = taken([40.0, 40.0, 9_000.0, 40.0], 7)
    assert percentiles(quiet) == (40.0, 41.0, 9_000.0)


def test_one_slow_answer_in_ten_is_within_it() -> None:
    assert percentiles([taken([40.0] * 9 + [900.0], n) for n in range(12)])[1] == 900.0


def test_without_a_measurement_there_is_none() -> None:
    with pytest.raises(ValueError, match="no round trip"):
        percentiles([Sample("prod", END, 60)])
    assert points([Sample("prod", END, 60)], 60) == ()


@given(st.integers(5, 43_200))
def test_a_chart_never_has_more_points_than_can_be_told_apart(minutes: int) -> None:
    span = Span.until(END, timedelta(minutes=minutes))
    step = step_s(span, 60)
    assert span.seconds / step <= 170 or step == 21_600
    assert step >= 60


def test_every_point_stands_for_its_own_stretch_of_time() -> None:
    found = points(samples(DAY), 600)
    assert len(found) == 144
    assert {(b.at - a.at).total_seconds() for a, b in itertools.pairwise(found)} == {600}
