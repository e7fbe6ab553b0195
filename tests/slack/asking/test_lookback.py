"""How far back to look, as people type it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.asking.lookback import LONGEST, SHORTEST, YEAR, read


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
    assert back == meant
    assert nearest == typed


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
        ("400000d", "30d"),
        ("soon", "24h"),
        ("", "24h"),
        ("-5h", "24h"),
        ("²h", "24h"),
    ],
)
def test_what_cannot_be_shown_gets_the_nearest_that_can(typed: str, offered: str) -> None:
    back, nearest = read(typed)
    assert back is None
    assert nearest == offered


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{1,7} ?[mhdwxч]{0,2}", fullmatch=True))
def test_nothing_that_is_typed_breaks_it_and_what_is_offered_can_be_shown(typed: str) -> None:
    back, offered = read(typed)
    if back is None:
        again, same = read(offered)
        assert again is not None
        assert same == offered
    else:
        assert SHORTEST <= back <= LONGEST


@given(st.integers(5, 43_200))
def test_minutes_are_read_as_they_are(minutes: int) -> None:
    assert read(f"{minutes}m") == (timedelta(minutes=minutes), f"{minutes}m")


def test_a_history_looks_back_for_a_year() -> None:
    assert read("90d", YEAR) == (timedelta(days=90), "90d")
    assert read("365d", YEAR) == (YEAR, "365d")
    assert read("400d", YEAR) == (None, "365d")
