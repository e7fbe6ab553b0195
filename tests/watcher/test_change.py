"""A change is waited for, for so long at most."""

from __future__ import annotations

import asyncio

from bot.watcher.change import Change


async def test_whoever_waits_is_told_and_whoever_comes_later_sees_it_until_it_is_cleared() -> None:
    change = Change()
    both = [asyncio.create_task(change.wait(30)) for _ in range(2)]
    await asyncio.sleep(0)
    change.set()
    assert await asyncio.gather(*both) == [True, True]
    assert await change.wait(30)
    change.clear()
    assert not await change.wait(0)


async def test_nobody_waits_longer_than_he_said() -> None:
    assert not await Change().wait(0.01)


async def test_one_who_is_cancelled_takes_nobody_with_him() -> None:
    change = Change()
    one, other = (asyncio.create_task(change.wait(30)) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    await asyncio.wait({one})
    assert one.cancelled()
    assert not other.done()
    change.set()
    assert await other
