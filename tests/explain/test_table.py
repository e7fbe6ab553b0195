"""The table itself: every row can match, says where it is from, and names causes that there are."""

from __future__ import annotations

from bot.causes import CATALOGUE
from bot.explain import text
from bot.explain.reading import Reading
from bot.explain.table import PATTERNS
from tests.explain.test_wordings import said

READINGS: dict[str, list[Reading]] = {}
for _pattern in PATTERNS:
    for _reading in (_pattern.reading, *_pattern.readings.values()):
        if _reading is not None and _reading not in READINGS.setdefault(_reading.key, []):
            READINGS[_reading.key].append(_reading)


def test_every_row_can_match() -> None:
    """Lines are compared in lower case with plain quotes; a needle written otherwise never fits."""
    for pattern in PATTERNS:
        for words in (*pattern.needles, *pattern.having, *pattern.without):
            assert words == text.plain(words)
            assert words.strip()
        assert pattern.reading is not None or pattern.readings
        assert bool(pattern.readings) is (pattern.shape is not None and pattern.shape.groups == 1)


def test_every_row_says_who_prints_it_and_where_that_stands() -> None:
    for pattern in PATTERNS:
        assert pattern.who, pattern.needles
        assert len(pattern.source) > 8, pattern.needles


def test_a_key_means_one_thing() -> None:
    for key, readings in READINGS.items():
        assert len({str(reading.means) for reading in readings}) == 1, key


def test_every_reading_names_causes_of_the_catalogue() -> None:
    assert {code for readings in READINGS.values() for code in readings[0].causes} <= set(CATALOGUE)


def test_nearly_every_reading_is_tried_with_a_real_sentence() -> None:
    tried = {key for key, _, _ in said()}
    assert len(tried & set(READINGS)) > len(READINGS) / 2
