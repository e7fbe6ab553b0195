"""A bot's watching half as a process of its own, to be killed: argv are database URL and target."""

from __future__ import annotations

import asyncio
import sys

from bot.diagnose import diagnose
from bot.model import Target
from bot.store import Store
from bot.watcher import Watchers
from tests.watcher.conftest import QUICK, WATCH


async def main(url: str, target_url: str) -> None:
    async with await Store.open(url) as store:
        watchers = Watchers(store=store, diagnose=diagnose, channel="C1", pace=QUICK)
        await watchers.run([Target("prod", target_url, watch=WATCH)])


asyncio.run(main(*sys.argv[1:]))
