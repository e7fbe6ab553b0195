"""A bot's way from observing to telling, killed at a chosen point of it.

One warm process forks a child for each line on its stdin, so that a run costs no start of an
interpreter. A line is JSON: the database, Slack's address and token, the channels, the story (what
is seen, in order) and `kill_at`: the number of the point at which the child kills itself, 0 for
never. Points are where the world outside is about to change: before each commit that writes, and
before each call that posts or edits. Between two of them a kill leaves the same behind.

Printed for each line: `killed`, or `ended N` with the number of points that were passed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event

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
from bot.store import Keep, NewDelivery, Store
from bot.store import engine as engines
from tests.slack.reports import report

START = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)


@dataclass
class Points:
    """Counts, and dies at the one chosen."""

    kill_at: int
    passed: int = 0

    def pass_one(self) -> None:
        self.passed += 1
        if self.passed == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch_store(self, store: Store) -> None:
        """Before each commit of something written."""
        engine, written = store._engine.sync_engine, set()

        def executing(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
                written.add(connection)

        def committing(connection: Any) -> None:
            if connection in written:
                written.discard(connection)
                self.pass_one()

        event.listen(engine, "before_cursor_execute", executing)
        event.listen(engine, "commit", committing)

    def watch_slack(self, client: SlackClient) -> None:
        """Before each call that changes something there."""
        call: Callable[..., Awaitable[Any]] = client.careful.api_call

        async def counted(method: str, *args: Any, **kwargs: Any) -> Any:
            if method.startswith("chat."):
                self.pass_one()
            return await call(method, *args, **kwargs)

        client.careful.api_call = counted  # type: ignore[method-assign]


async def play(order: dict[str, Any]) -> int:
    """See what the story says, from where the database has it, and tell it all."""
    points = Points(order["kill_at"])
    clock = itertools.count()

    def now() -> datetime:  # every moment is another one, and postponed is never for long
        return datetime.now(UTC) + timedelta(minutes=next(clock))

    access = SlackAccess(SecretStr(order["token"]), SecretStr("xapp-1"), api_url=order["api_url"])
    url = engines.parse(order["database"])  # its tables are there: nothing to bring up to date
    async with Store(engines.create(url), "it", Keep()) as store, SlackClient(access) as client:
        points.watch_store(store)
        points.watch_slack(client)
        messages = IncidentMessages(
            Channels(client, post_gap_s=0.0),
            reader=lambda _: Reader("en", GuideLinks()),
            default_channel=order["default_channel"],
        )
        alerts = Alerts(store, messages, now=now, pace=Pace(0.01, 0.01, 0.0, 0.0, 0.0))
        telling = asyncio.create_task(alerts.run())
        states = {name: await store.load(name) for name, *_ in order["story"]}
        seen = sum(state.revision for state in states.values())
        if seen and order["story"][seen - 1][3]:
            await told_everything(store)
        for step, (name, state, code, wait) in enumerate(order["story"]):
            if step < seen:
                continue
            at = START + timedelta(seconds=step)
            look = report(State(state), name=name, code=code)
            observed = Observation(name, at, State(state), look)
            states[name], told = observe(states[name], observed, at)
            await store.record(states[name], told, [NewDelivery(order["channel"], t) for t in told])
            if wait:
                await told_everything(store)
        await told_everything(store)
        telling.cancel()
        await asyncio.wait({telling})
    return points.passed


async def told_everything(store: Store) -> None:
    while (await store.outbox()).depth:  # noqa: ASYNC110  a database has no event
        await asyncio.sleep(0.005)


def warm_up() -> None:
    """Read catalogues and evaluate what is made once, before the first fork."""
    member = Member("i", "prod", START, None, State.DOWN, report().verdict.cause)
    root(Group("i", "C1", None, (member,), report()), Reader("en", GuideLinks()))


def main() -> None:
    warm_up()
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            try:
                passed = asyncio.run(play(json.loads(line)))
                os.write(writer, str(passed).encode())
            finally:
                os._exit(0)
        os.close(writer)
        _, status = os.waitpid(child, 0)
        said = os.read(reader, 100).decode()
        os.close(reader)
        words = "killed" if os.WIFSIGNALED(status) else f"ended {said or 'badly'}"
        print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
