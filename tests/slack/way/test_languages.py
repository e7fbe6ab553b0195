"""Which language somebody is spoken to in, when several processes share a database."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime

from bot.slack.way.access import Policy
from bot.slack.way.client import SlackClient
from bot.slack.way.languages import Languages
from bot.slack.way.people import Door
from tests.slack.conftest import Stage

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def rename(stage: Stage, name: str, other: str) -> None:
    with contextlib.closing(sqlite3.connect(stage.store.place, timeout=10)) as connection:
        connection.execute(f"ALTER TABLE {name} RENAME TO {other}")


async def test_a_language_chosen_in_another_process_is_spoken_soon(stage: Stage) -> None:
    door = Door(SlackClient(stage.access()), Policy())
    languages = Languages(lambda _channel, _user: "en", door, every_s=0.01)
    await languages.load(stage.store)
    following = asyncio.create_task(languages.follow(stage.store))
    assert languages(None, "U1") == "en"
    await asyncio.to_thread(rename, stage, "people", "lost")  # a database in trouble ends nothing
    await asyncio.sleep(0.05)
    await asyncio.to_thread(rename, stage, "lost", "people")
    await stage.store.people.speak("U1", "ru", None, NOW)
    async with asyncio.timeout(15):
        while languages(None, "U1") != "ru":  # noqa: ASYNC110  a database has no event
            await asyncio.sleep(0.01)
    following.cancel()
    await asyncio.wait({following})
