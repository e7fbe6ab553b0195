"""Whatever is muted and unmuted when: nothing is lost, and nobody is told anything twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.demo.workspace import Message
from bot.model import State
from tests.slack.newsroom import Newsroom

_STORY = count()
_STEPS = st.lists(
    st.tuples(
        st.sampled_from((State.UP, State.DEGRADED, State.DOWN, "mute", "unmute", "deliver")),
        st.sampled_from(("a", "b", "c")),
    ),
    max_size=14,
)


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_STEPS)
async def test_in_the_end_each_open_incident_is_shown_and_nothing_was_told_twice(
    newsroom: Newsroom, steps: list[tuple[State | str, str]]
) -> None:
    story = next(_STORY)
    names = {letter: f"{letter}{story}" for letter in "abc"}
    newsroom.hushed = set()
    for step, letter in steps:
        target = names[letter]
        match step:
            case "mute":
                newsroom.hushed.add(target)
            case "unmute":
                newsroom.hushed.discard(target)
            case "deliver":
                async with newsroom.delivering():
                    await _settled(newsroom)
            case State():
                await newsroom.observe(step, target)
    newsroom.hushed = set()
    async with newsroom.delivering():
        await newsroom.delivered()
    for target in names.values():
        state = newsroom.states.get(target)
        shown = [m for m in newsroom.roots() if target in str(m.blocks)]
        if state is not None and state.incident is not None:
            places = await newsroom.store.messages(state.incident.id)
            assert places, f"{target} is {state.state} and nobody was told"
            (root,) = (m for m in shown if m.ts == places[newsroom.channel])
            assert target in str(root.blocks)
        else:
            assert not any(f"{target} is down" in m.text for m in shown)
    told = Counter(number for message in newsroom.told() for number in _deliveries(message))
    assert not [number for number, times in told.items() if times > 1]


async def _settled(newsroom: Newsroom) -> None:
    """Wait until nothing is left but what must wait."""
    async with asyncio.timeout(15):
        while any(  # noqa: ASYNC110  a database has no event
            d.target not in newsroom.hushed for d in await newsroom.store.pending()
        ):
            await asyncio.sleep(0.02)


def _deliveries(message: Message) -> Sequence[int]:
    payload = (message.metadata or {}).get("event_payload") or {}
    found: Sequence[int] = payload.get("deliveries") or ()
    return found
