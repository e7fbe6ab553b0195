"""What the bot says of itself in the default channel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.guide import GuideLinks
from bot.model import Notice, NoticeKind
from bot.slack.alerting.notices import NoticeTeller
from bot.slack.blocks.common import Reader
from bot.slack.blocks.notice import notice as drawn
from bot.slack.way.channels import Channels
from bot.slack.way.client import SlackClient
from bot.store import Store
from tests.slack.conftest import Stage

NOW = datetime.now(UTC)


def _ops(stage: Stage) -> str:
    return stage.workspace.channel("ops").id


def a_notice(kind: NoticeKind, detail: str = "") -> Notice:
    return Notice(kind, NOW, NOW - timedelta(minutes=12), detail)


@contextlib.asynccontextmanager
async def telling(stage: Stage, store: Store) -> AsyncIterator[None]:
    async with SlackClient(stage.access()) as client:
        teller = NoticeTeller(
            store,
            Channels(client, post_gap_s=0.0),
            channel=_ops(stage),
            reader=lambda _: Reader("en", GuideLinks()),
            now=lambda: datetime.now(UTC),
            first_retry_s=0.01,
        )
        task = asyncio.create_task(teller.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})


async def told(store: Store) -> None:
    async with asyncio.timeout(30):
        while await store.notices.pending():  # noqa: ASYNC110  a database has no event
            await asyncio.sleep(0.02)


async def test_a_time_without_a_watch_is_told_once(stage: Stage, store: Store) -> None:
    await store.notices.add(a_notice(NoticeKind.BLIND))
    async with telling(stage, store):
        await told(store)
    (message,) = stage.workspace.messages(_ops(stage))
    assert message.text.startswith("I was not running for 12 min")


@pytest.mark.parametrize("trouble", ["internal_error", "invalid_arguments", "not_in_channel"])
async def test_what_slack_refuses_at_first_is_told_later(
    stage: Stage, store: Store, trouble: str
) -> None:
    stage.workspace.faults.error(trouble, 3, method="chat.postMessage")
    await store.notices.add(a_notice(NoticeKind.OUR_NETWORK))
    await store.notices.add(a_notice(NoticeKind.SETTINGS_REFUSED, "<!channel> url: nonsense"))
    async with telling(stage, store):
        await told(store)
    first, second = stage.workspace.messages(_ops(stage))
    assert first.text.startswith("My own network is broken")
    assert second.text.startswith("The changed settings cannot be used")


async def test_what_an_earlier_process_has_sent_is_not_sent_again(
    stage: Stage, store: Store
) -> None:
    await store.notices.add(a_notice(NoticeKind.BLIND))
    stage.workspace.faults.drop(after=True, method="chat.postMessage")
    async with telling(stage, store):
        await told(store)
    assert len(stage.workspace.messages(_ops(stage))) == 1


def test_text_from_outside_is_escaped() -> None:
    post = drawn(a_notice(NoticeKind.SETTINGS_REFUSED, "<!channel> & <@U1>"), "ru")
    assert "&lt;!channel&gt; &amp; &lt;@U1&gt;" in str(post.blocks)


@pytest.mark.parametrize("kind", NoticeKind)
@pytest.mark.parametrize("lang", ["en", "ru"])
def test_every_notice_has_its_sentence(kind: NoticeKind, lang: str) -> None:
    assert drawn(a_notice(kind), lang).text.endswith((".", "…"))
