"""In which state, from when to when."""

from __future__ import annotations

import itertools
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.charts.bands import Band, bands
from bot.incidents import Incident
from bot.model import State
from bot.patterns import roll_up
from bot.spans import Span
from tests.charts.past import DAY, END, incident, samples

_INCIDENTS = st.lists(
    st.tuples(
        st.floats(0.0, 23.5),
        st.floats(0.2, 90.0),
        st.sampled_from([State.DOWN, State.DEGRADED, State.FLAPPING]),
    ),
    max_size=6,
)


def made(raw: list[tuple[float, float, State]]) -> list[Incident]:
    """Incidents of one target, of which two are never open at once."""
    found: list[Incident] = []
    for n, (hours, minutes, state) in enumerate(sorted(raw, reverse=True)):
        one = incident(n, hours, minutes, state)
        if not found or (found[-1].closed_at or END) < one.opened_at:
            found.append(one)
    return found


def seconds(found: tuple[Band, ...], *states: State) -> float:
    return sum((b.end - b.start).total_seconds() for b in found if b.state in states)


@given(_INCIDENTS, st.lists(st.tuples(st.floats(0, 23), st.floats(0.1, 3)), max_size=3))
def test_bands_fill_the_span_without_a_seam(
    raw: list[tuple[float, float, State]], gaps: list[tuple[float, float]]
) -> None:
    incidents = made(raw)
    dark = [Span(END - timedelta(hours=h), END - timedelta(hours=h - w)) for h, w in gaps]
    found = bands(DAY, samples(DAY, incidents, span_s=300, unwatched=dark), incidents)
    assert found[0].start == DAY.start
    assert found[-1].end == DAY.end
    for before, after in itertools.pairwise(found):
        assert before.end == after.start
        assert before.state is not after.state


@given(_INCIDENTS)
def test_trouble_lasts_in_the_picture_as_long_as_it_did(
    raw: list[tuple[float, float, State]],
) -> None:
    incidents = made(raw)
    found = bands(DAY, samples(DAY, incidents, span_s=300), incidents)
    wanted = sum(DAY.common(Span(one.opened_at, one.closed_at or END)).seconds for one in incidents)
    drawn = seconds(found, State.DOWN, State.DEGRADED, State.FLAPPING)
    # A sample that several incidents share has one state in the picture.
    assert abs(drawn - wanted) <= 300.0 * len(incidents) + 1e-6


def test_where_nobody_watched_the_picture_says_so() -> None:
    dark = Span(END - timedelta(hours=8), END - timedelta(hours=7))
    found = bands(DAY, samples(DAY, unwatched=[dark]), [])
    assert [band.state for band in found] == [State.UP, State.UNKNOWN, State.UP]
    assert found[1] == Band(State.UNKNOWN, dark.start, dark.end)


def test_the_running_minute_goes_on_as_it_was() -> None:
    until_now = Span(DAY.start, END + timedelta(seconds=40))
    assert bands(until_now, samples(DAY), []) == (Band(State.UP, DAY.start, until_now.end),)


def test_an_outage_of_the_running_minute_is_there_at_once() -> None:
    now = END + timedelta(seconds=40)
    begun = incident(1, -10 / 3_600, None)
    found = bands(Span(DAY.start, now), samples(DAY), [begun])
    assert found[-1] == Band(State.DOWN, begun.opened_at, now)


def test_a_bot_that_is_away_at_the_end_knows_nothing_of_the_end() -> None:
    dark = Span(END - timedelta(hours=2), END)
    assert bands(DAY, samples(DAY, unwatched=[dark]), [])[-1].state is State.UNKNOWN


def test_without_a_sample_nothing_is_known() -> None:
    assert bands(DAY, [], []) == (Band(State.UNKNOWN, DAY.start, DAY.end),)
    assert bands(Span(END, END), [], []) == ()


def test_samples_that_were_rolled_up_tell_the_same() -> None:
    incidents = [incident(1, 10, 12), incident(2, 4, 40, State.DEGRADED)]
    fine = bands(DAY, samples(DAY, incidents), incidents)
    coarse = bands(DAY, roll_up(samples(DAY, incidents), 300), incidents)
    assert [b.state for b in fine] == [b.state for b in coarse]
    assert seconds(fine, State.DOWN) == seconds(coarse, State.DOWN) == 720
