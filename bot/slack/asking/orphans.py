"""Progress messages of a process that was killed: the next one says so in them."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from bot.slack.blocks.progress import orphaned
from bot.slack.way.client import REACHING, SlackClient
from bot.slack.way.errors import raise_if_passing, understand
from bot.store import Store, StoreError, UnfinishedMessage

_AGAIN_S: Final = 30.0  # while Slack or the database is away

_log = logging.getLogger("wsdiag.slack")


async def finish_orphans(
    client: SlackClient, store: Store, left: list[UnfinishedMessage], again_s: float = _AGAIN_S
) -> None:
    """End every message that was `left`, however long Slack is away.

    left: what was noted before this process took its first request; its own are not among them.
    """
    for message in left:
        while not await _ended(client, store, message):  # noqa: ASYNC110 — Slack is polled
            await asyncio.sleep(again_s)


async def _ended(client: SlackClient, store: Store, message: UnfinishedMessage) -> bool:
    post = orphaned(message.target, message.lang)
    try:
        await client.web.chat_update(
            channel=message.channel, ts=message.ts, **post.edit_arguments()
        )
    except REACHING as error:
        try:
            raise_if_passing(error)
        except REACHING:
            return False
        # Deleted meanwhile, or in a channel that is gone: nobody waits for it there.
        _log.info("an orphaned message stays as it is: %s", understand(error).code)
    try:
        await store.unfinished.remove(message.channel, message.ts)
    except StoreError as error:
        _log.warning("an orphaned message is still noted: %s", error)
        return False
    return True
