"""kill -9 between observing and marking, at every point: nothing is lost and nothing said twice."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.demo.workspace import Channel, Message, Workspace
from tests.servers.process import ChildProcess
from tests.slack.conftest import Stage

Story = Sequence[tuple[str, str, str | None, bool]]
"""What is seen: target, state, cause; whether everything is told before the next is seen."""

ALONE: Story = (
    ("prod", "degraded", None, True),
    ("prod", "down", None, True),
    ("prod", "down", "http_502_upstream_down", True),
    ("prod", "up", None, True),
)
STORM: Story = (
    ("one", "down", None, True),
    ("two", "down", None, False),
    ("three", "down", None, True),
    ("one", "up", None, True),
    ("two", "up", None, False),
    ("three", "up", None, True),
)


@dataclass
class Stand:
    """The workspace, and the process whose children are killed."""

    workspace: Workspace
    script: ChildProcess
    empty: Path
    folder: Path
    runs: int = 0

    async def run(self, order: dict[str, Any]) -> str:
        self.script.lines.clear()
        await self.script.write(json.dumps(order))
        return await self.script.line(lambda line: line.startswith(("killed", "ended")), 60.0)

    def order(self, story: Story, channel: Channel, default: Channel | None) -> dict[str, Any]:
        """With a database of its own."""
        self.runs += 1
        database = self.folder / f"{self.runs}.db"
        shutil.copy(self.empty, database)
        return {
            "api_url": self.workspace.api_url,
            "token": self.workspace.bot_token,
            "database": f"sqlite:///{database}",
            "channel": channel.id,
            "default_channel": default.id if default else None,
            "story": story,
        }

    async def outcome(self, order: dict[str, Any], channel: Channel) -> Outcome:
        root, *more = [m for m in self.workspace.messages(channel) if said(m)["part"] == "root"]
        assert more == []
        with contextlib.closing(
            sqlite3.connect(order["database"].removeprefix("sqlite:///"))
        ) as db:
            (waiting,) = db.execute("SELECT count(*) FROM deliveries WHERE done_at IS NULL")
            assert waiting == (0,)
            opened = {n for (n,) in db.execute("SELECT id FROM deliveries WHERE kind = 'opened'")}
        thread = self.workspace.thread(root)
        told = Counter(n for m in (root, *thread) for n in said(m)["deliveries"])
        assert set(told.values()) == {1}
        assert opened <= told.keys()
        return Outcome(root.text, sorted(said(m)["part"] for m in thread))


@dataclass(frozen=True)
class Outcome:
    """What people see in the end."""

    text: str
    replies: list[str]


def said(message: Message) -> dict[str, Any]:
    assert message.metadata is not None
    payload: dict[str, Any] = message.metadata["event_payload"]
    return payload


@pytest.fixture
async def stand(stage: Stage, empty_database: Path, tmp_path: Path) -> AsyncIterator[Stand]:
    async with ChildProcess([sys.executable, "-m", "tests.slack.kill_script"]) as script:
        yield Stand(stage.workspace, script, empty_database, tmp_path)


@pytest.mark.parametrize("where", ["its-channel", "the-default-channel"])
async def test_an_incident_is_told_once_wherever_the_bot_is_killed(
    stand: Stand, where: str
) -> None:
    points = 0
    for kill_at in range(1, 200):
        channel = told_in = stand.workspace.add_channel(f"kill-{kill_at}")
        default = None
        if where == "the-default-channel":
            stand.workspace.archive(channel)
            default = told_in = stand.workspace.add_channel(f"default-{kill_at}")
        order = stand.order(ALONE, channel, default)
        first = await stand.run({**order, "kill_at": kill_at})
        if first == "killed":
            assert (await stand.run({**order, "kill_at": 0})).startswith("ended ")
        outcome = await stand.outcome(order, told_in)
        assert outcome.text.startswith("prod is up again"), kill_at
        assert outcome.replies == ["recovery", "worse"], kill_at
        if first != "killed":
            points = int(first.split()[1])
            break
    assert points > 15


async def test_a_storm_is_told_once_wherever_the_bot_is_killed(stand: Stand) -> None:
    points = 0
    for kill_at in range(1, 200):
        channel = stand.workspace.add_channel(f"kill-{kill_at}")
        order = stand.order(STORM, channel, None)
        first = await stand.run({**order, "kill_at": kill_at})
        if first == "killed":
            assert (await stand.run({**order, "kill_at": 0})).startswith("ended ")
        outcome = await stand.outcome(order, channel)
        assert outcome.text.startswith("All 3 targets are up again"), kill_at
        assert outcome.replies.count("recovery") == 1, kill_at
        assert 1 <= outcome.replies.count("joined") <= 2, kill_at
        if first != "killed":
            points = int(first.split()[1])
            break
    assert points > 15
