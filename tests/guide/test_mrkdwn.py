"""Markdown to Slack's mrkdwn, inside Slack's limits."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guide.mrkdwn import (
    BLOCK_LIMIT,
    HEADER_LIMIT,
    SECTION_LIMIT,
    escape,
    header,
    markdown_blocks,
    within_view,
)


def text(source: str) -> str:
    return "\n".join(block["text"]["text"] for block in markdown_blocks(source))


def test_emphasis_code_and_links_become_mrkdwn() -> None:
    assert text("**Look** at *this* `a*b` [page](https://example.com/a?b=1&c=2).") == (
        "*Look* at _this_ `a*b` <https://example.com/a?b=1&amp;c=2|page>."
    )


def test_a_link_inside_the_guide_becomes_text() -> None:
    assert text("See [1A](#section-1a).") == "See 1A."


def test_a_pipe_in_a_link_does_not_end_it() -> None:
    assert text("[x](https://example.com/a|b)") == "<https://example.com/a%7Cb|x>"


def test_nothing_in_the_text_can_ping_or_name_anything() -> None:
    assert text("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    assert text("`<!here>`") == "`&lt;!here&gt;`"
    assert text("```\n<!here> & co\n```") == "```\n&lt;!here&gt; &amp; co\n```"


def test_lists_keep_their_marks_and_their_depth() -> None:
    source = "- one\n- two\n\n  more\n  - inner\n\n3. three\n4. four\n"
    assert text(source) == (
        "• one\n• two\n    more\n    • inner\n3. three\n4. four"
    )  # fmt: skip


def test_a_table_becomes_lines() -> None:
    source = "| Proxy | Default | Where |\n|---|---|---|\n| nginx | 60 s | `a` |\n| `x` | | b |\n"
    assert text(source) == "• *nginx*: 60 s; `a`\n• `x`: b"


def test_quotes_and_line_breaks_are_kept() -> None:
    assert text("> one\n> two\n\nthree  \nfour") == "> one two\nthree\nfour"


def test_paragraphs_have_air_between_them_and_stay_close_to_their_lists() -> None:
    assert text("one\n\ntwo\n\n- three\n\nfour") == "one\n\ntwo\n• three\nfour"


def test_a_title_that_begins_like_a_list_keeps_its_number() -> None:
    assert header("2. Transports")["text"]["text"] == "2. Transports"


def test_code_in_a_list_stays_code() -> None:
    assert text("1. do\n\n   ```bash\n   ls\n   ```\n") == "1. do\n```\nls\n```"


def test_code_cannot_break_out_of_its_fence() -> None:
    assert text("~~~\n```\nls\n~~~") == "```\n'''\nls\n```"


def test_a_header_is_plain_and_short() -> None:
    block = header("`code` — **bold** " + "x" * 300)
    assert block["text"]["type"] == "plain_text"
    assert block["text"]["text"].startswith("code — bold xxx")
    assert len(block["text"]["text"]) == HEADER_LIMIT


def test_long_code_is_cut_at_line_ends_and_fenced_anew() -> None:
    lines = [f"line {number} <&>" for number in range(1000)]
    blocks = list(markdown_blocks("```\n" + "\n".join(lines) + "\n```\n"))
    assert len(blocks) > 1
    shown: list[str] = []
    for block in blocks:
        fenced = block["text"]["text"]
        assert len(fenced) <= SECTION_LIMIT
        assert fenced.startswith("```\n")
        assert fenced.endswith("\n```")
        shown += fenced.split("\n")[1:-1]
    assert shown == [escape(line) for line in lines]


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="<&> ab\n", min_size=1, max_size=8_000))
def test_every_section_keeps_the_limit_and_no_entity_is_cut(words: str) -> None:
    for source in (words, f"```\n{words}\n```", f"- {words}"):
        for block in markdown_blocks(source):
            shown = block["text"]["text"]
            assert 0 < len(shown) <= SECTION_LIMIT
            assert not re.search(r"&(?!(amp|lt|gt);)", shown)


def test_a_view_that_is_full_says_so() -> None:
    full = [{"type": "divider"}] * (BLOCK_LIMIT + 1)
    kept = within_view(full, "More in the guide <here>.")
    assert len(kept) == BLOCK_LIMIT
    assert kept[-1]["elements"][0]["text"] == "More in the guide &lt;here&gt;."
    assert within_view(full[:BLOCK_LIMIT], "x") == full[:BLOCK_LIMIT]
