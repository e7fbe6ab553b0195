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


def move(path: Path, to: Path) -> None:
    path.replace(to)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
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


async def test_what_is_wrong_is_told_once_as_long_as_it_stays_the_same(config: Path) -> None:
    ears = Ears()
    async with reloading(ears) as reloader:
        write(config, ONE + "nonsense = 1\n")
        assert "nonsense" in str(await ears.next())
        write(config, ONE + "nonsense = 1 # again\n")
        reloader.asked.set()
        await asyncio.sleep(0.3)
        write(config, ONE + "rubbish = 1\n")
        assert "rubbish" in str(await ears.next())
        write(config, ONE)
        assert await ears.next() == ["one"]
        assert await ears.next() == "mended"


async def test_a_file_that_is_being_written_is_read_when_it_is_whole(config: Path) -> None:
    """The beginning of a file is often valid by itself, and would end what the rest names."""
    ears = Ears()
    write(config, ONE + TWO)
    async with reloading(ears, look_every_s=0.5):
        for n in range(12):
            write(config, ONE + "#" * n)
            await asyncio.sleep(0.1)
        write(config, ONE + TWO + "\n")
        assert await ears.next() == ["one", "two"]


async def test_a_file_that_is_gone_changes_nothing_until_it_is_back(config: Path) -> None:
    ears, away = Ears(), config.with_suffix(".away")
    async with reloading(ears):
        move(config, away)
        assert "wsdiag.toml: This file is gone" in str(await ears.next())
        move(away, config)
        assert await ears.next() == ["one"]
        assert await ears.next() == "mended"


@pytest.mark.parametrize("left", ["", 'lang = "ru"\n'])
async def test_a_file_that_names_no_target_any_more_ends_no_watching(
    left: str, config: Path
) -> None:
    """A full disk leaves an empty file, which is valid."""
    ears = Ears()
    async with reloading(ears):
        write(config, left)
        assert "wsdiag" in str(await ears.next())
        write(config, TWO)
        assert await ears.next() == ["two"]


async def test_a_file_by_which_the_bot_would_not_start_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ears = Ears()
    async with reloading(ears):
        monkeypatch.delenv("SLACK_APP_TOKEN")
        write(config, ONE + TWO)
        assert "SLACK_APP_TOKEN" in str(await ears.next())


async def test_a_file_replaced_by_another_is_used(config: Path) -> None:
    ears = Ears()
    async with reloading(ears):
        other = config.with_name("other")
        write(other, TWO)
        move(other, config)
        assert await ears.next() == ["two"]


async def test_what_is_in_force_after_a_restart_stays_as_it_is_until_then(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    used: list[Settings] = []

    class Keeping(Ears):
        async def use(self, settings: Settings) -> None:
            used.append(settings)
            await super().use(settings)

    write(config, 'channel = "C1"\n' + ONE)
    ears = Keeping()
    async with reloading(ears):
        for text in ('channel = "C2"\n' + ONE, 'channel = "C2"\n' + ONE + TWO):
            write(config, text)
            await ears.next()
    assert [s.targets()["one"].channel for s in used] == ["C1", "C1"]
    assert [r.message for r in caplog.records if "restart" in r.message] == [
        "channel: in force after a restart"
    ]


async def test_what_is_odd_in_a_changed_file_is_logged_once(
    config: Path, caplog: pytest.LogCaptureFixture
) -> None:
    odd = "[escalation]\nafter_min = 5\n"
    ears = Ears()
    async with reloading(ears):
        for text in (ONE + odd, ONE + TWO + odd):
            write(config, text)
            await ears.next()
    assert sum("Nobody is called upon" in r.getMessage() for r in caplog.records) == 1


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
