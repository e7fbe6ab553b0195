"""Sentences, numbers, durations and moments in a language."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.locales import LANGUAGES, duration, moment, number, translate
from bot.model import Message, say, say_n

ANY_VALUE = st.one_of(st.text(), st.integers(), st.floats(allow_nan=True, allow_infinity=True))


def test_places_are_filled_and_the_rest_is_left_as_it_is() -> None:
    message = say('HTTP {status} from {host}, {missing} and {{}} {"code":3}', status=502, host="a")
    assert translate(message, "en") == 'HTTP 502 from a, {missing} and {{}} {"code":3}'


def test_braces_in_a_value_are_no_places() -> None:
    assert translate(say("{a} {b}", a="{b}", b="x"), "en") == "{b} x"


def test_an_unknown_language_gives_english() -> None:
    message = say("{n} s", n=3)
    assert translate(message, "xx") == translate(message, "") == "3 s"


def test_a_message_that_nobody_translated_stays_english() -> None:
    assert translate(Message("No such sentence, {name}.", {"name": "x"}), "ru") == (
        "No such sentence, x."
    )


def test_an_empty_message_is_not_the_header_of_the_catalogue() -> None:
    assert translate(Message(""), "ru") == ""


def test_a_language_tag_with_a_region_counts() -> None:
    assert translate(say("{n} s", n=3), "ru-RU") == translate(say("{n} s", n=3), "ru") == "3 с"


@pytest.mark.parametrize(
    ("n", "expected"), [(0, "0 causes"), (1, "1 cause"), (2, "2 causes"), (1.5, "1.5 causes")]
)
def test_english_counts_one_and_many(n: float, expected: str) -> None:
    message = Message("{n} cause", {"n": n}, "{n} causes")
    assert translate(message, "en") == expected


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "0 причин"),
        (1, "1 причина"),
        (2, "2 причины"),
        (1.5, "1,5 причины"),
        (5, "5 причин"),
        (11, "11 причин"),
        (21, "21 причина"),
        (-3, "-3 причины"),
    ],
)
def test_russian_counts_in_three_forms(n: float, expected: str) -> None:
    message = Message("{n} cause", {"n": n}, "{n} causes")
    assert translate(message, "ru") == expected


@pytest.mark.parametrize("n", ["many", float("nan"), float("inf"), None])
def test_a_count_that_is_no_number_does_not_raise(n: object) -> None:
    message = Message("{n} cause", {"n": n}, "{n} causes")  # type: ignore[dict-item]
    assert translate(message, "ru").endswith("причины")


@settings(deadline=None)
@given(text=st.text(), plural=st.none() | st.text(), values=st.dictionaries(st.text(), ANY_VALUE))
def test_nothing_raises(
    text: str, plural: str | None, values: dict[str, str | int | float]
) -> None:
    for lang in (*LANGUAGES, "xx"):
        translate(Message(text, values, plural), lang)


def test_say_n_fills_in_the_number_itself() -> None:
    assert translate(say_n("{n} cause", "{n} causes", n=7), "en") == "7 causes"


@pytest.mark.parametrize(
    ("value", "english", "russian"),
    [
        (8443, "8443", "8443"),
        (12.345, "12.3", "12,3"),
        (0.014, "0.01", "0,01"),
        (1.0, "1", "1"),
        (99.97, "100", "100"),
        (1234.56, "1235", "1235"),
        (-0.001, "0", "0"),
        (math.inf, "inf", "inf"),
    ],
)
def test_numbers_are_rounded_for_reading(value: float, english: str, russian: str) -> None:
    assert (number(value, "en"), number(value, "ru")) == (english, russian)


@settings(deadline=None)
@given(st.floats(min_value=-1e12, max_value=1e12))
def test_a_number_stays_close_to_its_value(value: float) -> None:
    assert float(number(value, "ru").replace(",", ".")) == pytest.approx(value, rel=0.01, abs=0.01)


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (0, "0 s", "0 с"),
        (-5, "0 s", "0 с"),
        (math.nan, "0 s", "0 с"),
        (math.inf, "0 s", "0 с"),
        (0.0001, "1 ms", "1 мс"),
        (0.35, "350 ms", "350 мс"),
        (0.9999, "1 s", "1 с"),
        (2.34, "2.3 s", "2,3 с"),
        (9.97, "10 s", "10 с"),
        (59.7, "1 min", "1 мин"),
        (125, "2 min 5 s", "2 мин 5 с"),
        (3600, "1 h", "1 ч"),
        (7265, "2 h 1 min", "2 ч 1 мин"),
        (86_400, "1 d", "1 дн"),
        (97_200, "1 d 3 h", "1 дн 3 ч"),
    ],
)
def test_durations_have_two_units(seconds: float, english: str, russian: str) -> None:
    assert (duration(seconds, "en"), duration(seconds, "ru")) == (english, russian)


@settings(deadline=None)
@given(st.floats())
def test_every_duration_begins_with_a_number(seconds: float) -> None:
    assert re.match(r"\d", duration(seconds, "ru"))


def test_a_moment_is_told_in_utc() -> None:
    at = datetime(2026, 11, 23, 23, 39, 5, tzinfo=timezone(timedelta(hours=3)))
    assert moment(at, "en") == "23 Nov 2026, 20:39:05 UTC"
    assert moment(at, "ru") == "23 нояб. 2026, 20:39:05 UTC"
    assert moment(at.astimezone(UTC), "xx") == moment(at, "en")
    assert moment(datetime(2026, 1, 2, 3, 4, 5), "en") == "2 Jan 2026, 03:04:05 UTC"  # noqa: DTZ001
