"""What a chart shows, and how it is told in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts import alt_text, compose, empty, summary
from bot.charts.clock import Clock, Zone
from bot.charts.words import LONGEST_ALT
from bot.evidence import Ending
from bot.locales import LANGUAGES, percent, translate
from bot.model import State
from bot.patterns import roll_up
from bot.spans import Span
from tests.charts.past import DAY, END, incident, lost, samples

BERLIN = Clock.of(Zone("Europe/Berlin", 3_600), "en")
OUTAGE = incident(1, 10, 12)
SLOW = incident(2, 4, 40, State.DEGRADED, "ws_no_upgrade_header")


def test_a_day_with_an_outage_comes_to_its_figures() -> None:
    picture = compose("prod", DAY, samples(DAY, [OUTAGE, SLOW]), lost(10, 7), [OUTAGE, SLOW])
    assert picture.figures.uptime == pytest.approx(1 - 12 / 1_440)
    assert [mark.cause for mark in picture.marks] == ["tcp_refused", "ws_no_upgrade_header"]
    assert len(picture.reconnects) == 2
    assert not picture.blank
    assert picture.step_s == 600


def test_only_what_was_in_the_span_is_in_the_picture() -> None:
    before, across = incident(1, 30, 12), incident(2, 25, 90)
    picture = compose("prod", DAY, samples(DAY), lost(30, 3), [across, before])
    assert [mark.opened_at for mark in picture.marks] == [across.opened_at]
    assert len(picture.reconnects) == 1


def test_a_connection_that_we_let_go_of_is_no_reconnect() -> None:
    ours = [*lost(3, ending=Ending.OURS), *lost(2, ending=Ending.OPEN)]
    assert compose("prod", DAY, samples(DAY), ours, []).reconnects == ()


def test_minutes_and_what_they_were_rolled_up_to_count_once() -> None:
    week = Span.until(END, timedelta(days=7))
    old = roll_up(samples(Span(week.start, END - timedelta(hours=24))), 300)
    both = [*old, *roll_up(samples(DAY), 300), *samples(DAY)]
    picture = compose("prod", week, both, [], [])
    assert picture.figures.unknown_s == pytest.approx(0)
    assert picture.step_s == 3_600


def test_the_words_say_everything_with_its_figures() -> None:
    dark = Span(END - timedelta(hours=6), END - timedelta(hours=5))
    taken = samples(DAY, [OUTAGE, SLOW], unwatched=[dark])
    text = alt_text(compose("prod", DAY, taken, lost(10), [OUTAGE, SLOW]), BERLIN)
    assert text.startswith("prod, the last 24 h: round trips took ")
    assert "at the 95th percentile" in text
    assert "It was reachable for 99.13% of the watched time, with 2 incidents." in text
    assert "Down for 12 min from 26 Nov, 12:30 (Nothing listens on the backend's port)" in text
    assert "The connection was lost 1 time." in text
    assert "Nothing was watched for 1 h of it." in text
    assert text.endswith("Times are in Europe/Berlin.")


def test_what_was_never_measured_is_told_as_such() -> None:
    down = incident(1, 1, None, cause=None)
    hour = Span.until(END, timedelta(hours=1))
    picture = compose("prod", hour, samples(hour, [down]), [], [down])
    assert summary(picture, BERLIN) == (
        "prod, the last 1 h: no round trip was measured. "
        "It was reachable for 0% of the watched time, with 1 incident."
    )
    assert "no cause named" in alt_text(picture, BERLIN)


def test_nothing_to_see_is_said_in_words() -> None:
    picture = compose("prod", DAY, [], [], [])
    assert picture.blank
    assert "nobody watched prod" in translate(empty(picture), "en")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_words_fit_slacks_limit_however_much_happened(lang: str) -> None:
    many = [incident(n, 23 - n, 30, cause="ws_no_upgrade_header") for n in range(22)]
    picture = compose("p" * 64, DAY, samples(DAY, many), lost(*range(23)), many)
    text = alt_text(picture, Clock.of(Zone(), lang))
    assert len(text) <= LONGEST_ALT
    assert text.endswith("UTC.")


@pytest.mark.parametrize(
    ("zone", "name", "read"),
    [
        (Zone("Europe/Berlin", 7_200), "Europe/Berlin", "22:30"),
        (Zone("No/Such", 10_800), "UTC+03:00", "00:30"),
        (Zone(None, 0), "UTC", "21:30"),
        (Zone(), "UTC", "21:30"),
        (Zone("../../etc/passwd"), "UTC", "21:30"),
        (Zone("", 999_999_999), "UTC", "21:30"),
    ],
)
def test_times_are_the_viewers_and_utc_where_theirs_is_not_known(
    zone: Zone, name: str, read: str
) -> None:
    clock = Clock.of(zone, "en")
    assert (clock.name, clock.time(END)) == (name, read)


@given(st.floats(0, 1))
def test_only_a_whole_is_a_hundred_per_cent(share: float) -> None:
    assert (percent(share, "en") == "100%") == (share == 1)
    assert (percent(share, "en") == "0%") == (share == 0)


def test_per_cents_are_written_as_the_language_does() -> None:
    assert percent(0.99714, "en") == "99.71%"
    assert percent(0.99714, "ru") == "99,71\u00a0%"
    assert percent(0.999999, "en") == "99.99%"
    assert percent(0.5, "en") == "50%"


def test_a_bot_that_is_new_shows_what_it_has_seen_and_says_so() -> None:
    begun = Span.until(END, timedelta(minutes=4))
    picture = compose("prod", DAY, samples(begun), [], [])
    assert (picture.start, picture.end, picture.later) == (begun.start, END, True)
    text = alt_text(picture, BERLIN)
    assert text.startswith("prod, the last 4 min: ")
    assert "Nothing is known of the time before." in text


def test_a_gap_that_is_short_or_not_at_the_beginning_stays() -> None:
    morning = Span(DAY.start + timedelta(hours=6), END)
    assert not compose("prod", DAY, samples(morning), [], []).later
    evening = Span(DAY.start, END - timedelta(hours=12))
    assert not compose("prod", DAY, samples(evening), [], []).later


def test_what_planned_work_broke_is_shown_and_left_out_of_how_reachable_it_was() -> None:
    taken = samples(DAY, [OUTAGE])
    work = Span(OUTAGE.opened_at, OUTAGE.opened_at + timedelta(minutes=12))
    without = compose("prod", DAY, taken, [], [OUTAGE])
    planned = compose("prod", DAY, taken, [], [OUTAGE], maintenance=[work])
    assert without.figures.uptime is not None
    assert without.figures.uptime < 1.0
    assert planned.figures.uptime == 1.0
    assert planned.bands == without.bands
    assert planned.marks == without.marks
