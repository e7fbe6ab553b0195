"""Many that want to the same place: few knock, and who gets in tells the others."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

from bot.watcher.crowd import Crowd

_PAUSE_S = 0.7


def test_a_few_keep_their_pause_and_many_share_ten_attempts_a_second() -> None:
    crowd = Crowd()
    assert crowd.pause_s("a:1", _PAUSE_S) == _PAUSE_S
    with ExitStack() as stack:
        for _ in range(50):
            stack.enter_context(crowd.waiting("a:1", asyncio.Event().set))
        pauses = [crowd.pause_s("a:1", _PAUSE_S) for _ in range(200)]
        assert all(2.5 <= pause <= 5.0 for pause in pauses)
        assert len(set(pauses)) > 1
        assert crowd.pause_s("b:1", _PAUSE_S) == _PAUSE_S  # where nobody else waits
        for _ in range(1000):
            stack.enter_context(crowd.waiting("a:1", asyncio.Event().set))
        assert max(crowd.pause_s("a:1", _PAUSE_S) for _ in range(200)) < 11.0
    assert crowd.pause_s("a:1", _PAUSE_S) == _PAUSE_S  # they are in


async def test_who_gets_through_tells_all_who_wait_for_the_same() -> None:
    crowd, told = Crowd(), asyncio.Event()
    others: list[str] = []
    with crowd.waiting("a:1", told.set), crowd.waiting("b:1", lambda: others.append("b")):
        crowd.got_through("a:1")
        async with asyncio.timeout(20):
            await told.wait()
    crowd.got_through("a:1")  # nobody waits any more
    assert others == []


def test_many_at_the_door_are_a_crowd_until_they_are_in() -> None:
    crowd = Crowd()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(crowd.knocking())
        assert crowd.many
    with crowd.knocking():
        assert not crowd.many
