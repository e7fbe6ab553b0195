"""Who is told of a target by direct message: those who asked for it, and may know of it still."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.model import Target
from bot.slack.way.access import Deed
from bot.slack.way.channels import is_person
from bot.slack.way.people import Door
from bot.store import Store


class Followers:
    """Called with a channel, gives the targets that are not to be told there.

    Of a person's own channel those are the targets they have left since, and all of them as long as
    they may not check: what is known of a target is for those who may ask for it. In every other
    channel nothing is hushed. Raises StoreError.
    """

    def __init__(self, store: Store, door: Door, targets: Mapping[str, Target]) -> None:
        self._store, self._door, self._targets = store, door, targets

    async def __call__(self, channel: str) -> Collection[str]:
        if not is_person(channel):
            return ()
        followed = await self._store.people.followed(channel)
        if followed and await self._door.welcome(Deed.CHECK, channel):
            return self._targets.keys() - followed
        return tuple(self._targets)
