"""Who someone is, asked of Slack and remembered for a few minutes."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

from bot.model import Message, say
from bot.slack.way.access import Deed, Person, Policy, Where, person, refusal
from bot.slack.way.client import CALL_DEADLINE_S, REACHING, SlackClient, TokenRefused
from bot.slack.way.errors import understand

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

REMEMBERED_S: Final = 300.0
_REMEMBERED: Final = 2_000


class Remembered(Generic[K, V]):
    """A bounded memory whose entries age; `clock` gives seconds that never go back."""

    def __init__(
        self, *, for_s: float, most: int = _REMEMBERED, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._for_s, self._most, self._clock = for_s, most, clock
        self._entries: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What was remembered, unless it is too old."""
        entry = self._entries.get(key)
        if entry is None or self._clock() - entry[0] > self._for_s:
            self._entries.pop(key, None)
            return None
        return entry[1]

    def put(self, key: K, value: V) -> V:
        """Remember; the oldest entry makes room."""
        self._entries[key] = (self._clock(), value)
        self._entries.move_to_end(key)
        while len(self._entries) > self._most:
            self._entries.popitem(last=False)
        return value


class Door:
    """Says who may, by a policy and what Slack knows of the person. Refuses when in doubt."""

    def __init__(
        self,
        client: SlackClient,
        policy: Policy,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._policy = policy
        self._people: Remembered[str, Person] = Remembered(for_s=REMEMBERED_S, clock=clock)
        self._groups: Remembered[str, frozenset[str]] = Remembered(for_s=REMEMBERED_S, clock=clock)

    async def welcome(self, deed: Deed, user: str) -> bool | None:
        """Whether somebody may by what they are, wherever they are; None: Slack does not tell."""
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                who = await self._person(user)
                groups = await self._groups_of(user, self._policy.rule(deed).groups)
        except (TokenRefused, *REACHING):
            return None
        return refusal(self._policy, deed, who, groups, Where(user)) is None

    async def refusal(self, deed: Deed, user: str, where: Where) -> Message | None:
        """Why this user may not do this here; None: they may."""
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                who = await self._person(user)
                groups = await self._groups_of(user, self._policy.rule(deed).groups)
        except TokenRefused:
            return say(
                "Slack no longer accepts the bot's token, so I cannot check who may do this."
            )
        except REACHING as error:
            return say(
                "Slack did not tell me who you are ({error}). Try again in a moment.",
                error=understand(error).code,
            )
        return refusal(self._policy, deed, who, groups, where)

    def known(self, user: str) -> Person | None:
        """Who this is, if that was asked a short while ago: whoever was admitted is known."""
        return self._people.get(user)

    def open_to_all(self, deed: Deed) -> bool:
        """Whether every full member may, so that nobody in particular has to be asked for."""
        return self._policy.rule(deed).open

    async def name(self, user: str) -> str:
        """How somebody is called, for texts that mention nobody; the id where Slack does not say.

        Never raises: who did something is told by what is known.
        """
        try:
            async with asyncio.timeout(CALL_DEADLINE_S):
                return (await self._person(user)).name or user
        except (TokenRefused, *REACHING):
            return user

    async def _person(self, user: str) -> Person:
        known = self._people.get(user)
        if known is not None:
            return known
        home = (await self._client.identity()).organisation
        answer = await self._client.web.users_info(user=user, include_locale=True)
        return self._people.put(user, person(answer["user"], home))

    async def _groups_of(self, user: str, listed: frozenset[str]) -> frozenset[str]:
        """Which of the listed user groups the user is in."""
        found = set()
        for group in sorted(listed):
            members = self._groups.get(group)
            if members is None:
                answer = await self._client.web.usergroups_users_list(usergroup=group)
                members = self._groups.put(group, frozenset(answer.get("users") or ()))
            if user in members:
                found.add(group)
        return frozenset(found)
