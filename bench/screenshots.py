"""`python -m bench.screenshots FOLDER [LANG …]`: pictures of every surface (`make screenshots`).

Runs `wsdiag demo` as anyone would and drives its page in Debian's Chromium: a backend is broken and
mended, and what a person sees meanwhile is kept, in light and in dark, the first screen of a phone
as well. A surface that does not come leaves its picture out, is told at the end, and makes the exit
code 1.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from PIL import Image
from playwright.async_api import Error, Locator, Page, ViewportSize, async_playwright

from bot.locales import LANGUAGES, translate
from bot.model import Message, say
from tests.servers.process import ChildProcess
from tests.servers.tools import find

_PATIENCE_MS: Final = 25_000
_DESK: Final = ViewportSize(width=1360, height=900)
_PHONE: Final = ViewportSize(width=390, height=844)
_NAMES: Final = 5  # of the backend, in a storm
_PAST_S: Final = 150.0  # watched until there is a past to draw
_COLOURS: Final = 128  # of a picture: a page has few, and the repository keeps them all
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

    @property
    def incident(self) -> Locator:
        """The newest incident that lasts."""
        name = self.words(say("Escalate"))
        return self.messages.filter(has=self.page.get_by_role("button", name=name, exact=True)).last

    @property
    def modal(self) -> Locator:
        """The beginning of what an open modal shows."""
        return self.page.locator("#modal[open] .body .block").first

    async def thread(self, message: Locator, at_least: int) -> None:
        """Open the thread of a message that has so many in it, its parent among them."""
        await message.locator("button.replies").click()
        await self.page.locator("#thread article.message").nth(at_least - 1).wait_for()

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
        _smaller(path)
        print(path, flush=True)

    async def close(self) -> None:
        """Leave a modal and a thread."""
        await self.page.keyboard.press("Escape")
        await self.page.keyboard.press("Escape")


async def healthy(demo: Demo) -> None:
    """A check of what works; the next alert is held against it."""
    message = await _checked(demo)
    await demo.shoot("healthy", message)


async def alert(demo: Demo) -> None:
    """What comes by itself when something breaks."""
    await demo.switch("no_websocket")
    message = demo.incident
    await message.wait_for()
    await demo.shoot("alert", message, phone=True)


async def summary(demo: Demo) -> None:
    """A check on demand, and the evidence behind its line."""
    message = await _checked(demo)
    await demo.shoot("summary", message, phone=True)
    await message.locator("details.container > summary").click()
    await demo.shoot("evidence", message)
    await message.locator("details.container > summary").click()


async def _checked(demo: Demo) -> Locator:
    before = await demo.messages.count()
    await demo.type("/wsdiag")
    message = demo.messages.nth(before)
    await demo.button(message, say("Deep check")).wait_for()
    return message


async def guide(demo: Demo) -> None:
    """The guide's section for the cause."""
    await demo.button(demo.messages.last, say("Guide")).click()
    await demo.modal.wait_for()
    await demo.shoot("guide", demo.modal, phone=True)
    await demo.close()


async def acknowledged(demo: Demo) -> None:
    """An incident that somebody has taken, and its thread."""
    message = demo.incident
    await demo.button(message, say("Acknowledge")).click()
    await demo.thread(message, 2)
    await demo.shoot("acknowledged", message)
    await demo.close()


async def escalation(demo: Demo) -> None:
    """The hand-over: what is asked before it goes out, and what the developers get."""
    await demo.button(demo.incident, say("Escalate")).click()
    await demo.modal.wait_for()
    await demo.shoot("escalate", demo.modal)
    await demo.page.locator("#modal[open] button[type=submit]").click()
    await demo.visit("developers")
    message = demo.messages.first
    await demo.thread(message, 2)
    await demo.page.locator("#thread .file").first.wait_for()
    await demo.shoot("handover", message)
    await demo.close()
    await demo.visit("ops")


async def explanation(demo: Demo) -> None:
    """The shortcut of a message with an error in it."""
    await demo.type(_PASTED)
    message = demo.messages.filter(has_text="ERR_CONNECTION_REFUSED").last
    await message.hover()
    await message.locator('[data-focus$="/more"]').click()
    await demo.page.get_by_role("menuitem", name="Explain this error").click()
    answer = demo.messages.and_(demo.page.locator(".ephemeral")).last
    await answer.get_by_text("/wsdiag check").wait_for()
    await demo.shoot("explain", message)


async def diagnose(demo: Demo) -> None:
    """The shortcut that works from everywhere: a form."""
    await demo.page.locator("#composer .menu-holder > button").click()
    await demo.page.get_by_role("menuitem", name="Diagnose a backend").first.click()
    await demo.modal.wait_for()
    await demo.shoot("diagnose", demo.modal, phone=True)
    await demo.close()


async def recovery(demo: Demo) -> None:
    """The same message when all is well again, with its thread and the picture in it."""
    message = demo.messages.filter(has=demo.page.get_by_text("@mira")).first
    await demo.switch("none")
    await demo.button(message, say("Resolve note")).wait_for()
    await demo.thread(message, 3)
    await demo.page.locator("#thread img.picture").last.wait_for()
    await demo.shoot("recovery", message, phone=True)
    await demo.close()


async def history(demo: Demo) -> None:
    """The past as a table."""
    await demo.type("/wsdiag history backend")
    table = demo.messages.last.locator("table")
    await table.wait_for()
    await demo.shoot("history", demo.messages.last)


async def digest(demo: Demo) -> None:
    """The last week."""
    before = await demo.messages.count()
    await demo.type("/wsdiag digest")
    await demo.messages.nth(before).wait_for()
    await demo.shoot("digest", demo.messages.last)


async def chart(demo: Demo) -> None:
    """The past as a picture."""
    await demo.type("/wsdiag chart backend 10m")
    picture = demo.messages.last.locator("img.picture")
    await picture.wait_for()
    await demo.shoot("chart", demo.messages.last)


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


async def progress(demo: Demo) -> None:
    """A check of a backend that hangs, on its way."""
    await demo.switch("hang")
    await demo.type("/wsdiag")
    plan = demo.messages.locator(".plan").last
    await plan.locator(".sign.complete").first.wait_for()
    await demo.shoot("progress", plan, phone=True)


async def storm(demo: Demo) -> None:
    """Many targets, one cause, one message."""
    await demo.switch("stop")
    everyone = demo.incident.filter(has_text=f"backend-{_NAMES}")
    await everyone.wait_for()
    await demo.shoot("storm", everyone, phone=True)


Surface = Callable[[Demo], Awaitable[None]]

SURFACES: Final[Sequence[Surface]] = (
    healthy, alert, summary, guide, acknowledged, escalation, explanation, diagnose, recovery,
    chart, history, digest, status, home, progress,
)  # fmt: skip


async def _pictures(
    folder: Path, lang: str, surfaces: Sequence[Surface], *options: str
) -> list[str]:
    """The pictures of one demo; what did not come."""
    command = [sys.executable, "-m", "bot", "demo", "--lang", lang, *options]
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
            if chart in surfaces:
                await asyncio.sleep(_PAST_S)
            for surface in surfaces:
                name = surface.__name__
                try:
                    await surface(demo)
                except Error as error:
                    await page.screenshot(path=folder / f"missing-{name}.{lang}.png")
                    demo.missing.append(f"{name} ({lang}): {str(error).splitlines()[0]}")
                    await demo.close()
                    await page.set_viewport_size(_DESK)
                    await demo.visit("ops")
            return demo.missing
        finally:
            await browser.close()


def _smaller(path: Path) -> None:
    """The same picture in fewer colours: a third of the size."""
    with Image.open(path) as whole:
        whole.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def main(folder: Path, langs: Sequence[str]) -> int:
    """Every picture in these languages; how many surfaces did not come."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = []
    for lang in langs:
        missing += asyncio.run(_pictures(folder, lang, SURFACES))
        missing += asyncio.run(_pictures(folder, lang, (storm,), "--names", str(_NAMES)))
    for line in missing:
        print(f"not seen: {line}", file=sys.stderr)
    return len(missing)


if __name__ == "__main__":
    into, *languages = sys.argv[1:]
    raise SystemExit(min(1, main(Path(into), languages or LANGUAGES)))
