"""200 random faults with kills of the bot in between, and a Slack that fails: who hears what?

Targets fail alone and in storms, degrade, get worse and recover; Slack answers 429 and 500, cuts
connections before and after it did what was asked, hangs, and is away for a while; one channel is
archived, so that its news go to the default one; the bot is killed (SIGKILL) every second or so. In
the end every incident must have been posted once and closed once, and every message must show what
is true. The seed is printed: `WSDIAG_CHAOS_SEED` makes the same again, as far as time allows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.figures import Figure
from bench.told import all_told, count
from bench.troubles import alongside, trouble_slack
from bot.causes import CATALOGUE
from bot.demo.workspace import Channel, Workspace
from tests.servers.process import ChildProcess

FAULTS = 200
TARGETS = 40
CAUSES = tuple(sorted(CATALOGUE))
POST_GAP_S = 0.2  # the pace is the same thing at any speed
_PATIENCE_S = 240.0  # until all is told in the end


@dataclass
class World:
    """What is true of the targets, written where the bot looks."""

    path: Path
    state: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    faults: int = 0

    def set(self, name: str, state: str, code: str | None = None) -> None:
        self.state[name] = (state, code)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.state), encoding="utf-8")
        fresh.replace(self.path)

    def well(self) -> list[str]:
        return [name for name, (state, _) in self.state.items() if state == "up"]


async def figures(times: int) -> list[Figure]:
    """Counts of what must not be; `times` below 9 make it shorter."""
    seed = int(os.environ.get("WSDIAG_CHAOS_SEED") or random.randrange(1_000_000))
    faults = FAULTS if times >= 9 else max(10, FAULTS * times // 9)
    print(f"      chaos: seed {seed}, {faults} faults", flush=True)
    return await _Chaos(random.Random(seed), faults).run()


class _Chaos:
    def __init__(self, dice: random.Random, faults: int) -> None:
        self._dice, self._wanted = dice, faults
        self._kills = 0
        self._troubles: Counter[str] = Counter()

    async def run(self) -> list[Figure]:
        """All of it; counts as figures whose limit is none."""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="wsdiag-chaos-") as folder:
            async with Workspace(rate_limits=False) as workspace:
                self._workspace = workspace
                self._world = World(Path(folder) / "truth.json")
                self._database = Path(folder) / "wsdiag.db"
                default = workspace.add_channel("ops")
                places = [default, workspace.add_channel("team"), workspace.add_channel("old")]
                workspace.archive(places[2])
                names = [f"t{n}" for n in range(TARGETS)]
                for name in names:
                    self._world.set(name, "up")
                order = self._order(default, {n: self._dice.choice(places).id for n in names})
                async with ChildProcess(
                    [sys.executable, "-m", "bench.chaos_bot", json.dumps(order)]
                ) as bot:
                    await self._storm(bot)
                    await self._calm(bot)
                counts = count(workspace, self._database, places, places[2])
        took = time.monotonic() - began
        text = (
            f"{counts.pop('incidents')} incidents of {self._world.faults} faults in"
            f" {counts.pop('groups')} messages, {self._kills} kills,"
            f" {sum(self._troubles.values())} troubles of Slack, {took:.0f} s"
        )
        return [Figure(f"chaos: {name}", n, 0, text, unit="") for name, n in counts.items()]

    def _order(self, default: Channel, channels: dict[str, str]) -> dict[str, Any]:
        return {
            "api_url": self._workspace.api_url,
            "token": self._workspace.bot_token,
            "database": f"sqlite:///{self._database}",
            "truth": str(self._world.path),
            "default_channel": default.id,
            "channels": channels,
            "began": time.time(),
            "post_gap_s": POST_GAP_S,
        }

    # ------------------------------------------------------------ making it happen

    async def _storm(self, bot: ChildProcess) -> None:
        await self._start(bot)
        troubles = trouble_slack(self._workspace, self._dice, self._troubles)
        async with alongside(self._kill_now_and_then(bot)), alongside(troubles):
            healing: set[asyncio.Task[None]] = set()
            while self._world.faults < self._wanted:
                await asyncio.sleep(self._dice.uniform(0.1, 0.9))
                well = self._world.well()
                many = self._dice.random() < 0.15
                hit = self._dice.sample(
                    well, min(len(well), self._dice.randint(3, 10) if many else 1)
                )
                code = self._dice.choice(CAUSES)
                for name in hit:
                    healing.add(asyncio.create_task(self._fault(name, code)))
                self._world.faults += len(hit)
            await asyncio.wait(healing)

    async def _fault(self, name: str, code: str | None) -> None:
        state = self._dice.choice(["down", "down", "degraded"])
        self._world.set(name, state, code)
        await asyncio.sleep(self._dice.uniform(0.3, 8.0))
        if state == "degraded" and self._dice.random() < 0.6:
            self._world.set(name, "down", code)
            await asyncio.sleep(self._dice.uniform(0.2, 5.0))
        elif self._dice.random() < 0.3:
            self._world.set(name, "down", self._dice.choice(CAUSES))
            await asyncio.sleep(self._dice.uniform(0.2, 5.0))
        self._world.set(name, "up")

    async def _start(self, bot: ChildProcess) -> None:
        bot.lines.clear()
        await bot.write("again")
        await bot.line(lambda line: line.startswith("started"))

    async def _kill_now_and_then(self, bot: ChildProcess) -> None:
        while True:
            await asyncio.sleep(self._dice.uniform(0.3, 6.0))
            await self._start(bot)  # which kills the one before
            self._kills += 1

    async def _calm(self, bot: ChildProcess) -> None:
        """Slack works, the targets are well, the bot lives: until everything is told."""
        self._workspace.faults.clear()
        with contextlib.suppress(Exception):
            await self._workspace.come_back()
        await self._start(bot)
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            await asyncio.sleep(0.5)
            if all_told(self._database):
                return
