"""Modals: opened within the three seconds of a click, and what they carry through to the answer.

A modal's answer comes without a conversation, so the place it was opened from travels in its
private metadata (docs.slack.dev/surfaces/modals, at most 3000 characters), with opaque ids.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Message, say
from bot.slack.blocks.kit import Block
from bot.slack.blocks.progress import notice
from bot.slack.desk import Desk
from bot.slack.way.client import REACHING
from bot.slack.way.errors import understand
from bot.slack.way.posting import Place, ResponseUrl

FORM_REFUSED: Final = say("Slack did not open the form. Click once more.")

_log = logging.getLogger("wsdiag.slack")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a modal was opened about, and where its answer is answered."""

    place: Place
    about: Mapping[str, str]  # opaque ids, by what they are of

    def id(self, name: str) -> str:
        """One of the ids; empty where an older version's modal knew none."""
        return self.about.get(name, "")


def metadata(place: Place, **about: str) -> str:
    """What a view keeps of `place`, and of what it is about."""
    return json.dumps(
        {
            **about,
            "channel": place.channel,
            "channel_name": place.channel_name,
            "thread": place.thread_ts,
            "answer_to": place.response.url if place.response else None,
        }
    )


def asked(body: Mapping[str, Any]) -> Asked:
    """What `metadata` kept, from the body of a submission.

    Slack gives the metadata back as it was; of an older version it may lack something.
    """
    user = str((body.get("user") or {}).get("id", ""))
    try:
        kept = json.loads((body.get("view") or {}).get("private_metadata") or "{}")
    except ValueError:
        kept = {}
    answer_to = kept.get("answer_to")
    place = Place(
        channel=str(kept.get("channel") or user),
        user=user,
        channel_name=kept.get("channel_name"),
        thread_ts=kept.get("thread"),
        response=ResponseUrl(str(answer_to)) if answer_to else None,
    )
    return Asked(place, {key: str(value) for key, value in kept.items() if value is not None})


def answer(body: Mapping[str, Any], block: str, action: str) -> Mapping[str, Any]:
    """What was entered into one input; empty where there is no such input."""
    state: Mapping[str, Any] = (body.get("view") or {}).get("state") or {}
    given = (state.get("values") or {}).get(block, {}).get(action)
    return given if isinstance(given, Mapping) else {}


async def show(
    desk: Desk,
    web: AsyncWebClient,
    view: Block,
    trigger_id: str,
    place: Place,
    *,
    refused: Message = FORM_REFUSED,
) -> bool:
    """Open a modal; where Slack does not, say `refused` to the person alone."""
    try:
        await web.views_open(trigger_id=trigger_id, view=view)
    except REACHING as error:
        _log.warning("a modal was refused: %s", understand(error).code)
        await desk.poster.whisper(place, notice(refused, desk.reader(place).lang))
        return False
    return True
