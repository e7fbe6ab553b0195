"""What people call a place in the guide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guide import Topic, anchor, find
from bot.guide.parse import load
from bot.model import Section


def codes(section: Section) -> list[str]:
    return [entry.code for entry in load("en").causes(anchor(section)) if entry.code]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("1A", Topic(Section.SERVER)),
        ("section 7", Topic(Section.SUPPORT)),
        ("раздел 7", Topic(Section.SUPPORT)),
        ("2-heartbeat", Topic(Section.HEARTBEAT)),
        ("tcp_refused", Topic(Section.SERVER, "tcp_refused")),
        ("TCP refused", Topic(Section.SERVER, "tcp_refused")),
        ("sticky sessions", Topic(Section.TRANSPORTS, "eio_no_sticky")),
    ],
)
def test_a_number_a_code_or_telling_words_mean_one_topic(words: str, meant: Topic) -> None:
    assert find(words) == (meant,)


def test_a_title_may_be_given_in_any_language() -> None:
    assert Topic(Section.SERVER, "tls_expired") in find("сертификат просрочен")
    assert Topic(Section.SERVER, "tls_expired") in find("certificate expired")


def test_words_of_many_titles_mean_all_of_them_in_the_guides_order() -> None:
    assert [topic.section for topic in find("2")] == [
        Section.TRANSPORTS, Section.HEARTBEAT, Section.ERRORS,
    ]  # fmt: skip
    found = [topic.code for topic in find("cors") if topic.code]
    assert len(found) > 3
    order = [code for section in Section for code in codes(section)]
    assert found == sorted(found, key=order.index)


@given(st.text(max_size=60))
def test_whatever_the_words_every_topic_found_is_in_the_guide(words: str) -> None:
    for topic in find(words):
        assert topic.code is None or topic.code in codes(topic.section)
