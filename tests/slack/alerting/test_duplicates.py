"""What a killed process had asked for may be carried out when it was told anew already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.model import State
from tests.slack.newsroom import Newsroom, part_of

OFTEN = tuple([0.2] * 40)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not true():  # noqa: ASYNC110  the workspace changes by calls of the bot's
            await asyncio.sleep(0.02)


async def test_a_message_that_comes_late_is_removed_and_the_one_that_is_kept_up_to_date_stays(
    newsroom: Newsroom,
) -> None:
    newsroom.looks_s = OFTEN
    await newsroom.observe(State.DOWN)
    sent = await newsroom.died_while_sending()
    async with newsroom.delivering():
        await newsroom.delivered()
        (root,) = newsroom.roots()
        late = await newsroom.accept(sent, "root")
        assert len(newsroom.roots()) == 2
        await until(lambda: len(newsroom.roots()) == 1)
        (left,) = newsroom.roots()
        assert (left.ts, left.ts != late) == (root.ts, True)
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")


async def test_a_reply_that_comes_late_is_removed(newsroom: Newsroom) -> None:
    newsroom.looks_s = OFTEN
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    await newsroom.observe(State.UP)
    sent = await newsroom.died_while_sending()
    async with newsroom.delivering():
        await newsroom.delivered()
        (first,) = newsroom.workspace.thread(root)
        await newsroom.accept(sent, "recovery", root.ts)
        await until(lambda: len(newsroom.workspace.thread(root)) == 1)
    assert [m.ts for m in newsroom.workspace.thread(root)] == [first.ts]


async def test_a_message_that_somebody_has_answered_stays(newsroom: Newsroom) -> None:
    newsroom.looks_s = (0.3, 0.3)
    await newsroom.observe(State.DOWN)
    sent = await newsroom.died_while_sending()
    async with newsroom.delivering():
        await newsroom.delivered()
        late = await newsroom.accept(sent, "root")
        mira = newsroom.workspace.user("mira")
        await newsroom.workspace.say(mira.id, "ops", "I am on it", thread_ts=late)
        before = len(newsroom.workspace.called("conversations.history"))
        await until(lambda: len(newsroom.workspace.called("conversations.history")) >= before + 2)
        await asyncio.sleep(0.3)
    assert len(newsroom.roots()) == 2


async def test_where_its_own_message_was_deleted_nothing_else_is_removed(
    newsroom: Newsroom,
) -> None:
    newsroom.looks_s = (0.3,)
    await newsroom.observe(State.DOWN)
    sent = await newsroom.died_while_sending()
    async with newsroom.delivering():
        await newsroom.delivered()
        (root,) = newsroom.roots()
        newsroom.workspace.delete_message(root)
        late = await newsroom.accept(sent, "root")
        before = len(newsroom.workspace.called("conversations.history"))
        await until(lambda: len(newsroom.workspace.called("conversations.history")) > before)
        await asyncio.sleep(0.3)
    assert [m.ts for m in newsroom.roots()] == [late]
    assert [part_of(m) for m in newsroom.roots()] == ["root"]
