"""How soon a slash command is acknowledged while 20 diagnoses run in the same process.

The bot and the workspace share one event loop with the diagnoses, as bot and diagnoses do in
production; the workspace's own work counts against the figure.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from pydantic import SecretStr

from bench.figures import Figure, median
from bot.demo.backend import BreakableBackend
from bot.demo.workspace import Workspace
from bot.diagnose import diagnose
from bot.guide import GuideLinks
from bot.model import Message, Target, say
from bot.probes import SUITE
from bot.slack import Bindings, SlackAccess, SlackBot
from bot.slack.way.access import Policy
from bot.store import Store

RUNNING = 20
LIMIT_MS = 50.0
_COMMANDS_A_TIME = 5
_START_S = 20.0
_LONGEST_S = 120.0


async def figures(times: int) -> list[Figure]:
    """One figure from at least `times` × 5 commands, each typed once the last is acknowledged.

    Goes on until every diagnosis has been through its whole life twice.
    """
    samples: list[float] = []
    finished = 0

    async def again(target: Target) -> None:
        nonlocal finished
        while True:
            await diagnose(target)
            finished += 1

    async with BreakableBackend() as backend, _bot(backend.url) as workspace:
        targets = [Target(name=f"t{n}", url=backend.url) for n in range(RUNNING)]
        load = [asyncio.create_task(again(target)) for target in targets]
        try:
            await asyncio.sleep(1)  # the suites are under way
            deadline = time.monotonic() + _LONGEST_S
            while len(samples) < times * _COMMANDS_A_TIME or finished < 2 * RUNNING:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"only {finished} diagnoses ended in {_LONGEST_S:.0f} s")
                begun = time.perf_counter()
                outcome = await workspace.command("mira", "ops", "/wsdiag", "status")
                samples.append((time.perf_counter() - begun) * 1000)
                if outcome.error:
                    raise RuntimeError(f"the command was not acknowledged: {outcome.error}")
            ended = [task for task in load if task.done()]
            if ended:
                raise RuntimeError(f"a diagnosis ended: {ended[0].exception()!r}")
        finally:
            for task in load:
                task.cancel()
            await asyncio.gather(*load, return_exceptions=True)
    text = f"median, {RUNNING} suites running, {finished} finished meanwhile"
    return [Figure("ack of a slash command", median(samples), LIMIT_MS, text, samples)]


@contextlib.asynccontextmanager
async def _bot(url: str) -> AsyncIterator[Workspace]:
    """A workspace with the bot connected to it."""
    workspace = Workspace(rate_limits=False)
    workspace.add_channel("ops", members=[workspace.add_user("mira")])
    with tempfile.TemporaryDirectory(prefix="wsdiag-bench-") as folder:
        async with (
            workspace,
            await Store.open(f"sqlite+aiosqlite:///{Path(folder) / 'bench.db'}") as store,
        ):
            access = SlackAccess(
                bot_token=SecretStr(workspace.bot_token),
                app_token=SecretStr(workspace.app_token),
                api_url=workspace.api_url,
            )
            bot = SlackBot(access, _bindings(url, store))
            await bot.start()
            running = asyncio.create_task(bot.run())
            try:
                async with asyncio.timeout(_START_S):
                    await bot.wait_connected()
                yield workspace
            finally:
                await bot.stop()
                await running
                await bot.close()


def _bindings(url: str, store: Store) -> Bindings:
    async def adhoc(text: str) -> Target | Message:
        return say("{url} is no target, and its host is not allowed.", url=text)

    return Bindings(
        targets={"backend": Target(name="backend", url=url)},
        store=store,
        diagnose=diagnose,
        suite=[row.name for row in SUITE],
        statuses=tuple,
        adhoc=adhoc,
        links=GuideLinks(None, None),
        policy=Policy(),
        language=lambda _channel, _user: "en",
    )
