"""What a week comes to, and what is advised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.charts.clock import Clock, Zone
from bot.digest import TargetWeek, Week, advise, week
from bot.digest.advice import spared
from bot.incidents import Incident
from bot.locales import LANGUAGES, translate
from bot.model import State, Target, WatchSettings
from bot.slack.blocks.digest import digest
from bot.spans import Span
from bot.uptime import availability
from tests.charts.past import END, incident, samples
from tests.slack.rules import assert_postable, shown

SPAN = Span.until(END, timedelta(days=7))


def of(
    name: str,
    incidents: Sequence[Incident] = (),
    *,
    confirm_s: float = 3.0,
    objective: float | None = None,
    unwatched: Sequence[Span] = (),
) -> TargetWeek:
    target = Target(name, "https://x.example", watch=WatchSettings(confirm_s=confirm_s))
    taken = samples(SPAN, incidents, span_s=3_600, unwatched=unwatched)
    reckoned = availability(SPAN, taken, incidents, objective=objective)
    return TargetWeek(target, reckoned, incidents, min(sample.at for sample in taken))


def short(n: int, seconds: float = 18.0) -> list[Incident]:
    return [incident(i, 100 - i, seconds / 60) for i in range(n)]


def advised(one: TargetWeek) -> list[str]:
    return [translate(a.words, "en") for a in advise([one])]


def test_the_noisiest_and_the_most_frequent_are_named() -> None:
    found = week(SPAN, [of("prod", short(3)), of("staging", [incident(9, 50, 30)]), of("eu")])
    assert found.incidents == 4
    assert found.noisiest is not None
    assert found.noisiest.target.name == "prod"
    assert found.worst is not None
    assert found.worst.target.name == "staging"
    assert found.frequent == ("tcp_refused", 4)


def test_nothing_is_noisy_that_came_once_or_stands_alone() -> None:
    one = week(SPAN, [of("prod", [incident(1, 5, 3)]), of("staging")])
    assert (one.noisiest, one.frequent) == (None, None)
    assert week(SPAN, [of("prod", short(9))]).noisiest is None


def test_incidents_that_heal_quickly_advise_a_longer_confirmation() -> None:
    incidents = [*short(8), incident(9, 3, 12)]
    assert advised(of("prod", incidents)) == [
        "8 of 9 incidents of prod healed within 20 s: `confirm_s = 20` would have spared you them."
    ]
    assert advised(of("prod", incidents, confirm_s=20)) == []


def test_few_or_long_incidents_advise_nothing() -> None:
    assert advised(of("prod", short(3))) == []
    assert advised(of("prod", short(9, seconds=600))) == []


@given(st.lists(st.floats(0, 4_000), max_size=40), st.floats(0, 300))
def test_advice_is_a_value_that_would_have_spared_most(lasted: list[float], now: float) -> None:
    found = spared(lasted, now)
    if found is not None:
        confirm_s, healed = found
        assert confirm_s > now
        told = [s for s in lasted if s > now]  # the others would not be told as it is
        assert healed == sum(1 for s in told if s <= confirm_s)
        assert healed >= 0.6 * len(told)


def test_long_incidents_that_nobody_took_on_are_pointed_at() -> None:
    (told,) = advised(of("prod", [incident(1, 50, 40), incident(2, 20, 90)]))
    assert told.startswith("2 incidents of prod lasted longer than 15 minutes")


def test_an_objective_that_was_missed_is_told() -> None:
    (told,) = advised(of("prod", [incident(1, 50, 14)], objective=99.9))
    assert "objective of 99.9 per cent" in told


def test_a_bot_that_was_away_is_told_of_itself() -> None:
    dark = [Span(END - timedelta(hours=30), END - timedelta(hours=20))]
    (told,) = advised(of("prod", unwatched=dark))
    assert told.startswith("Nothing was watched for 10 hours")
    assert advised(of("prod", unwatched=[Span(SPAN.start, END - timedelta(days=2))])) == []


_WEEKS = st.lists(
    st.tuples(
        st.text("abc <&>е", min_size=1, max_size=64),
        st.lists(st.tuples(st.floats(0.1, 160), st.floats(0.01, 900)), max_size=6),
        st.booleans(),
    ),
    max_size=30,
)


@given(_WEEKS, st.sampled_from(LANGUAGES))
def test_slack_takes_every_week(
    raw: list[tuple[str, list[tuple[float, float]], bool]], lang: str
) -> None:
    weeks = []
    for name, incidents, watched in raw:
        made = [incident(n, hours, minutes) for n, (hours, minutes) in enumerate(incidents)]
        target = Target(name, "https://x.example")
        taken = samples(SPAN, made, span_s=21_600) if watched else []
        weeks.append(TargetWeek(target, availability(SPAN, taken, made, objective=99.9), made))
    found: Week = week(SPAN, weeks)
    assert_postable(digest(found, advise(weeks), Clock.of(Zone(), lang)))


def test_a_digest_says_it_in_a_sentence_and_then_in_lines() -> None:
    weeks = [of("prod", short(5)), of("staging", [incident(9, 50, 30, State.DEGRADED)])]
    post = digest(week(SPAN, weeks), advise(weeks), Clock.of(Zone("Europe/Berlin"), "en"))
    assert post.text.startswith("Last week there were 6 incidents; least reachable was prod: 99.9")
    text = shown(post)
    assert "19 Nov – 26 Nov" in text
    assert "The noisiest target was prod, with 5 incidents." in text
    assert "The most frequent cause: Nothing listens on the backend's port (6 times)." in text
    assert "💡 5 of 5 incidents of prod healed within 20 s" in text
    one = digest(week(SPAN, [of("prod")]), [], Clock.of(Zone(), "en"))
    assert one.text == "Last week prod was reachable for 100% of the time, with 0 incidents."
