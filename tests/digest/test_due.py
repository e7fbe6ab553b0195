"""When a digest is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.digest import Due, latest, upcoming

_DUE = st.builds(
    Due,
    st.integers(0, 6),
    st.integers(0, 23),
    st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Asia/Tokyo"]),
)
_MOMENTS = st.integers(1_600_000_000, 2_200_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))


@given(_DUE, _MOMENTS)
def test_every_moment_lies_between_two_that_are_a_week_apart(due: Due, now: datetime) -> None:
    before, after = latest(due, now), upcoming(due, now)
    assert before <= now < after
    assert timedelta(days=6, hours=22) <= after - before <= timedelta(days=7, hours=2)
    assert latest(due, before) == before
    assert latest(due, after) == after


@given(_DUE, _MOMENTS)
def test_it_is_due_at_the_hour_of_the_place(due: Due, now: datetime) -> None:
    there = latest(due, now).astimezone(ZoneInfo(due.zone))
    assert there.weekday() == due.weekday
    assert there.minute == 0
    assert 0 <= there.hour - due.hour <= 1  # later where the clock jumped over the hour


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 11, 23, 8, 0, tzinfo=UTC), datetime(2026, 11, 23, 8, 0, tzinfo=UTC)),
        (datetime(2026, 11, 23, 7, 59, tzinfo=UTC), datetime(2026, 11, 16, 8, 0, tzinfo=UTC)),
        (datetime(2026, 7, 6, 7, 0, tzinfo=UTC), datetime(2026, 7, 6, 7, 0, tzinfo=UTC)),  # summer
    ],
)
def test_mondays_at_nine_in_berlin(now: datetime, wanted: datetime) -> None:
    assert latest(Due(0, 9, "Europe/Berlin"), now) == wanted
