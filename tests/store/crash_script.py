"""Outages recorded and delivered as fast as it goes, to be killed at any moment.

argv[1] is the database's URL. Every line is printed after the step is durable: `opened ID`,
`delivered N`, `closed ID`.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from bot.incidents import TargetState, observe
from bot.model import Observation, State
from bot.store import NewDelivery, Store
from tests.store.conftest import START, a_report


def say(*words: object) -> None:
    print(*words, flush=True)  # noqa: T201


async def record(store: Store, state: TargetState, seen: State) -> TargetState:
    moment = (state.seen_at or START) + timedelta(hours=1)  # too seldom to be flapping
    observation = Observation("prod", moment, seen, a_report(seen, "tcp_refused", 0))
    after, told = observe(state, observation, moment)
    await store.record(after, told, [NewDelivery("C1", transition) for transition in told])
    for transition in told:
        say(transition.kind.value, transition.incident_id)
    return after


async def main(url: str) -> None:
    async with await Store.open(url) as store:
        state = await store.load("prod")
        while True:
            state = await record(store, state, State.UP if state.incident else State.DOWN)
            for delivery in await store.pending():
                await store.mark_delivered([delivery.id], START)
                say("delivered", delivery.id)


asyncio.run(main(sys.argv[1]))
