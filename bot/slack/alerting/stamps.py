"""What an incident's messages carry, so that they are found again: whose, which, of what.

It is metadata, which people do not see and Slack gives back to the app that wrote it
(docs.slack.dev/messaging/message-metadata).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from bot.model import Group

ALERT_EVENT: Final = "wsdiag_delivery"

_LOOK_BACK_S: Final = 300.0  # how far Slack's clock and ours may be apart


class Part(StrEnum):
    """What a message is to its group, as its metadata says."""

    ROOT = "root"
    JOINED = "joined"  # in the thread and the channel: who is in it as well
    WORSE = "worse"  # in the thread and the channel
    RECOVERY = "recovery"  # in the thread: once for each group


def stamp(group_id: str, part: Part, deliveries: Collection[int]) -> Mapping[str, Any]:
    """The metadata of a message."""
    payload = {"incident": group_id, "deliveries": sorted(deliveries), "part": part.value}
    return {"event_type": ALERT_EVENT, "event_payload": payload}


def is_part(message: Mapping[str, Any], group_id: str, part: Part) -> bool:
    """Whether a message is this part of the group."""
    payload = _payload(message)
    return payload.get("incident") == group_id and payload.get("part") == part.value


def told_by(message: Mapping[str, Any]) -> frozenset[int]:
    """The deliveries that a message tells of."""
    found = _payload(message).get("deliveries")
    return (
        frozenset(n for n in found if isinstance(n, int))
        if isinstance(found, list)
        else frozenset()
    )


def not_before(group: Group, now: datetime) -> float | None:
    """Where to begin in a channel's history; None: at its beginning, as our clock was set back
    since, and what it said then is no bound."""
    return None if group.began > now else group.began.timestamp() - _LOOK_BACK_S


def _payload(message: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    if metadata.get("event_type") != ALERT_EVENT:
        return {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload
