"""Reminders and mentions: what nobody has acknowledged is said again, in thread and channel.

Nothing is kept here that a restart could lose: what is due follows from the acts in the database
(`bot.quiet.pending`), and what Slack took before a crash is found by its metadata and not repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from bot.model import Act, ActKind
from bot.quiet import Policy, Step, Vigil, due, steps
from bot.slack.alerting.alerts import Turn, at_once
from bot.slack.blocks.common import Reader
from bot.slack.blocks.insistence import called, called_upon, insistence
from bot.slack.blocks.kit import Post
from bot.slack.desk import Quiet
from bot.slack.way.channels import Channels
from bot.slack.way.client import REACHING
from bot.slack.way.errors import Trouble, raise_if_passing, understand
from bot.store import Store, StoreError

INSISTENCE_EVENT: Final = "wsdiag_insistence"

_IDLE_LOOK_S: Final = 60.0
_UNTOLD_LOOK_S: Final = 5.0  # whether the channel has heard of an incident by now
_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 60.0
_STORE_RETRY_S: Final = 5.0
_LOOK_BACK_S: Final = 300.0  # how far Slack's clock and ours may be apart
_WAITED_S: Final = 0.5  # for a turn: another process had it
_NAMED: Final = 100  # incidents in a message's metadata, which Slack bounds
_PRIVATE: Final = ("D", "U", "W")  # people's own channels: what insists goes to the team's

_KINDS: Final = {Step.REMIND: ActKind.REMINDED, Step.MENTION: ActKind.ESCALATED}

_log = logging.getLogger("wsdiag.slack.insistence")


@dataclass(frozen=True, slots=True)
class Insistence:
    """How long silence may last.

    policy: a target's name → what is due when, and whom to mention (as the settings have it).
    ended: a moment → when the latest mute or maintenance of each target ended. Raises StoreError.
    """

    policy: Callable[[str], tuple[Policy, Sequence[str]]]
    ended: Callable[[datetime], Awaitable[Mapping[str, datetime]]]


@dataclass(frozen=True, slots=True)
class _Due:
    """A step to be taken with a message. at: since when it is due. whom: to mention."""

    vigil: Vigil
    at: datetime
    whom: Sequence[str]


_Place = tuple[str, str]  # channel and timestamp of the message of one or several incidents


class Insister:
    """Run `run()` in a task until it is cancelled.

    default_channel: where it is said when an incident's own channel cannot be posted to.
    """

    def __init__(
        self,
        store: Store,
        channels: Channels,
        insistence: Insistence,
        *,
        quiet: Quiet,
        reader: Callable[[str], Reader],
        default_channel: str | None,
        now: Callable[[], datetime],
        turn: Turn = at_once,
        first_retry_s: float = _FIRST_RETRY_S,
    ) -> None:
        self._store, self._channels, self._insistence = store, channels, insistence
        self._quiet, self._reader, self._default = quiet, reader, default_channel
        self._now, self._turn, self._first_retry_s = now, turn, first_retry_s
        self._failures: dict[_Place, tuple[int, datetime]] = {}  # how often, and when again
        self._since: datetime | None = None  # what was due before, somebody else may have said
        self._tried: set[str] = set()  # begun by this process and not recorded

    async def run(self) -> None:
        """Take what is due, then sleep until something may be."""
        while True:
            await self._own_turn()
            self._store.acts.wake.clear()
            try:
                pause_s = await self._look()
            except StoreError as error:
                _log.error("what is due is not known or recorded: %s", error)
                pause_s = _STORE_RETRY_S
            if pause_s <= 0:
                continue
            try:
                async with asyncio.timeout(pause_s):
                    await self._store.acts.wake.wait()
            except TimeoutError:
                pass

    async def _own_turn(self) -> None:
        """Wait while another process insists; what it may have said is in doubt afterwards."""
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        await self._turn()
        if self._since is None or loop.time() - asked_at > _WAITED_S:
            self._since = self._now()

    async def _look(self) -> float:
        """Take what is due with one message, or call; the seconds until the next look.

        One at a time, as somebody may acknowledge meanwhile.
        """
        now = self._now()
        vigils = await self._store.acts.vigils()
        asked = [(v, *self._insistence.policy(v.target)) for v in vigils]
        asked = [(v, policy, whom) for v, policy, whom in asked if policy != Policy()]
        if not asked:
            return _IDLE_LOOK_S
        quiet, ended = await self._quiet(now), await self._insistence.ended(now)
        pause_s = _IDLE_LOOK_S
        ripe: dict[_Place, dict[Step, list[_Due]]] = {}
        for vigil, policy, whom in asked:
            if vigil.target in quiet:
                continue
            if vigil.told_at is None:
                pause_s = min(pause_s, _UNTOLD_LOOK_S)
            loud_since = ended.get(vigil.target)
            moments = dict(steps(vigil, policy, loud_since))
            for at in moments.values():
                if at > now:
                    pause_s = min(pause_s, (at - now).total_seconds())
            for step in due(vigil, policy, loud_since, now):
                if step is Step.CALL:
                    await self._call(vigil)
                    continue
                for place in await self._places(vigil):
                    this = _Due(vigil, moments[step], whom)
                    ripe.setdefault(place, {}).setdefault(step, []).append(this)
        self._failures = {place: f for place, f in self._failures.items() if place in ripe}
        for place, said in ripe.items():
            wait_s = await self._say(place, said)
            if wait_s is None:
                return 0.0
            pause_s = min(pause_s, wait_s)
        return max(0.05, pause_s)

    async def _call(self, vigil: Vigil) -> None:
        act = Act(ActKind.CALLED, vigil.target, None, self._now(), vigil.incident_id)
        await self._store.calls.escalate(act)
        _log.warning("nobody acknowledged the incident of %s: the webhook is called", vigil.target)
        for channel, ts in await self._places(vigil):
            post = called(vigil, self._now(), self._reader(channel).lang)
            try:
                await self._channels.post(channel, post, thread_ts=ts)
            except REACHING as error:
                _log.warning("the thread does not say so: %s", understand(error).code)

    async def _places(self, vigil: Vigil) -> list[_Place]:
        """The incident's message in the team's channel; none if it has none.

        One is enough: of several, whoever looks at the first acknowledges for all.
        """
        shown = await self._store.messages(vigil.incident_id)
        public = [place for place in shown.items() if not place[0].startswith(_PRIVATE)]
        return (public or list(shown.items()))[:1]

    async def _say(self, place: _Place, said: Mapping[Step, Sequence[_Due]]) -> float | None:
        """Say what is due below one message, once for all its incidents. None: it is said; else
        the seconds until the next attempt."""
        count, again_at = self._failures.get(place, (0, self._now()))
        if again_at > self._now():
            return (again_at - self._now()).total_seconds()
        try:
            for step, about in said.items():
                await self._tell(place, step, about)
        except REACHING as error:
            trouble = understand(error)
            wait_s = min(_LONGEST_RETRY_S, self._first_retry_s * 2.0 ** min(count, 10))
            wait_s = max(wait_s, trouble.retry_after_s or 0.0)
            self._failures[place] = count + 1, self._now() + timedelta(seconds=wait_s)
            _log.warning("nobody was reminded in %s: %s", place[0], trouble.code)
            return wait_s
        self._failures.pop(place, None)
        return None

    async def _tell(self, place: _Place, step: Step, about: Sequence[_Due]) -> None:
        kind = _KINDS[step]
        names = {_name(d.vigil, kind): d for d in about}
        since = self._since or self._now()
        doubtful = [d for name, d in names.items() if d.at <= since or name in self._tried]
        known = await self._said(place, step, min(d.at for d in doubtful)) if doubtful else set()
        left = {name: d for name, d in names.items() if name not in known}
        if left:
            self._tried |= left.keys()
            metadata = {
                "event_type": INSISTENCE_EVENT,
                "event_payload": {"step": step.value, "incidents": list(left)[:_NAMED]},
            }
            whom = dict.fromkeys(w for d in left.values() for w in d.whom)
            mentions = [called_upon(w) for w in whom] if step is Step.MENTION else []
            await self._post(place, [d.vigil for d in left.values()], mentions, metadata)
        for name, d in names.items():
            act = Act(kind, d.vigil.target, None, self._now(), d.vigil.incident_id)
            await self._store.acts.add(act)
            self._tried.discard(name)

    async def _post(
        self,
        place: _Place,
        vigils: Sequence[Vigil],
        mentions: Sequence[str],
        metadata: Mapping[str, Any],
    ) -> None:
        """In the thread and the channel; where the thread is gone, in the channel alone; where the
        channel is closed to us, in the default one."""
        channel, ts = place
        now = self._now()
        for route in self._routes(channel):
            lang = self._reader(route).lang
            post = insistence(vigils, mentions, now, lang)
            try:
                await self._send(route, ts, post, metadata)
            except REACHING as error:
                if (
                    understand(error).kind is not Trouble.CHANNEL
                    or route == self._routes(channel)[-1]
                ):
                    raise
            else:
                return

    async def _send(self, channel: str, ts: str, post: Post, metadata: Mapping[str, Any]) -> None:
        try:
            await self._channels.post(
                channel, post, metadata=metadata, thread_ts=ts, reply_broadcast=True
            )
        except REACHING as error:
            if understand(error).kind is not Trouble.MESSAGE:
                raise
            await self._channels.post(channel, post, metadata=metadata)

    async def _said(self, place: _Place, step: Step, due_at: datetime) -> set[str]:
        """Which steps a message tells of already, as far as one can be that old: sent before a
        crash.

        Nothing where the history cannot be read: doubling beats losing.
        """
        channel, ts = place
        found: set[str] = set()
        for route in self._routes(channel):
            try:
                async for message in self._channels.thread(await self._channels.id(route), ts):
                    found |= _told(message, step)
                oldest = due_at.timestamp() - _LOOK_BACK_S
                async for message in self._channels.history(route, oldest):
                    found |= _told(message, step)
            except REACHING as error:
                raise_if_passing(error)
                _log.debug("cannot look for reminders in %s: %s", route, understand(error).code)
        return found

    def _routes(self, channel: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(c for c in (channel, self._default) if c))


def _name(vigil: Vigil, kind: ActKind) -> str:
    """Names the n-th step of its kind in an incident, short enough for many in one message."""
    done = sum(1 for act in vigil.acts if act.kind is kind and act.user is None)
    return f"{vigil.incident_id[:10]}.{done}"


def _told(message: Mapping[str, Any], step: Step) -> set[str]:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != INSISTENCE_EVENT or payload.get("step") != step.value:
        return set()
    return {str(name) for name in payload.get("incidents") or ()}
