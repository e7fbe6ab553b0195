"""The guide as HTML."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

import pytest

from bot.guide import web
from bot.guide.parse import load, parse
from bot.locales import LANGUAGES

VOID = {"br", "hr", "img"}
TAGS = {
    *("a", "br", "code", "details", "em", "h1", "h2", "h3", "h4", "li", "nav", "ol", "p", "pre"),
    *("section", "strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}


class Page(HTMLParser):
    """Collects ids, links and tags, and fails on tags that do not close in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        values = dict(attrs)
        self.ids += [value for value in (values.get("id"),) if value]
        self.links += [value for value in (values.get("href"),) if value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_anchor_is_an_id_once(lang: str) -> None:
    page = Page(web.html(lang))
    assert Counter(page.ids) == Counter(entry.anchor for entry in load(lang).entries)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_link_on_the_page_leads_somewhere(lang: str) -> None:
    page = Page(web.html(lang))
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside == set(page.ids)
    assert all(link.startswith(("#", "https://")) for link in page.links)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_only_harmless_elements_are_used(lang: str) -> None:
    assert Page(web.html(lang)).tags <= TAGS


def test_html_in_the_guide_is_shown_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = parse(
        "# <script>0</script>\n\n<img src=x onerror=1>\n\n"
        '<a id="section-1"></a>\n\n## <b>1</b>\n\n<script>1</script> [x](javascript:alert)\n',
        "en",
    )
    monkeypatch.setattr(web, "load", lambda _lang: nasty)
    web._html.cache_clear()
    try:
        shown = web.html("en")
    finally:
        web._html.cache_clear()
    assert Page(shown).tags <= TAGS
    assert "&lt;script&gt;1&lt;/script&gt;" in shown
    assert 'href="javascript' not in shown


def test_the_contents_count_the_causes_in_the_readers_language() -> None:
    guide = parse(
        '# T\n\n<a id="section-1a"></a>\n\n## 1A\n\n<a id="cause-x"></a>\n\n### `x` — X\n', "ru"
    )
    assert "<summary>1 причина</summary>" in web.contents(guide)
