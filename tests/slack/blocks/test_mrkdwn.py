"""Text from outside is harmless and readable."""

import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.model import Message, say
from bot.slack.blocks.mrkdwn import clean, clip, escape, length, link, plain, sentence, when

ANY = st.text(alphabet=st.characters())  # lone surrogates included
UGLY = st.one_of(
    ANY,
    st.sampled_from(["<!channel>", "<@U123>", "&amp;", "a\x00b", "مرحبا", "👩‍👩‍👧", "\u202etxt"]),
)


def test_a_channel_ping_from_outside_is_shown_and_not_sent() -> None:
    assert escape("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"


def test_a_value_cannot_smuggle_markup_through_a_sentence() -> None:
    message = say("The server says: {message}", message="<!here>\n*bold*")
    assert sentence(message, "en") == "The server says: &lt;!here&gt; *bold*"


def test_markup_in_our_own_sentence_is_escaped_too() -> None:
    assert (
        sentence(Message("set --interval <ms> & wait"), "en")
        == "set --interval &lt;ms&gt; &amp; wait"
    )


def test_a_link_keeps_its_url_and_escapes_its_words() -> None:
    assert link("https://x.example/?a=1&b=2", "a<b") == "<https://x.example/?a=1&amp;b=2|a&lt;b>"
    assert link("https://x.example/|>", "x") == "<https://x.example/%7C%3E|x>"


def test_a_moment_is_shown_in_the_readers_own_time_zone() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert when(at, "en").startswith("<!date^1767323045^{date_short_pretty} {time_secs}|")
    assert "UTC" in when(at, "en")


@given(UGLY, st.integers(1, 300))
def test_cleaned_text_is_one_bounded_printable_line(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert not re.search(r"[\x00-\x1f\x7f\u2028\u2029\u202a-\u202e\u2066-\u2069]", cleaned)
    cleaned.encode()  # no lone surrogate


@given(UGLY)
def test_escaped_text_holds_no_markup(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert not re.search(r"&(?!amp;|lt;|gt;)", escaped)


@given(st.text(max_size=4_000), st.integers(20, 3_000))
def test_clipped_text_keeps_the_limit_and_never_cuts_markup(text: str, limit: int) -> None:
    source = "\n".join([escape(text, 4_000), "<https://x.example|a link>", "&amp;" * 50])
    clipped = clip(source, limit)
    assert length(clipped) <= limit
    assert clipped.count("<") == clipped.count(">")
    assert not re.search(r"&(?!amp;|lt;|gt;)", clipped)


@given(UGLY, st.integers(10, 150))
def test_plain_text_keeps_its_limit(text: str, limit: int) -> None:
    shown = plain(say("{target} is down", target=text * 20), "en", limit=limit)
    assert length(shown) <= limit
