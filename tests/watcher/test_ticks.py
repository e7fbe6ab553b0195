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


class _Member:
    def __init__(self, *, answers: bool, fails: bool = False) -> None:
        self.answered, self.beats, self.misses = True, 0, 0
        self._answers, self._fails = answers, fails

    def beat(self, _now: float) -> None:
        self.beats += 1
        self.answered = self._answers
        if self._fails:
            raise ValueError("a bug")

    def missed(self) -> None:
        self.misses += 1


async def test_members_of_a_round_beat_together_and_only_silence_is_missed() -> None:
    ticks = Ticks()
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    members = [_Member(answers=True, fails=True), _Member(answers=True), _Member(answers=False)]
    rounds = [ticks.join(member, 2 * TICK_S, TICK_S) for member in members]
    assert len(set(map(id, rounds))) == 2  # spread over the ticks of a beat
    async with asyncio.timeout(20):
        while min(m.beats for m in members) < 3 or members[2].misses < 2:  # noqa: ASYNC110
            await asyncio.sleep(TICK_S)
    assert [m.misses > 0 for m in members] == [False, False, True]


async def test_who_has_left_beats_no_more_and_a_round_can_be_joined_again() -> None:
    ticks, gone, late = Ticks(), _Member(answers=True), _Member(answers=True)
    ticks.join(gone, TICK_S, 0.0).leave(gone)
    await asyncio.sleep(3 * TICK_S)  # nobody is in it: it rests
    assert gone.beats == 0
    ticks.join(late, TICK_S, 0.0)
    async with asyncio.timeout(20):
        while late.beats < 2:  # noqa: ASYNC110
            await asyncio.sleep(TICK_S)
    assert gone.beats == 0
