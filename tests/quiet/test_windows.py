"""Maintenance windows, over the changes of the clock too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.quiet.windows import Recurring, Window, ended, latest, maintenance, times
from bot.spans import Span

BERLIN = ZoneInfo("Europe/Berlin")

crons = st.sampled_from(
    (
        "0 3 * * *",
        "30 2 * * *",
        "*/20 * * * *",
        "0 */6 * * *",
        "15 1 * * 7",
        "0 0 1 * *",
        "5 2 L * *",
    )
)
zones = st.sampled_from(
    ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
)
windows = st.builds(
    Window,
    st.builds(Recurring, crons, st.integers(1, 600).map(lambda n: timedelta(minutes=n)), zones),
    st.frozensets(st.sampled_from(("a", "b")), max_size=1),
)
moments = st.integers(0, 400 * 24 * 60).map(
    lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n, seconds=n % 60)
) | st.sampled_from(
    [datetime(2026, 3, 29, 0, 30, tzinfo=UTC) + timedelta(minutes=n) for n in range(0, 120, 5)]
    + [datetime(2026, 10, 25, 0, 0, tzinfo=UTC) + timedelta(minutes=n) for n in range(0, 180, 5)]
)


def local(*args: int, fold: int = 0) -> datetime:
    return datetime(*args, tzinfo=BERLIN, fold=fold)  # type: ignore[misc,arg-type]


@settings(deadline=None)
@example(
    Window(Recurring("30 2 * * *", timedelta(minutes=1), "Europe/Berlin")),
    datetime(2026, 10, 25, 1, 0, tzinfo=UTC),
)
@given(windows, moments)
def test_the_latest_is_the_last_of_crons_own_series_that_has_begun(
    window: Window, now: datetime
) -> None:
    when = window.when
    assert isinstance(when, Recurring)
    span = latest(window, now)
    assert span is not None
    assert span.end - span.start == when.lasts
    start = (span.start - timedelta(minutes=1)).astimezone(ZoneInfo(when.zone))
    series = CronSim(when.cron, start)
    first, following = (next(series).astimezone(UTC) for _ in range(2))
    assert first == span.start <= now < following


@settings(deadline=None)
@given(st.lists(windows, max_size=4), moments)
def test_a_target_is_in_maintenance_exactly_while_a_window_of_its_own_lasts(
    some: list[Window], now: datetime
) -> None:
    found = maintenance(some, ("a", "b"), now)
    for target in ("a", "b"):
        spans = [latest(w, now) for w in some if w.covers(target)]
        ends = [s.end for s in spans if s and s.start <= now < s.end]
        assert (found[target][1].end if target in found else None) == max(ends, default=None)
        over = ended(some, target, now)
        assert over is None or over <= now


@pytest.mark.parametrize(
    ("cron", "at", "begins"),
    [
        # The clock goes from 2:00 to 3:00: a window of half past two begins at three.
        ("30 2 * * *", local(2026, 3, 29, 3, 10), local(2026, 3, 29, 3, 0)),
        ("30 2 * * *", local(2026, 3, 30, 2, 40), local(2026, 3, 30, 2, 30)),
        # It goes back from 3:00 to 2:00: half past two comes twice, the window once.
        ("30 2 * * *", local(2026, 10, 25, 2, 40), local(2026, 10, 25, 2, 30)),
        ("30 2 * * *", local(2026, 10, 25, 2, 40, fold=1), local(2026, 10, 25, 2, 30)),
    ],
)
def test_a_window_begins_once_on_the_nights_when_the_clock_changes(
    cron: str, at: datetime, begins: datetime
) -> None:
    window = Window(Recurring(cron, timedelta(minutes=60), "Europe/Berlin"))
    span = latest(window, at.astimezone(UTC))
    assert span is not None
    assert span.start == begins.astimezone(UTC)


def test_a_window_lasts_its_minutes_also_over_a_change_of_the_clock() -> None:
    window = Window(Recurring("30 1 * * *", timedelta(hours=2), "Europe/Berlin"))
    assert set(maintenance([window], ["a"], local(2026, 3, 29, 4, 29).astimezone(UTC))) == {"a"}
    assert not maintenance([window], ["a"], local(2026, 3, 29, 4, 30).astimezone(UTC))
    again = local(2026, 10, 25, 2, 29, fold=1).astimezone(UTC)
    assert set(maintenance([window], ["a"], again)) == {"a"}
    assert not maintenance([window], ["a"], again + timedelta(minutes=1))


def test_a_window_of_one_time_is_in_force_from_its_start_until_its_end() -> None:
    start, end = datetime(2026, 12, 1, 20, tzinfo=UTC), datetime(2026, 12, 1, 22, tzinfo=UTC)
    window = Window(Span(start, end), frozenset({"a"}), "new disks")
    second = timedelta(seconds=1)
    assert not maintenance([window], "ab", start - second)
    assert maintenance([window], "ab", start) == {"a": (window, Span(start, end))}
    assert set(maintenance([window], "ab", end - second)) == {"a"}
    assert not maintenance([window], "ab", end)
    assert ended([window], "a", end) == end
    assert ended([window], "b", end) is None


@given(windows, moments, st.integers(1, 6 * 24 * 60))
def test_the_times_of_a_window_are_those_that_it_is_in_force(
    window: Window, end: datetime, minutes: int
) -> None:
    start = end - timedelta(minutes=minutes)
    found = list(times(window, start, end))
    assert all(one.start < end and one.end > start for one in found)
    last = latest(window, end - timedelta(minutes=1))
    if last is not None and last.holds(end - timedelta(minutes=1)):
        assert last in found


def test_a_window_of_one_time_is_found_where_it_reaches_in() -> None:
    once = Span(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    window = Window(once)
    day = timedelta(days=1)
    assert list(times(window, once.start - day, once.start)) == []
    assert list(times(window, once.start, once.end)) == [once]
    assert list(times(window, once.end, once.end + day)) == []


def test_a_time_that_began_in_the_hour_that_comes_twice_is_found_from_within_it() -> None:
    """A history that ends at 2:15 for the second time holds the window of 2:30 before."""
    window = Window(Recurring("30 2 * * *", timedelta(minutes=90), "Europe/Berlin"))
    began = local(2026, 10, 25, 2, 30, fold=0).astimezone(UTC)
    end = local(2026, 10, 25, 2, 15, fold=1).astimezone(UTC)
    assert list(times(window, end - timedelta(hours=1), end)) == [
        Span(began, began + timedelta(minutes=90))
    ]
