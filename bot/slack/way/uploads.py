"""Files on their way into a conversation (docs.slack.dev/messaging/working-with-files)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.model import Message, say
from bot.slack.way.client import SlackClient
from bot.slack.way.errors import SlackTrouble, Trouble

UPLOAD_S: Final = 60.0  # three requests with their retries


@dataclass(frozen=True, slots=True)
class Upload:
    """One file. `comment` is mrkdwn, the message it comes with; `alt_text` is for pictures, plain,
    of at most 1,000 characters."""

    name: str
    content: bytes
    title: str
    comment: str
    alt_text: str | None = None


class Uploads:
    """Shares files where the bot is a member."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client

    async def share(self, upload: Upload, channel: str, thread_ts: str | None = None) -> None:
        """Upload and post it. `channel` is an id: Slack takes neither a name nor a person here.

        Raises what the SDK and aiohttp raise (`errors.understand` reads it) and TimeoutError.
        """
        await self.share_all([upload], upload.comment, channel, thread_ts)

    async def share_all(
        self,
        uploads: Sequence[Upload],
        comment: str,
        channel: str,
        thread_ts: str | None = None,
    ) -> None:
        """Several files as one message, which says `comment` and not theirs; raises as `share`."""
        files = [
            {
                "filename": upload.name,
                "content": upload.content,
                "title": upload.title,
                "alt_txt": upload.alt_text,
            }
            for upload in uploads
        ]
        async with asyncio.timeout(UPLOAD_S):
            await self._client.web.files_upload_v2(
                channel=channel,
                thread_ts=thread_ts,
                file_uploads=files,
                initial_comment=comment,
            )


def refusal(trouble: SlackTrouble) -> Message:
    """Why a file did not get there, and what to change."""
    if trouble.code == "missing_scope":
        return say(
            "I may not upload files. An administrator adds the scope files:write to the Slack app "
            "and installs it again."
        )
    if trouble.kind is Trouble.CHANNEL:
        return say(
            "I cannot upload a file here ({code}). Invite me with /invite, or ask where "
            "I am a member.",
            code=trouble.code,
        )
    return say("Slack did not take the file ({code}). Try again in a moment.", code=trouble.code)
