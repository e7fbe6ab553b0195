"""A target's incidents as a table, and as paragraphs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.charts.clock import Clock, Zone
from bot.incidents import Incident
from bot.locales import LANGUAGES
from bot.model import Act, ActKind, State
from bot.slack.blocks.history import Chronicle, history
from bot.slack.blocks.kit import Post
from bot.spans import Span
from bot.uptime import availability
from tests.charts.past import END, incident, samples
from tests.slack.rules import assert_acceptable, shown

MONTH = Span.until(END, timedelta(days=30))
DAY = Span.until(END, timedelta(hours=24))


def told(
    incidents: list[Incident], acts: dict[str, list[Act]] | None = None, span: Span = DAY, *,
    objective: float | None = None, watched: bool = True, lang: str = "en",
) -> tuple[Post, Post]:  # fmt: skip
    acts = acts or {}
    seen = {i: a[0].at for i, a in acts.items() if a}
    reckoned = availability(
        span, samples(span, incidents, span_s=3_600) if watched else [], incidents,
        acknowledged=seen, objective=objective,
    )  # fmt: skip
    return history(Chronicle("prod", reckoned, incidents, acts), Clock.of(Zone(), lang))


def acknowledged(one: Incident, minutes: float = 3.0) -> Act:
    at = one.opened_at + timedelta(minutes=minutes)
    return Act(ActKind.ACKNOWLEDGED, "prod", "U0MIRA", at, one.id)


def noted(one: Incident, note: str) -> Act:
    return Act(ActKind.NOTED, "prod", "U0MIRA", END, one.id, note=note)


def test_each_incident_says_when_why_how_long_and_who_saw_to_it() -> None:
    first, second = incident(1, 10, 12), incident(2, 1, None, cause=None)
    handed = Act(ActKind.ESCALATED, "prod", "U0MIRA", END, first.id, note="C0DEVELOP")
    acts = [acknowledged(first), handed, noted(first, "the proxy <!channel>")]
    for post in told([first, second], {first.id: acts}):
        text = shown(post)
        assert "26 Nov, 11:30" in text
        assert "12 min" in text
        assert "Nothing listens on the backend's port" in text
        assert "no cause named" in text
        assert "1 h so far" in text
        assert "after 3 min" in text
        assert "U0MIRA" in str(post.blocks)
        assert "the proxy" in text
        assert "C0DEVELOP" not in text  # where it was handed over to is nobody's note
        assert text.index("no cause named") < text.index("Nothing listens")  # the newest first
        assert post.text.startswith("prod was reachable for ")


def test_what_it_comes_to_stands_above() -> None:
    one = incident(1, 10, 12)
    text = shown(told([one], {one.id: [acknowledged(one)]}, objective=99.9)[0])
    assert "acknowledged after 3 min on average" in text
    assert "over after 12 min on average" in text
    assert "error budget for 99.9%: overspent by" in text


def test_a_quiet_month_and_an_unwatched_one_are_told_apart() -> None:
    table, listed = told([])
    assert table == listed
    assert table.text == "prod was reachable for 100% of the watched time, without an incident."
    assert "Nobody watched prod" in told([], watched=False)[0].text


def test_a_span_of_planned_work_is_not_called_unwatched() -> None:
    planned = availability(DAY, samples(DAY, [], span_s=3_600), maintenance=[DAY])
    (post, _) = history(Chronicle("prod", planned, [], {}), Clock.of(Zone(), "en"))
    assert post.text == "There was planned work on prod all that time; 0 incidents are known."
    assert "planned work for" not in shown(post)


def test_what_planned_work_took_is_said_since_it_is_left_out() -> None:
    part = Span.until(END, timedelta(hours=2))
    reckoned = availability(DAY, samples(DAY, [], span_s=3_600), maintenance=[part])
    (post, _) = history(Chronicle("prod", reckoned, [], {}), Clock.of(Zone(), "en"))
    assert "planned work for 2 h, left out" in shown(post).lower().replace("\xa0", " ")


_NOTES = st.text(max_size=400)


@given(st.lists(st.tuples(st.floats(0.1, 700), st.floats(0, 500), _NOTES), max_size=60))
def test_slack_takes_it_however_much_there_is(raw: list[tuple[float, float, str]]) -> None:
    incidents = [
        incident(n, hours, minutes, State.DEGRADED, "ws_no_upgrade_header")
        for n, (hours, minutes, _) in enumerate(raw)
    ]
    acts = {
        one.id: [acknowledged(one), noted(one, note)]
        for one, (_, _, note) in zip(incidents, raw, strict=True)
    }
    table, listed = told(incidents, acts, MONTH)
    assert_acceptable(table.blocks)
    assert_acceptable(listed.blocks)
    assert len(str(table.blocks)) < 60_000


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_languages_have_every_word(lang: str) -> None:
    one = incident(1, 10, 12)
    text = shown(told([one], {one.id: [acknowledged(one)]}, objective=99.0, lang=lang)[0])
    assert ("Когда" in text) == (lang == "ru")
