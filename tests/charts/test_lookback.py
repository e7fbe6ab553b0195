"""How far back to look, as people type it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.lookback import LONGEST, OFFERED, SHORTEST, Lookback, read


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("24h", timedelta(hours=24)),
        ("24H", timedelta(hours=24)),
        ("15m", timedelta(minutes=15)),
        ("90 min", timedelta(minutes=90)),
        ("7 days", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("30d", timedelta(days=30)),
        ("6ч", timedelta(hours=6)),
        ("7 дней", timedelta(days=7)),
        ("15 мин", timedelta(minutes=15)),
    ],
)
def test_lengths_are_read_as_people_write_them(typed: str, meant: timedelta) -> None:
    back, nearest = read(typed)
    assert back is not None
    assert back.length == meant
    assert nearest == back


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("24", "24h"),  # of what?
        ("24x", "24h"),
        ("7dys", "7d"),
        ("1m", "5m"),
        ("0h", "5m"),
        ("90d", "30d"),
        ("9w", "30d"),
        ("soon", "24h"),
        ("", "24h"),
        ("-5h", "24h"),
        ("²h", "24h"),
    ],
)
def test_what_cannot_be_shown_gets_the_nearest_that_can(typed: str, offered: str) -> None:
    back, nearest = read(typed)
    assert back is None
    assert str(nearest) == offered


@given(st.text(max_size=20))
def test_nothing_that_is_typed_breaks_it_and_what_is_offered_can_be_shown(typed: str) -> None:
    back, nearest = read(typed)
    assert SHORTEST <= nearest.length <= LONGEST
    assert back is None or back == nearest


@given(st.integers(5, 43_200))
def test_what_is_written_out_is_read_again(minutes: int) -> None:
    asked = Lookback(minutes, "m")
    assert read(str(asked)) == (asked, asked)


def test_what_is_offered_can_be_shown() -> None:
    assert all(read(str(one))[0] == one for one in OFFERED)
