"""The bot's own signs of life."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.pulse import Heartbeat, LoopLag


@pytest.fixture
async def beats() -> AsyncIterator[tuple[str, asyncio.Queue[str], list[int]]]:
    """A dead-man's switch: its address, what it received, and the statuses it answers next."""
    received: asyncio.Queue[str] = asyncio.Queue()
    statuses: list[int] = []

    async def beat(request: web.Request) -> web.Response:
        received.put_nowait(request.path)
        return web.Response(status=statuses.pop(0) if statuses else 200)

    app = web.Application()
    app.router.add_get("/{key}", beat)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield f"http://127.0.0.1:{port}/secret-key", received, statuses
    await runner.cleanup()


async def within(seconds: float, awaitable: Awaitable[object]) -> None:
    async with asyncio.timeout(seconds):
        await awaitable


def always(ready: bool) -> Callable[[], Awaitable[bool]]:
    async def answer() -> bool:
        return ready

    return answer


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_bot_that_works_beats_again_and_again(
    beats: tuple[str, asyncio.Queue[str], list[int]],
) -> None:
    url, received, _ = beats
    task = asyncio.create_task(Heartbeat(SecretStr(url), 0.01, always(True)).run())
    for _ in range(3):
        await within(10, received.get())
    await cancelled(task)


async def test_a_bot_that_does_not_work_is_silent(
    beats: tuple[str, asyncio.Queue[str], list[int]],
) -> None:
    url, received, _ = beats
    asked = asyncio.Queue[None]()

    async def broken() -> bool:
        asked.put_nowait(None)
        raise OSError

    task = asyncio.create_task(Heartbeat(SecretStr(url), 0.01, broken).run())
    for _ in range(3):
        await within(10, asked.get())
    await cancelled(task)
    assert received.empty()


async def test_a_refused_beat_is_told_once_without_the_address_and_tried_again(
    beats: tuple[str, asyncio.Queue[str], list[int]], caplog: pytest.LogCaptureFixture
) -> None:
    url, received, statuses = beats
    statuses += [500, 500]
    caplog.set_level(logging.INFO, "wsdiag.pulse")
    task = asyncio.create_task(Heartbeat(SecretStr(url), 0.01, always(True)).run())
    for _ in range(4):  # the fourth is asked for once the third is answered and told
        await within(10, received.get())
    await cancelled(task)
    said = [r.getMessage() for r in caplog.records if r.name == "wsdiag.pulse"]
    assert said == ["the heartbeat URL answers HTTP 500", "the heartbeat goes out again"]
    assert "secret-key" not in caplog.text


async def test_what_is_not_ready_at_once_costs_no_interval_and_is_said_only_if_it_lasts(
    beats: tuple[str, asyncio.Queue[str], list[int]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.pulse._AGAIN_S", 0.01)
    caplog.set_level(logging.INFO, "wsdiag.pulse")
    url, received, _ = beats
    troubles = ["starting"]

    async def ready() -> bool:
        if troubles:
            raise OSError(troubles.pop(0))
        return True

    for said in ([], ["no heartbeat goes out: the bot is not ready (no store)"]):
        task = asyncio.create_task(Heartbeat(SecretStr(url), 3600, ready).run())
        await within(10, received.get())
        await cancelled(task)
        assert [r.getMessage() for r in caplog.records if "no heartbeat" in r.message] == said
        troubles = ["starting", "no store"]


async def test_a_blocked_loop_is_seen() -> None:
    lag = LoopLag(look_every_s=0.01, late_s=10.0)
    task = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251  blocking is what it is about
    for _ in range(100):
        if lag.worst_s >= 0.15:
            break
        await asyncio.sleep(0.01)
    await cancelled(task)
    assert lag.worst_s >= 0.15
