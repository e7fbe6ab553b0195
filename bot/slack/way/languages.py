"""Which language somebody is spoken to in: their choice, their Slack's, the channel's, ours."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from bot.locales import LANGUAGES
from bot.slack.way.channels import is_person
from bot.slack.way.people import Door
from bot.store import PersonSettings, Store, StoreError

_EVERY_S: Final = 30.0

_log = logging.getLogger("wsdiag.slack")


def spoken(locale: str | None) -> str | None:
    """The language of a locale such as `ru-RU`, if it is one of ours."""
    primary = (locale or "").replace("_", "-").split("-")[0].lower()
    return primary if primary in LANGUAGES else None


class Languages:
    """Called with (channel, user), gives a language; see `Desk.language`.

    What was set is kept in memory, as every message asks and none may wait: `load` reads it,
    `chose` follows along, and `follow` reads what was set in other processes on the database.
    """

    def __init__(
        self,
        otherwise: Callable[[str | None, str | None], str],
        door: Door,
        *,
        every_s: float = _EVERY_S,
    ) -> None:
        """`otherwise`: the language of a channel, or of the bot."""
        self._otherwise, self._door, self._every_s = otherwise, door, every_s
        self._people: dict[str, PersonSettings] = {}

    async def load(self, store: Store) -> None:
        """Read what people have set. Raises StoreError."""
        self._people = dict(await store.people.all())

    async def follow(self, store: Store) -> None:
        """Read it again and again until cancelled: each click reaches one process alone."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.load(store)
            except StoreError as error:
                _log.warning("who speaks which language is not read anew: %s", error)

    def chose(self, settings: PersonSettings) -> None:
        """Somebody has just set this."""
        self._people[settings.person] = settings

    def __call__(self, channel: str | None, user: str | None) -> str:
        """With a user, their own language; without, that of the channel, which may be a person."""
        if user is None and channel is not None and is_person(channel):
            user = channel
        return (self.of(user) if user else None) or self._otherwise(channel, None)

    def of(self, user: str) -> str | None:
        """Somebody's own language; None: we do not know, or do not speak it."""
        own = self._people.get(user)
        if own is not None and own.lang is not None:
            return spoken(own.lang)
        known = self._door.known(user)
        locale = known.locale if known else own.locale if own else None
        return spoken(locale)
