"""Whatever breaks, is muted, worked on and delivered when: nothing is lost, nobody told twice.

Mutes are acts in the database, windows are those of the settings, and what the newsroom delivers
goes to the workspace, which at times takes a message and loses the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.composition.quietness import Quietness
from bot.demo.workspace import Message
from bot.model import Act, ActKind, State
from bot.quiet import Window
from bot.spans import Span
from tests.slack.newsroom import Newsroom, part_of

_STORY = count()
_LETTERS = ("a", "b")
_PAGING = ("root", "joined", "worse")

_Step = tuple[State | str, str, float, str | None]
"""What happens, to which target, after or for how long, and how it is delivered then, if at all."""

_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *(State.UP, State.DEGRADED, State.DOWN, State.UNKNOWN),
                *("mute", "mute until up", "unmute", "window"),
            )
        ),
        st.sampled_from(_LETTERS),
        st.sampled_from((1.0, 20.0, 300.0)),
        st.sampled_from((None, "deliver", "deliver", "lose the answer", "fail")),
    ),
    min_size=2,
    max_size=10,
)


@dataclass
class Story:
    """Two targets of which no other story has heard."""

    newsroom: Newsroom
    number: int = field(default_factory=lambda: next(_STORY))
    windows: list[Window] = field(default_factory=list)
    others: int = 0  # targets that have nothing to do with it
    known: int = 0  # messages of which it was checked that they were due

    def __post_init__(self) -> None:
        self.targets = {letter: f"{letter}{self.number:04}" for letter in _LETTERS}
        quietness = Quietness(self.newsroom.store, self.targets.values(), lambda: self.windows)
        self.newsroom.quietness = quietness
        self.known = len(self.paged())

    async def step(self, step: State | str, target: str, seconds: float) -> None:
        now = self.newsroom.clock
        match step:
            case State():
                await self.newsroom.observe(step, target, after_s=seconds)
            case "mute":
                until = now + timedelta(seconds=30 * seconds)
                await self.act(ActKind.MUTED, target, until=until)
            case "mute until up":
                state = self.newsroom.states.get(target)
                if state is not None and state.incident is not None:
                    await self.act(ActKind.MUTED, target, incident_id=state.incident.id)
            case "unmute":
                await self.act(ActKind.UNMUTED, target)
            case "window":
                until = now + timedelta(seconds=30 * seconds)
                self.windows.append(Window(Span(now, until), frozenset({target})))

    async def deliver(self, how: str | None) -> None:
        """Deliver or not, and what Slack does the first time."""
        faults = self.newsroom.workspace.faults
        match how:
            case None:
                return
            case "lose the answer":
                faults.drop(method="chat.postMessage", after=True)
            case "fail":
                faults.server_error(1)
        await self.tell()
        faults.clear()

    async def act(self, kind: ActKind, target: str, **given: object) -> None:
        done = Act(kind, target, "U1", self.newsroom.clock, **given)  # type: ignore[arg-type]
        await self.newsroom.store.acts.add(done)

    async def tell(self) -> None:
        """A process that delivers whatever may be told now; nobody hears what must wait."""
        quiet = await self.newsroom.quiet()
        if quiet:  # once this is told, all before it had their turn
            self.others += 1
            name = f"z{self.number:04}-{self.others}"
            await self.newsroom.observe(
                State.DOWN, name, code="http_502_upstream_down", after_s=0.0
            )
        async with self.newsroom.delivering(), asyncio.timeout(15):
            while any(  # noqa: ASYNC110  a database has no event
                d.target not in quiet for d in await self.newsroom.store.pending()
            ):
                await asyncio.sleep(0.005)
        fresh = self.paged()[self.known :]
        self.known += len(fresh)
        for message in fresh:
            about = {name for name in quiet if name in message.text or name in str(message.blocks)}
            assert not about, f"{about} are quiet, and people were told: {message.text}"

    def paged(self) -> list[Message]:
        """What people were notified of."""
        return [m for m in self.newsroom.told() if part_of(m) in _PAGING]

    async def end(self) -> None:
        """All quiet is over, and everything that is to be told is told."""
        self.newsroom.clock += timedelta(days=1)
        for target in self.targets.values():
            await self.act(ActKind.UNMUTED, target)
        async with self.newsroom.delivering():
            await self.newsroom.delivered()

    async def check(self) -> None:
        names = self.targets.values()
        roots = [m for m in self.newsroom.roots() if any(n in m.text for n in names)]
        for target in names:
            state = self.newsroom.states.get(target)
            shown = [m for m in roots if target in str(m.blocks)]
            if state is not None and state.incident is not None:
                places = await self.newsroom.store.messages(state.incident.id)
                assert places, f"{target} is {state.state} and nobody was told"
                (root,) = (m for m in shown if m.ts == places[self.newsroom.channel])
                assert "up again" not in root.text
            else:
                assert not any(f"{target} is down" in m.text for m in shown)
        for root in roots:
            said = Counter(part_of(m) for m in self.newsroom.workspace.thread(root))
            assert said["recovery"] == ("up again" in root.text), root.text
        told = Counter(n for message in self.newsroom.told() for n in _deliveries(message))
        assert not [number for number, times in told.items() if times > 1]


@contextlib.asynccontextmanager
async def a_story(newsroom: Newsroom) -> AsyncIterator[Story]:
    story = Story(newsroom)
    try:
        yield story
    finally:
        newsroom.quietness = None
        newsroom.workspace.faults.clear()


def _worse_while(quiet: str) -> list[_Step]:
    """It gets worse, and another one breaks, while nobody wants to hear of either."""
    return [
        (State.DEGRADED, "a", 20.0, "deliver"),
        (quiet, "a", 300.0, None),
        (quiet, "b", 300.0, None),
        (State.DOWN, "b", 20.0, "deliver"),
        (State.DOWN, "a", 20.0, "lose the answer"),
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(_worse_while("mute"))
@example(_worse_while("window"))
@example([*_worse_while("mute"), (State.UP, "b", 1.0, "deliver"), (State.UP, "a", 1.0, "fail")])
@given(_STEPS)
async def test_in_the_end_each_open_incident_is_shown_and_nothing_was_told_twice(
    newsroom: Newsroom, steps: list[_Step]
) -> None:
    async with a_story(newsroom) as story:
        for step, letter, seconds, how in steps:
            await story.step(step, story.targets[letter], seconds)
            await story.deliver(how)
        await story.end()
        await story.check()


def _deliveries(message: Message) -> Sequence[int]:
    payload = (message.metadata or {}).get("event_payload") or {}
    found: Sequence[int] = payload.get("deliveries") or ()
    return found
