"""Mutes follow from what was recorded, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Act, ActKind
from bot.quiet import in_force

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
INCIDENTS = ("i1", "i2", "i3")


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


@st.composite
def an_act(draw: st.DrawFn) -> Act:
    kind = draw(st.sampled_from(ActKind))
    incident = draw(st.sampled_from((None, *INCIDENTS)))
    until = at(draw(st.integers(-10, 100)))
    if kind is not ActKind.MUTED or (incident and draw(st.booleans())):
        until = None  # type: ignore[assignment]
    target = draw(st.sampled_from(("a", "b")))
    return Act(kind, target, "U1", at(draw(st.integers(0, 50))), incident, until)


ACTS = st.lists(an_act(), max_size=20)
CLOSED = st.frozensets(st.sampled_from(INCIDENTS))
NOW = st.integers(0, 120).map(at)


@given(ACTS, CLOSED, NOW)
def test_a_target_is_muted_exactly_by_its_last_word(
    acts: list[Act], closed: frozenset[str], now: datetime
) -> None:
    muted = in_force(acts, closed, now)
    for target in ("a", "b"):
        words = [
            a for a in acts if a.target == target and a.kind in (ActKind.MUTED, ActKind.UNMUTED)
        ]
        last = words[-1] if words else None
        expected = (
            last is not None
            and last.kind is ActKind.MUTED
            and (last.until > now if last.until else last.incident_id not in closed)
        )
        assert (target in muted) == expected


@given(ACTS, CLOSED, CLOSED, NOW, st.integers(0, 60))
def test_what_has_ended_stays_ended(
    acts: list[Act], closed: frozenset[str], more: frozenset[str], now: datetime, minutes: int
) -> None:
    later = in_force(acts, closed | more, now + timedelta(minutes=minutes))
    assert later.keys() <= in_force(acts, closed, now).keys()


def test_a_mute_needs_an_end() -> None:
    with pytest.raises(ValueError, match="ends"):
        Act(ActKind.MUTED, "a", "U1", START)
