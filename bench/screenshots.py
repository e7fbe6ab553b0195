"""`python -m bench.screenshots FOLDER`: pictures of the demo for the README (`make screenshots`).

Runs `wsdiag demo` as anyone would and drives its page in Debian's Chromium: a check on demand and
an alert that names its cause, once in each language.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Locator, Page, ViewportSize, async_playwright

from bot.locales import translate
from bot.model import say
from tests.servers.process import ChildProcess
from tests.servers.tools import find

_PATIENCE_MS = 60_000


class Demo:
    """The page of a running demo."""

    def __init__(self, page: Page, folder: Path, suffix: str) -> None:
        self.page = page
        self._folder = folder
        self._suffix = suffix

    async def open(self, address: str) -> None:
        """Load it and go to #ops, where alerts arrive."""
        self.page.set_default_timeout(_PATIENCE_MS)
        await self.page.goto(address)
        await self.page.locator("nav.sidebar").get_by_text("ops", exact=True).click()

    def message(self, number: int) -> Locator:
        """The n-th message of the channel, from 0."""
        return self.page.locator("#stage article.message").nth(number)

    async def offers(self, number: int, label: str) -> None:
        """Wait until the n-th message has this button: then it is complete."""
        await self.message(number).get_by_role("button", name=label).wait_for()

    async def type(self, text: str) -> None:
        """Send something, as a person."""
        await self.page.locator("#composer-text").fill(text)
        await self.page.keyboard.press("Escape")  # the list of commands would take the Enter
        await self.page.locator("#composer-text").press("Enter")

    async def switch(self, name: str) -> None:
        """Turn a switch of the backend."""
        button = self.page.locator(f'[data-focus="switch/{name}"]')
        await button.click()
        await self.page.locator(
            f'[data-focus="switch/{name}"][aria-checked="true"]:not([aria-busy])'
        ).wait_for()

    async def shoot(self, name: str) -> None:
        """A picture of the whole page, the newest message in view."""
        path = self._folder / f"{name}{self._suffix}.png"
        await self.page.locator("#stage article.message").last.scroll_into_view_if_needed()
        await self.page.screenshot(path=path, animations="disabled")
        print(path)


async def _pictures(folder: Path, lang: str) -> None:
    command = [sys.executable, "-m", "bot", "demo", "--lang", lang]
    async with ChildProcess(command) as child, async_playwright() as playwright:
        said = await child.line(lambda line: "http://127.0.0.1:" in line)
        address = said[said.index("http://") :].split()[0]
        browser = await playwright.chromium.launch(
            executable_path=find("chromium"), args=["--no-sandbox"]
        )
        try:
            page = await browser.new_page(
                viewport=ViewportSize(width=1360, height=1120), locale=lang, color_scheme="light"
            )
            demo = Demo(page, folder, "" if lang == "en" else f".{lang}")
            await demo.open(address)
            await demo.switch("no_websocket")
            await demo.offers(0, translate(say("Run again"), lang))
            await demo.type("/wsdiag")
            await demo.offers(1, translate(say("Run again"), lang))
            await demo.shoot("demo")
        finally:
            await browser.close()


def main(folder: Path) -> None:
    """Every picture, in both languages."""
    folder.mkdir(parents=True, exist_ok=True)
    for lang in ("en", "ru"):
        asyncio.run(_pictures(folder, lang))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
