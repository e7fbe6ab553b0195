"""The App Home: every target and how it is, when someone opens the tab."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.jobs import JobsBusyError, JobsClosedError
from bot.slack.access import Deed, Where
from bot.slack.blocks.kit import VIEW_BLOCKS, Block, divider, section
from bot.slack.blocks.status import status
from bot.slack.blocks.usage import usage
from bot.slack.client import REACHING
from bot.slack.desk import COMMAND, Desk
from bot.slack.errors import understand
from bot.slack.mrkdwn import sentence
from bot.slack.posting import Place

_log = logging.getLogger("wsdiag.slack")


def register(app: AsyncApp, desk: Desk, web: AsyncWebClient) -> None:
    """Let `app` fill the Home tab."""

    async def on_opened(event: Mapping[str, Any]) -> None:
        if event.get("tab") != "home" or not event.get("user"):
            return
        user = str(event["user"])
        try:
            desk.jobs.start(f"home of {user}", show(desk, web, user))
        except (JobsBusyError, JobsClosedError):
            _log.warning("a Home tab was left as it was: too many jobs, or the process ends")

    app.event("app_home_opened")(on_opened)


async def show(desk: Desk, web: AsyncWebClient, user: str) -> None:
    """Publish the tab for one person."""
    reader = desk.reader(Place(channel=user, user=user))
    refused = await desk.door.refusal(Deed.CHECK, user, Where(user))
    blocks: list[Block]
    if refused is not None:
        blocks = [section(sentence(refused, reader.lang))]
    else:
        states = status(desk.statuses(), reader.lang).blocks
        words = usage(COMMAND, tuple(desk.targets), reader.lang).blocks
        blocks = [*states, divider(), *words]
    try:
        await web.views_publish(user_id=user, view={"type": "home", "blocks": blocks[:VIEW_BLOCKS]})
    except REACHING as error:
        _log.warning("Slack did not take a Home tab: %s", understand(error).code)
