"""Where links to the guide lead."""

from __future__ import annotations

import pytest

from bot.guide import GuideLinks
from bot.model import Section


def test_without_any_page_there_is_no_url() -> None:
    assert GuideLinks().url(Section.SERVER) is None


@pytest.mark.parametrize(
    ("guide_url", "expected"),
    [
        ("https://wiki.example.com/ws", "https://wiki.example.com/ws#section-1a"),
        ("https://wiki.example.com/{lang}.md", "https://wiki.example.com/ru.md#section-1a"),
        ("https://wiki.example.com/ws?page=7#top", "https://wiki.example.com/ws?page=7#section-1a"),
    ],
)
def test_the_teams_own_guide_comes_first(guide_url: str, expected: str) -> None:
    links = GuideLinks(guide_url, "https://bot.example.com")
    assert links.url(Section.SERVER, lang="ru-RU") == expected


@pytest.mark.parametrize("public_url", ["https://bot.example.com/x", "https://bot.example.com/x/"])
def test_else_the_bots_own_page_in_the_readers_language(public_url: str) -> None:
    links = GuideLinks(None, public_url)
    assert links.url(Section.HEARTBEAT, "ws_proxy_idle", "ru") == (
        "https://bot.example.com/x/guide/ru#cause-ws_proxy_idle"
    )
    assert links.url(Section.HEARTBEAT, "ws_proxy_idle", "xx") == (
        "https://bot.example.com/x/guide/en#cause-ws_proxy_idle"
    )


@pytest.mark.parametrize("code", ["unrecognised", "", "../x"])
def test_a_code_without_an_entry_leads_to_its_section(code: str) -> None:
    links = GuideLinks("https://wiki.example.com/ws")
    assert links.url(Section.TRANSPORTS, code) == "https://wiki.example.com/ws#section-2-transports"
