"""The bot of `bench.chaos`: sees what a file says, records it, tells it; killed again and again.

A warm process forks the bot anew for each line on its stdin, and kills the one before, so that a
restart costs no start of an interpreter. argv[1] is the order (JSON).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.guide import GuideLinks
from bot.incidents import observe
from bot.model import Group, Member, Observation, State
from bot.slack.alerting.alerts import Alerts
from bot.slack.alerting.incident_messages import IncidentMessages
from bot.slack.alerting.rounds import Pace
from bot.slack.blocks.alert import root
from bot.slack.blocks.common import Reader
from bot.slack.way.channels import Channels
from bot.slack.way.client import SlackAccess, SlackClient
from bot.store import NewDelivery, Store
from tests.servers.process import die_with_parent
from tests.slack.reports import report

LOOK_S = 0.03
FASTER = 300.0  # the targets' time, so that what flaps settles within seconds


def targets_time(began: float) -> datetime:
    """The moment at the targets, for a bench that began then (seconds since the epoch)."""
    now = datetime.now(UTC).timestamp()
    return datetime.fromtimestamp(began + (now - began) * FASTER, UTC)


async def bot(order: dict[str, Any]) -> None:
    """Watch and deliver until killed."""
    access = SlackAccess(SecretStr(order["token"]), SecretStr("xapp-1"), api_url=order["api_url"])
    async with await Store.open(order["database"]) as store, SlackClient(access) as client:
        messages = IncidentMessages(
            Channels(client, post_gap_s=order["post_gap_s"]),
            reader=lambda _: Reader("en", GuideLinks()),
            default_channel=order["default_channel"],
        )
        lease = store.lease("delivery")
        pace = Pace(first_retry_s=0.5, edit_gap_s=0.3, join_gap_s=1.0, doubt_s=1.0)
        alerts = Alerts(store, messages, now=lambda: datetime.now(UTC), turn=lease.turn, pace=pace)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(lease.run())
            tasks.create_task(alerts.run())
            tasks.create_task(watch(order, store))


async def watch(order: dict[str, Any], store: Store) -> None:
    """Look at the truth again and again, as a watcher would."""
    states = {name: await store.load(name) for name in order["channels"]}
    truth = Path(order["truth"])  # a small file: read at once
    last = targets_time(order["began"])
    while True:
        at = max(last + timedelta(milliseconds=1), targets_time(order["began"]))
        last = at
        for name, (state, code) in json.loads(truth.read_bytes()).items():  # noqa: ASYNC240
            look = report(State(state), name=name, url=f"https://{name}.example", code=code)
            seen = Observation(name, at, State(state), look)
            after, told = observe(states[name], seen, at)
            if after.revision != states[name].revision:
                news = [NewDelivery(order["channels"][name], t) for t in told]
                await store.record(after, told, news)
            states[name] = after
        await asyncio.sleep(LOOK_S)


def main() -> None:
    """Fork a bot for each line; the one before is killed."""
    logging.basicConfig(level=logging.CRITICAL)
    order = json.loads(sys.argv[1])
    member = Member("i", "prod", datetime.now(UTC), None, State.DOWN, report().verdict.cause)
    root(Group("i", "C1", None, (member,), report()), Reader("en", GuideLinks()))  # warms up
    child = 0
    for _ in sys.stdin:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        child = os.fork()
        if child == 0:
            die_with_parent()
            try:
                asyncio.run(bot(order))
            finally:
                os._exit(1)
        print(f"started {child}", flush=True)


if __name__ == "__main__":
    main()
