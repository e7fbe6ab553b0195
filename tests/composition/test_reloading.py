"""Settings read anew while the bot runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.composition.reloading import Reloader, changed_targets
from bot.model import Target
from bot.settings import Settings, load

ONE = '[targets.one]\nurl = "https://one.example"\n'
TWO = '[targets.two]\nurl = "https://two.example"\n'


class Ears:
    """What the reloader told."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[object] = asyncio.Queue()

    async def use(self, settings: Settings) -> None:
        self.heard.put_nowait(sorted(settings.targets()))

    async def refused(self, text: str) -> None:
        self.heard.put_nowait(text)

    async def mended(self) -> None:
        self.heard.put_nowait("mended")

    async def next(self) -> object:
        async with asyncio.timeout(20):
            return await self.heard.get()


@contextlib.asynccontextmanager
async def reloading(ears: Ears, *, look_every_s: float = 0.02) -> AsyncIterator[Reloader]:
    reloader = Reloader(
        load(),
        use=ears.use,
        refused=ears.refused,
        mended=ears.mended,
        look_every_s=look_every_s,
    )
    task = asyncio.create_task(reloader.run())
    await asyncio.sleep(0.1)  # it has seen the files as they are
    try:
        yield reloader
    finally:
        task.cancel()
        await asyncio.wait({task})


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "wsdiag.toml"
    path.write_text(ONE, encoding="utf-8")
    return path


async def test_a_changed_file_is_used(config: Path) -> None:
    ears = Ears()
    async with reloading(ears):
        write(config, ONE + TWO)
        assert await ears.next() == ["one", "two"]


async def test_a_wrong_file_changes_nothing_and_is_told_until_it_is_right(config: Path) -> None:
    ears = Ears()
    async with reloading(ears):
        write(config, ONE + "nonsense = 1\n")
        assert "nonsense" in str(await ears.next())
        write(config, TWO)
        assert await ears.next() == ["two"]
        assert await ears.next() == "mended"


async def test_it_looks_at_once_when_asked(config: Path) -> None:
    ears = Ears()
    async with reloading(ears, look_every_s=3600) as reloader:
        reloader.asked.set()
        assert await ears.next() == ["one"]


def test_only_what_changed_is_begun_or_ended() -> None:
    same, old, new = (
        Target("same", "https://same.example"),
        Target("moved", "https://old.example"),
        Target("moved", "https://new.example"),
    )
    gone, begun = changed_targets({"same": same, "moved": old}, {"same": same, "moved": new})
    assert (gone, begun) == (["moved"], [new])
