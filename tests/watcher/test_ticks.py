"""One timer for many."""

from __future__ import annotations

import asyncio

from bot.watcher.ticks import TICK_S, Ticks


async def test_what_is_due_together_is_called_in_one_turn_and_what_was_cancelled_is_not() -> None:
    ticks, called = Ticks(), asyncio.Event()
    order: list[str] = []
    for name in "abc":
        ticket = ticks.later(TICK_S, lambda name=name: order.append(name))  # type: ignore[misc]
        if name == "b":
            ticket.cancel()
    ticks.later(3 * TICK_S, called.set)
    async with asyncio.timeout(20):
        await called.wait()
    assert order == ["a", "c"]


async def test_one_that_fails_stops_no_other_and_is_reported() -> None:
    ticks, called = Ticks(), asyncio.Event()
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _loop, context: reported.append(context["exception"]))

    def fail() -> None:
        raise ValueError("a bug")

    ticks.later(TICK_S, fail)
    ticks.later(TICK_S, called.set)
    async with asyncio.timeout(20):
        await called.wait()
    assert [type(error) for error in reported] == [ValueError]
