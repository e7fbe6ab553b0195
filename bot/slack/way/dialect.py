"""A Web API client that says a message in older blocks where Slack does not take the newer ones.

What a workspace refused once is not tried again while the process lives. Refused blocks were not
accepted, so that asking once more posts nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack.blocks.older import newer_kinds, older

_REFUSALS: Final = frozenset({"invalid_blocks", "invalid_blocks_format"})

_log = logging.getLogger("wsdiag.slack")


class Dialect:
    """Which kinds of blocks this workspace refuses; shared by the clients of a process."""

    def __init__(self) -> None:
        self.refused: frozenset[str] = frozenset()

    async def said(
        self,
        call: Callable[..., Awaitable[AsyncSlackResponse]],
        arguments: dict[str, Any],
    ) -> AsyncSlackResponse:
        """Call with the blocks as they are; again in older ones if that is what is in the way."""
        blocks = arguments.get("blocks") or []
        if not blocks:
            return await call(**arguments)
        spoken = older(blocks, self.refused)
        try:
            return await call(**{**arguments, "blocks": spoken})
        except SlackApiError as error:
            newer = newer_kinds(spoken)
            if not newer or error.response.get("error") not in _REFUSALS:
                raise
        answer = await call(**{**arguments, "blocks": older(spoken, newer)})
        # Only now it is known that it was the kind of the blocks and not what is in them.
        self.refused |= newer
        _log.warning("Slack takes no %s blocks here: older ones do", " or ".join(sorted(newer)))
        return answer


class SpeakingClient(AsyncWebClient):
    """`chat.postMessage` and `chat.update` in the dialect of the workspace."""

    def __init__(self, dialect: Dialect, **options: Any) -> None:
        super().__init__(**options)
        self._dialect = dialect

    async def chat_postMessage(self, **arguments: Any) -> AsyncSlackResponse:  # noqa: N802
        """As the SDK's."""
        return await self._dialect.said(super().chat_postMessage, arguments)

    async def chat_update(self, **arguments: Any) -> AsyncSlackResponse:
        """As the SDK's."""
        return await self._dialect.said(super().chat_update, arguments)
