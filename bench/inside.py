"""The bot and its workspace where a bench's network is: `python -m bench.inside JSON`.

JSON: {"folder", "targets": {NAME: URL}, "ca", "interval_s"}. Prints JSON lines: {"event", "at",
"who", "cause"} for what the bot logs, {"event": "post", "at", "text"} for every message that
appears in the channel, and {"event": "ready", "at"} once every target is held and looked at.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import uvloop

from bench.processes import Bot, Event
from bot.demo.workspace import Workspace

_PATIENCE_S = 180.0


class _Told(Bot):
    """A bot whose events are printed as they come."""

    def event(self, said: dict[str, Any]) -> Event | None:
        event = super().event(said)
        if event is not None:
            cause = said.get("cause")
            _print(event.name, event.at, who=event.who, cause=cause, text=said.get("message"))
        return event


async def main(options: dict[str, Any]) -> None:
    """Run until stdin ends."""
    async with Workspace() as workspace:
        channel = workspace.add_channel("ops", members=[workspace.add_user("mira")])
        toml = f'channel = "{channel.id}"\ncontrol_urls = ["{workspace.base_url}"]\n' + "".join(
            f'[targets.{name}]\nurl = "{url}"\nca_file = "{options["ca"]}"\n'
            f"watch = {{ interval_s = {options['interval_s']} }}\n"
            for name, url in options["targets"].items()
        )
        posts = asyncio.create_task(_posts(workspace))
        async with _Told(Path(options["folder"]), workspace, toml) as bot:
            await _ready(bot, len(options["targets"]))
            _print("ready", time.time())
            await asyncio.to_thread(sys.stdin.read)
        posts.cancel()


async def _ready(bot: Bot, count: int) -> None:
    await bot.until(lambda: bot.open_connections() == count, _PATIENCE_S)
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            looked = (await bot.metrics()).get("wsdiag_target_last_check_timestamp_seconds", {})
            if len(looked) == count:
                return
            await asyncio.sleep(0.3)


async def _posts(workspace: Workspace) -> None:
    seen = 0
    while True:
        await workspace.wait_for(lambda n=seen: len(workspace.messages("ops")) > n, 1e6)  # type: ignore[misc]
        for message in workspace.messages("ops")[seen:]:
            _print("post", time.time(), text=message.text)
            seen += 1


def _print(event: str, at: float, **fields: object) -> None:
    print(json.dumps({"event": event, "at": at, **fields}), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(json.loads(sys.argv[1])))
