"""What a history comes to: worked examples, and what holds for every history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.incidents import Incident, incident_id
from bot.model import State
from bot.patterns import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample, roll_up
from bot.spans import Span, joined
from bot.uptime import DAY, Availability, apart, availability

START = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = Span(START, START + timedelta(hours=6))


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def minute(n: int, *, up: float = 0.0, degraded: float = 0.0, down: float = 0.0) -> Sample:
    return Sample("prod", at(n), MINUTE_S, up_s=up, degraded_s=degraded, down_s=down)


def up(first: int, last: int) -> list[Sample]:
    return [minute(n, up=60) for n in range(first, last)]


def down(first: int, last: int) -> list[Sample]:
    return [minute(n, down=60) for n in range(first, last)]


def an_incident(opened: float, closed: float | None, number: int = 1) -> Incident:
    return Incident(
        incident_id("prod", number),
        "prod",
        number,
        at(opened),
        State.DOWN,
        None,
        closed_at=None if closed is None else at(closed),
    )


def test_downtime_is_a_share_of_what_is_known() -> None:
    found = availability(SPAN, [*up(0, 171), *down(171, 180)])
    assert found.uptime == pytest.approx(0.95)
    assert (found.down_s, found.unknown_s) == (9 * 60, 3 * 3600)


def test_nothing_known_is_no_uptime_rather_than_none_of_it() -> None:
    found = availability(SPAN, [])
    assert (found.uptime, found.unknown_s) == (None, SPAN.seconds)


def test_degraded_is_not_down() -> None:
    found = availability(SPAN, [minute(n, degraded=60) for n in range(10)])
    assert (found.uptime, found.degraded_s) == (1.0, 600)


def test_an_outage_of_seconds_counts_seconds() -> None:
    found = availability(SPAN, [minute(0, up=48, down=12), *up(1, 10)])
    assert found.down_s == 12
    assert found.uptime == pytest.approx(1 - 12 / 600)


def test_planned_work_is_neither_up_nor_down() -> None:
    samples = [*up(0, 60), *down(60, 90), *up(90, 360)]
    planned = [Span(at(55), at(75)), Span(at(70), at(85))]
    found = availability(SPAN, samples, maintenance=planned)
    assert found.maintenance_s == 30 * 60
    assert found.down_s == 5 * 60
    assert found.unknown_s == 0


def test_trouble_of_a_sample_that_reaches_into_planned_work_is_taken_to_be_planned() -> None:
    five = Sample("prod", START, FIVE_MINUTES_S, up_s=240, down_s=60)
    found = availability(SPAN, [five], maintenance=[Span(at(0), at(2))])
    assert (found.up_s, found.down_s, found.maintenance_s) == (180, 0, 120)


def test_a_longer_sample_takes_the_place_of_those_it_was_made_of() -> None:
    minutes = [*up(0, 100), *down(100, 130), *up(130, 143)]
    fives = [s for s in roll_up(minutes, FIVE_MINUTES_S) if s.at < at(140)]
    hours = [s for s in roll_up(fives, HOUR_S) if s.at < at(120)]
    both = availability(SPAN, [*minutes, *fives, *hours])
    assert both == availability(SPAN, minutes)
    assert both.known_s == 143 * 60


def test_a_sample_over_the_edge_counts_in_proportion() -> None:
    hour = Sample("prod", START, HOUR_S, up_s=1800, down_s=1800)
    found = availability(Span(at(45), at(105)), [hour])
    assert (found.up_s, found.down_s, found.unknown_s) == (450, 450, 2700)


def test_incidents_are_counted_with_how_soon_people_came_and_it_was_over() -> None:
    incidents = [
        an_incident(-30, 10, 1),  # closed within the span
        an_incident(60, 80, 2),
        an_incident(300, None, 3),
        an_incident(-90, -60, 4),
        an_incident(400, 410, 5),
    ]
    seen = {incidents[1].id: at(64), incidents[2].id: at(308), incidents[3].id: at(-61)}
    found = availability(SPAN, [], incidents, acknowledged=seen)
    assert (found.incidents, found.open, found.resolved, found.acknowledged) == (3, 1, 2, 2)
    assert found.mtta_s == 6 * 60
    assert found.mttr_s == 30 * 60


def test_an_incident_of_planned_work_does_not_count_and_one_that_outlives_it_does() -> None:
    planned = [Span(at(50), at(100))]
    within = availability(SPAN, [], [an_incident(55, 95)], maintenance=planned)
    beyond = availability(SPAN, [], [an_incident(55, 101)], maintenance=planned)
    assert (within.incidents, within.mttr_s) == (0, None)
    assert (beyond.incidents, beyond.mttr_s) == (1, 46 * 60)


def test_the_error_budget_is_of_the_whole_span() -> None:
    day = Span.until(START + DAY, DAY)
    found = availability(day, [*up(0, 100), *down(100, 101)], objective=99.9)
    assert found.budget is not None
    assert found.budget.allowed_s == pytest.approx(86.4)
    assert found.budget.left_s == pytest.approx(26.4)
    assert found.budget.left == pytest.approx(26.4 / 86.4)
    spent = availability(day, down(0, 10), objective=99.9).budget
    assert spent is not None
    assert spent.left_s < 0
    assert availability(day, []).budget is None


# ---------------------------------------------------------------- whatever the history


moments = st.integers(-120, 480).map(at)
spans = st.builds(Span, moments, moments)


@st.composite
def minutes(draw: st.DrawFn) -> list[Sample]:
    """A history of minutes, with gaps, in any order."""
    numbers = draw(st.lists(st.integers(-30, 400), unique=True, max_size=80))
    samples = []
    for number in numbers:
        known = draw(st.integers(0, 60))
        bad = draw(st.integers(0, known))
        worse = draw(st.integers(0, bad))
        samples.append(minute(number, up=known - bad, degraded=bad - worse, down=worse))
    return samples


@st.composite
def incident_lists(draw: st.DrawFn) -> list[Incident]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        opened = draw(st.integers(-100, 400))
        lasts = draw(st.none() | st.integers(0, 300))
        found.append(an_incident(opened, None if lasts is None else opened + lasts, number))
    return found


def adds_up(found: Availability) -> bool:
    parts = (found.known_s, found.maintenance_s, found.unknown_s)
    return (
        sum(parts) == pytest.approx(found.span.seconds)
        and min(found.up_s, found.degraded_s, found.down_s, found.maintenance_s, found.unknown_s)
        >= 0
    )


@given(spans, minutes(), incident_lists(), st.lists(spans, max_size=5))
def test_the_times_add_up_to_the_span_and_the_incidents_to_their_number(
    span: Span, samples: list[Sample], incidents: list[Incident], planned: list[Span]
) -> None:
    seen = {one.id: one.opened_at + timedelta(minutes=3) for one in incidents[::2]}
    found = availability(
        span, samples, incidents, acknowledged=seen, maintenance=planned, objective=99.5
    )
    assert adds_up(found)
    assert found.uptime is None or 0 <= found.uptime <= 1
    assert found.open + found.resolved == found.incidents <= len(incidents)
    assert found.acknowledged <= found.incidents
    assert (found.mtta_s is None) == (found.acknowledged == 0)
    assert (found.mttr_s is None) == (found.resolved == 0)
    assert found.budget is not None
    assert found.budget.allowed_s - found.budget.left_s == pytest.approx(found.down_s)


@given(spans, minutes(), st.lists(spans, max_size=5))
def test_planned_work_never_adds_trouble(
    span: Span, samples: list[Sample], planned: list[Span]
) -> None:
    without, excused = availability(span, samples), availability(span, samples, maintenance=planned)
    assert excused.down_s <= without.down_s + 1e-6
    assert excused.degraded_s <= without.degraded_s + 1e-6


@given(minutes())
def test_a_day_is_what_its_hours_are(samples: list[Sample]) -> None:
    edges = [at(60 * n) for n in range(-1, 8)]
    parts = [availability(Span(*pair), samples) for pair in pairwise(edges)]
    whole = availability(Span(edges[0], edges[-1]), samples)
    assert whole.down_s == pytest.approx(sum(part.down_s for part in parts))
    assert whole.known_s == pytest.approx(sum(part.known_s for part in parts))


@given(minutes(), st.integers(-30, 400), st.integers(-30, 400))
def test_rolling_up_changes_no_times(samples: list[Sample], fives_to: int, hours_to: int) -> None:
    fives = [s for s in roll_up(samples, FIVE_MINUTES_S) if s.at < at(fives_to)]
    hours = [s for s in roll_up(fives, HOUR_S) if s.at + timedelta(hours=1) <= at(hours_to)]
    whole = Span(at(-120), at(480))
    rolled = availability(whole, [*samples, *fives, *hours])
    plain = availability(whole, samples)
    if hours_to <= fives_to:  # hours are made of fives that are all there
        assert rolled.down_s == pytest.approx(plain.down_s)
        assert rolled.known_s == pytest.approx(plain.known_s)
    assert apart(apart([*samples, *fives])) == apart([*samples, *fives])


@given(st.lists(spans, max_size=12))
def test_joined_spans_are_the_same_time_apart(given_spans: list[Span]) -> None:
    found = joined(given_spans)
    assert all(one.end < other.start for one, other in pairwise(found))
    assert joined(found) == found
    for span in given_spans:
        assert span.seconds == pytest.approx(sum(span.common(one).seconds for one in found))


@given(minutes())
def test_a_sample_that_is_too_long_does_not_make_the_span_longer(samples: list[Sample]) -> None:
    longer = [replace(s, up_s=s.up_s + 90) for s in samples]
    assert adds_up(availability(SPAN, longer))


def test_a_day_as_reckoned_by_hand() -> None:
    """25 hours, as the day has them on which Berlin sets its clocks back, from 22:00 UTC on.

    22:00 + 6 h    up
    04:00 + 30 min planned work: down for 20 of them
    04:30 + 2 h    up
    06:30 + 12 min down, incident 1: seen to after 3 min; the bot is restarted in its middle
    06:42 + 3 h    up
    09:42 + 18 min nobody knows: the bot is away, after which it is down still, incident 2
    10:00 + 6 min  down, not seen to
    10:06 + 4 h    degraded, incident 3, seen to after 9 min, lasts at the end of what is known
    14:06          the bot stops
    """
    begin = datetime(2026, 10, 24, 22, tzinfo=UTC)
    span = Span(begin, begin + timedelta(hours=25))

    def time(text: str) -> datetime:
        hours, minutes = map(int, text.split(":"))
        return begin + (timedelta(hours=hours, minutes=minutes) - timedelta(hours=22)) % DAY

    def spent(start: str, minutes: int, **each: float) -> list[Sample]:
        return [
            Sample("prod", time(start) + timedelta(minutes=n), MINUTE_S, **each)
            for n in range(minutes)
        ]

    def one(number: int, state: State, opened: str, closed: str | None) -> Incident:
        end = time(closed) if closed else None
        name = incident_id("prod", number)
        return Incident(name, "prod", number, time(opened), state, None, closed_at=end)

    samples = [
        *spent("22:00", 360, up_s=60),
        *spent("4:00", 20, down_s=60),
        *spent("4:20", 10, up_s=60),
        *spent("4:30", 120, up_s=60),
        *spent("6:30", 5, down_s=60),
        *spent("6:35", 1, down_s=35),  # a restart of the bot: 25 s of this minute nobody knows
        *spent("6:36", 6, down_s=60),
        *spent("6:42", 180, up_s=60),
        *spent("10:00", 6, down_s=60),
        *spent("10:06", 240, degraded_s=60),
    ]
    incidents = [
        one(1, State.DOWN, "4:00", "4:20"),
        one(2, State.DOWN, "6:30", "6:42"),
        one(3, State.DOWN, "10:00", "10:06"),
        one(4, State.DEGRADED, "10:06", None),
    ]
    found = availability(
        span,
        samples,
        incidents,
        acknowledged={
            incidents[1].id: time("6:33"),
            incidents[3].id: time("10:15"),
        },
        maintenance=[Span(time("4:00"), time("4:30"))],
        objective=99.0,
    )
    assert (found.up_s, found.degraded_s, found.down_s) == (660 * 60, 240 * 60, 18 * 60 - 25)
    assert found.maintenance_s == 30 * 60
    assert found.unknown_s == (25 * 60 - 30 - 660 - 240 - 18) * 60 + 25
    assert found.uptime == pytest.approx(900 * 60 / (918 * 60 - 25))
    assert (found.incidents, found.open, found.resolved) == (3, 1, 2)
    assert found.mtta_s == (3 + 9) / 2 * 60
    assert found.mttr_s == (12 + 6) / 2 * 60
    assert found.budget is not None
    assert found.budget.allowed_s == pytest.approx(15 * 60)
    assert found.budget.left_s == pytest.approx(15 * 60 - (18 * 60 - 25))


def test_an_incident_that_ended_with_the_watching_was_not_repaired() -> None:
    left = replace(an_incident(10, 40), state=State.UNKNOWN)
    found = availability(SPAN, up(0, 360), [left, an_incident(60, 70, 2)])
    assert (found.incidents, found.open, found.resolved, found.mttr_s) == (2, 0, 1, 600)
