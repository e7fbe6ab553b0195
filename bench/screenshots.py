"""`python -m bench.screenshots FOLDER`: pictures of every surface (`make screenshots`).

Runs `wsdiag demo` as anyone would and drives its page in Debian's Chromium, in both languages: a
backend is broken and mended, and what a person sees meanwhile is kept, in light and in dark, the
first screen of a phone as well. A surface that does not come leaves its picture out, is told at the
end, and makes the exit code 1.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Error, Locator, Page, ViewportSize, async_playwright

from bot.locales import translate
from bot.model import Message, say
from tests.servers.process import ChildProcess
from tests.servers.tools import find

_PATIENCE_MS: Final = 25_000
_DESK: Final = ViewportSize(width=1360, height=900)
_PHONE: Final = ViewportSize(width=390, height=844)
_PASTED: Final = "net::ERR_CONNECTION_REFUSED wss://chat.example/socket.io/"

Theme = Literal["light", "dark"]
_THEMES: Final[tuple[Theme, ...]] = ("light", "dark")


class Demo:
    """The page of a running demo, and where its pictures go."""

    def __init__(self, page: Page, folder: Path, lang: str) -> None:
        self.page = page
        self.lang = lang
        self.missing: list[str] = []
        self._folder = folder
        self._suffix = "" if lang == "en" else f".{lang}"

    async def open(self, address: str) -> None:
        """Load it and go to #ops, where alerts arrive."""
        self.page.set_default_timeout(_PATIENCE_MS)
        await self.page.goto(address)
        await self.visit("ops")

    async def visit(self, place: str) -> None:
        """Go to a place of the sidebar."""
        await self.page.locator("nav.sidebar").get_by_text(place, exact=True).first.click()

    @property
    def messages(self) -> Locator:
        """Those of the channel."""
        return self.page.locator("#stage article.message")

    def with_text(self, text: str) -> Locator:
        """The newest message of the channel that shows this."""
        return self.messages.filter(has_text=text).last

    def words(self, message: Message) -> str:
        """A sentence of the bot in the page's language."""
        return translate(message, self.lang)

    def button(self, within: Locator, label: Message) -> Locator:
        """A button by what is on it."""
        return within.get_by_role("button", name=self.words(label), exact=True)

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

    async def shoot(self, name: str, shown: Locator | None = None, *, phone: bool = False) -> None:
        """The page with `shown` in view, in both themes; `phone`: its first screen as well."""
        for theme in _THEMES:
            await self.page.emulate_media(color_scheme=theme)
            await self._keep(f"{name}-{theme}", shown)
        if phone:
            await self.page.set_viewport_size(_PHONE)
            for theme in _THEMES:
                await self.page.emulate_media(color_scheme=theme)
                await self._keep(f"{name}-phone-{theme}", shown)
            await self.page.set_viewport_size(_DESK)
        await self.page.emulate_media(color_scheme="light")

    async def _keep(self, name: str, shown: Locator | None) -> None:
        if shown is not None:
            # The top of what is shown at the top of the screen, as it is when it has just come.
            await shown.evaluate("node => node.scrollIntoView({block: 'start'})")
        path = self._folder / f"{name}{self._suffix}.png"
        await self.page.screenshot(path=path, animations="disabled")
        print(path, flush=True)

    async def close(self) -> None:
        """Leave a modal and a thread."""
        await self.page.keyboard.press("Escape")
        await self.page.keyboard.press("Escape")


async def alert(demo: Demo) -> None:
    """What comes by itself when something breaks."""
    await demo.switch("no_websocket")
    message = demo.messages.first
    await demo.button(message, say("Acknowledge")).wait_for()
    await demo.shoot("alert", message, phone=True)


async def summary(demo: Demo) -> None:
    """A check on demand: its progress, and what it came to."""
    await demo.type("/wsdiag")
    going = demo.messages.locator(".plan").last
    await going.wait_for()
    await demo.shoot("progress", going)
    message = demo.messages.last
    await demo.button(message, say("Deep check")).wait_for()
    await demo.shoot("summary", message, phone=True)
    await message.locator("details.container > summary").click()
    await demo.shoot("evidence", message)


async def guide(demo: Demo) -> None:
    """The guide's section for the cause."""
    await demo.button(demo.messages.last, say("Guide")).click()
    await demo.page.locator("#modal[open] .body .block").first.wait_for()
    await demo.shoot("guide", phone=True)
    await demo.close()


async def explanation(demo: Demo) -> None:
    """The shortcut of a message with an error in it."""
    await demo.type(_PASTED)
    message = demo.with_text("ERR_CONNECTION_REFUSED")
    await message.hover()
    await message.locator('[data-focus$="/more"]').click()
    await demo.page.get_by_role("menuitem", name="Explain this error").click()
    answer = demo.messages.and_(demo.page.locator(".ephemeral")).last
    await answer.wait_for()
    await demo.shoot("explain", answer)


async def diagnose(demo: Demo) -> None:
    """The shortcut that works from everywhere: a form."""
    await demo.page.locator("#composer .menu-holder > button").click()
    await demo.page.get_by_role("menuitem", name="Diagnose a backend").click()
    await demo.page.locator("#modal[open] .body .block").first.wait_for()
    await demo.shoot("diagnose", phone=True)
    await demo.close()


async def acknowledged(demo: Demo) -> None:
    """An incident that somebody has taken, and its thread."""
    message = demo.messages.first
    await demo.button(message, say("Acknowledge")).click()
    thread = message.locator("button.replies")
    await thread.wait_for()
    await thread.click()
    await demo.page.locator("#thread article.message").nth(1).wait_for()
    await demo.shoot("acknowledged", message)
    await demo.close()


async def escalation(demo: Demo) -> None:
    """The hand-over: what is asked before it goes out."""
    message = demo.messages.first
    await demo.button(message, say("Escalate")).click()
    await demo.page.locator("dialog[open]").first.wait_for()
    await demo.shoot("escalate", message)
    await demo.close()


async def recovery(demo: Demo) -> None:
    """The same message when all is well again, with its thread and the picture in it."""
    await demo.switch("none")
    message = demo.messages.first
    await message.get_by_text("✅").or_(message.locator(".emoji")).first.wait_for()
    await demo.button(message, say("Resolve note")).wait_for()
    await message.locator("button.replies").click()
    thread = demo.page.locator("#thread article.message")
    await thread.nth(1).wait_for()
    await thread.locator("img.picture").last.wait_for()
    await demo.shoot("recovery", message, phone=True)
    await demo.close()


async def chart(demo: Demo) -> None:
    """The past as a picture."""
    await demo.type("/wsdiag chart backend 1h")
    picture = demo.messages.last.locator("img.picture")
    await picture.wait_for()
    await demo.shoot("chart", demo.messages.last)


async def history(demo: Demo) -> None:
    """The past as a table."""
    await demo.type("/wsdiag history backend")
    table = demo.messages.last.locator("table")
    await table.wait_for()
    await demo.shoot("history", demo.messages.last)


async def status(demo: Demo) -> None:
    """Everything at a glance."""
    before = await demo.messages.count()
    await demo.type("/wsdiag status")
    await demo.messages.nth(before).wait_for()
    await demo.shoot("status", demo.messages.last)


async def home(demo: Demo) -> None:
    """The app's own tab."""
    await demo.visit("wsdiag")
    await demo.page.locator("#stage .home .block").first.wait_for()
    await demo.shoot("home", phone=True)
    await demo.visit("ops")


SURFACES: Final[Sequence[Callable[[Demo], Awaitable[None]]]] = (
    alert, summary, guide, acknowledged, escalation, explanation, diagnose, recovery, history,
    chart, status, home,
)  # fmt: skip


async def _pictures(folder: Path, lang: str, wanted: Sequence[str]) -> list[str]:
    command = [sys.executable, "-m", "bot", "demo", "--lang", lang]
    async with ChildProcess(command) as child, async_playwright() as playwright:
        said = await child.line(lambda line: "http://127.0.0.1:" in line)
        address = said[said.index("http://") :].split()[0]
        browser = await playwright.chromium.launch(
            executable_path=find("chromium"), args=["--no-sandbox"]
        )
        try:
            page = await browser.new_page(viewport=_DESK, locale=lang, color_scheme="light")
            demo = Demo(page, folder, lang)
            await demo.open(address)
            for surface in SURFACES:
                name = surface.__name__
                if wanted and name not in wanted:
                    continue
                try:
                    await surface(demo)
                except Error as error:
                    await page.screenshot(path=folder / f"missing-{name}.{lang}.png")
                    demo.missing.append(f"{name} ({lang}): {str(error).splitlines()[0]}")
                    await demo.close()
                    await page.set_viewport_size(_DESK)
            return demo.missing
        finally:
            await browser.close()


def main(folder: Path, langs: Sequence[str] = ("en", "ru"), wanted: Sequence[str] = ()) -> int:
    """Every picture, in both languages; how many surfaces did not come."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [line for lang in langs for line in asyncio.run(_pictures(folder, lang, wanted))]
    for line in missing:
        print(f"not seen: {line}", file=sys.stderr)
    return len(missing)


if __name__ == "__main__":
    _, *given = sys.argv
    raise SystemExit(min(1, main(Path(given[0] if given else "docs/img"), wanted=given[1:])))
