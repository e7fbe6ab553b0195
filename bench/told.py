"""What Slack shows, held against what the bot's database says it should show."""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.demo.workspace import Channel, Message, Workspace


def ask(database: Path, query: str) -> list[Any]:
    """The rows of a query, while the bot may be writing."""
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
        return list(connection.execute(query))


def all_told(database: Path) -> bool:
    """Whether no delivery waits and no incident lasts."""
    waiting = ask(database, "SELECT count(*) FROM deliveries WHERE done_at IS NULL")
    lasting = ask(database, "SELECT count(*) FROM incidents WHERE closed_at IS NULL")
    return waiting == lasting == [(0,)]


def count(
    workspace: Workspace, database: Path, places: Sequence[Channel], closed: Channel
) -> dict[str, int]:
    """How many incidents and groups there were, and how often what must not be.

    The first of `places` is the default channel, which takes the news of the `closed` one.
    """
    roots: dict[tuple[str, str], list[Message]] = {}
    told: Counter[int] = Counter()
    over: Counter[tuple[str, str]] = Counter()
    for channel in places:
        for message in workspace.messages(channel):
            payload = _payload(message)
            if payload.get("part") != "root":
                continue
            thread = workspace.thread(message)
            for said in (message, *thread):
                told.update(_payload(said).get("deliveries", ()))
            key = str(payload["incident"]), channel.id
            roots.setdefault(key, []).append(message)
            over[key] += sum(_payload(said).get("part") == "recovery" for said in thread)
    default = places[0].id
    seats = ask(
        database,
        "SELECT i.id, m.group_id, m.channel FROM incidents i"
        " LEFT JOIN members m ON m.incident_id = i.id",
    )

    def place(channel: str) -> str:
        return default if channel == closed.id else channel

    groups = {(group, place(channel)) for _, group, channel in seats}
    shown = {key: roots.get(key, []) for key in groups}
    return {
        "incidents": len({incident for incident, _, _ in seats}),
        "groups": len(groups),
        "lost": sum(not shown[group, place(channel)] for _, group, channel in seats),
        "doubled": sum(max(0, len(found) - 1) for found in shown.values())
        + sum(n - 1 for n in over.values() if n > 1)
        + sum(n > 1 for n in told.values()),
        "stale": sum("up again" not in m.text for found in roots.values() for m in found),
        "unclosed": sum(over[key] == 0 for key in groups)
        + ask(database, "SELECT count(*) FROM incidents WHERE closed_at IS NULL")[0][0],
        "undelivered": ask(database, "SELECT count(*) FROM deliveries WHERE done_at IS NULL")[0][0],
    }


def _payload(message: Message) -> dict[str, Any]:
    metadata = message.metadata or {}
    payload: dict[str, Any] = metadata.get("event_payload") or {}
    return payload
