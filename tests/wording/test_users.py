"""What users feel, in the words that every surface shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.locales import translate
from bot.model import Report, State
from bot.wording import impact
from tests.slack.reports import report


def felt(given: Report, lang: str = "en") -> str:
    return translate(impact(given), lang)


def with_round_trip(ms: float | None) -> Report:
    well = report(State.UP)
    findings = tuple(
        replace(f, evidence=replace(f.evidence, median_ms=ms)) if f.probe == "rtt" else f
        for f in well.findings
    )
    return replace(well, findings=findings)


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (None, "Clients connect."),
        (0.4, "Clients connect; a message takes under 1 ms there and back."),
        (1.14, "Clients connect; a message takes 1.1 ms there and back."),
        (48.6, "Clients connect; a message takes 49 ms there and back."),
    ],
)
def test_where_all_is_well_the_round_trip_is_told_as_people_compare_it(
    ms: float | None, words: str
) -> None:
    assert felt(with_round_trip(ms)) == words


def test_nothing_is_claimed_where_the_check_came_to_no_verdict() -> None:
    unknown = report(State.UNKNOWN)
    nameless = replace(unknown, verdict=replace(unknown.verdict, cause=None))
    assert felt(nameless) == "Nothing is known of your users: the check came to no verdict."


def test_trouble_without_a_name_is_not_called_well() -> None:
    degraded = report(State.DEGRADED)
    nameless = replace(degraded, verdict=replace(degraded.verdict, cause=None))
    assert felt(nameless) == "Clients connect, but not everything works as it should."
    assert felt(nameless, "ru") != felt(nameless)
