from __future__ import annotations

import re

import aiohttp
import pytest

from bot import guide
from bot.locales import LANGUAGES
from bot.model import Section
from bot.web.guide import preferred
from tests.web.conftest import Serve


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_page_holds_every_section_in_its_language(
    lang: str, serve: Serve, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{await serve()}/guide/{lang}") as answer:
        assert answer.status == 200
        text = await answer.text()
    assert f'<html lang="{lang}">' in text
    for section in Section:
        assert f'id="{guide.anchor(section)}"' in text


async def test_the_page_needs_nothing_from_elsewhere(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{await serve()}/guide/en") as answer:
        text = await answer.text()
        policy = answer.headers["Content-Security-Policy"]
    assert not re.findall(r'\b(?:src|srcset)=|url\(|@import|\sstyle="|\son\w+="', text)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("header", "default", "lang"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "en", "ru"),
        ("en;q=0.5, ru;q=0.7", "en", "ru"),
        ("de-DE,de;q=0.9", "ru", "ru"),
        ("de, en;q=0.1", "ru", "en"),
        ("", "ru", "ru"),
        ("en;q=0", "ru", "ru"),
        ("ru;q=wat, *", "en", "en"),
        ("en;q=nan", "ru", "ru"),
    ],
)
def test_a_reader_gets_the_language_of_the_browser(header: str, default: str, lang: str) -> None:
    assert preferred(header, default) == lang


@pytest.mark.parametrize("path", ["/", "/guide", "/guide/"])
async def test_the_root_leads_to_the_guide(
    path: str, serve: Serve, http: aiohttp.ClientSession
) -> None:
    headers = {"Accept-Language": "ru"}
    url = await serve()
    async with http.get(url + path, headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/guide/ru")


@pytest.mark.parametrize("path", ["/guide/de", "/guide/..%2f..%2fetc", "/guide/<script>", "/x"])
async def test_an_unknown_page_is_a_plain_404(
    path: str, serve: Serve, http: aiohttp.ClientSession
) -> None:
    async with http.get(await serve() + path) as answer:
        assert answer.status == 404
        assert answer.content_type == "text/plain"
        assert "<script>" not in await answer.text()


@pytest.mark.parametrize("path", ["/guide/en", "/healthz", "/metrics", "/nowhere", "/"])
async def test_every_answer_carries_the_security_headers(
    path: str, serve: Serve, http: aiohttp.ClientSession
) -> None:
    async with http.get(await serve() + path, allow_redirects=False) as answer:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Server"] == "wsdiag"


async def test_a_page_that_has_not_changed_is_not_sent_again(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = f"{await serve()}/guide/en"
    async with http.get(url) as answer:
        tag = answer.headers["ETag"]
    async with http.get(url, headers={"If-None-Match": tag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
