"""The guide's page in a real browser: it obeys its own policy and fits a phone."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, async_playwright

from bot.locales import LANGUAGES
from tests.web.conftest import Serve

pytestmark = pytest.mark.chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        await browser.close()


async def test_the_page_breaks_no_rule_of_its_own_and_fits_a_phone(
    serve: Serve, browser: Browser
) -> None:
    url = await serve()
    for lang, scheme in itertools.product(LANGUAGES, ("light", "dark")):
        page = await browser.new_page(
            viewport={"width": 390, "height": 844},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message, said=said: said.append(message.text))
        page.on("pageerror", lambda error, said=said: said.append(str(error)))
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        await page.goto(f"{url}/guide/{lang}#section-1b")
        assert said == []
        assert [a for a in asked if not a.startswith(("data:", url))] == []
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        dark = await page.evaluate(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).every((c) => c < 64)"
        )
        assert dark is (scheme == "dark")


async def test_the_contents_mark_what_is_read_and_the_place_survives_a_change_of_language(
    serve: Serve, browser: Browser
) -> None:
    url = await serve()
    page = await browser.new_page(viewport={"width": 1280, "height": 800})
    await page.goto(f"{url}/guide/en#section-4")
    await page.locator('.guide-contents a[href="#section-4"][aria-current]').wait_for()
    await page.click(".languages a[lang=ru]")
    await page.wait_for_url(f"{url}/guide/ru#section-4")
    await page.locator('.guide-contents a[href="#section-4"][aria-current]').wait_for()
