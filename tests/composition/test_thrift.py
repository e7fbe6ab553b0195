"""What the C library keeps is given back, now and then, for as long as the bot runs."""

from __future__ import annotations

import asyncio
import ctypes

import pytest

from bot.composition.thrift import give_back


async def test_memory_is_given_back_until_the_bot_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    twice, calls = asyncio.Event(), list[int]()
    loop = asyncio.get_running_loop()

    class Library:
        def malloc_trim(self, kept: int) -> int:
            calls.append(kept)
            if len(calls) == 2:
                loop.call_soon_threadsafe(twice.set)
            return 1

    monkeypatch.setattr(ctypes, "CDLL", lambda _name: Library())
    task = asyncio.create_task(give_back(0.001))
    async with asyncio.timeout(20):
        await twice.wait()
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert set(calls) == {0}


async def test_elsewhere_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    async with asyncio.timeout(20):
        await give_back(3600.0)
