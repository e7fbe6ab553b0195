"""Who is not to be alerted of what, put together from people's mutes and the settings' windows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from bot.quiet import Silence, Window, mute_ended, silences, times, window_ended
from bot.spans import Span
from bot.store import Store


class Quietness:
    """Called with a moment, gives the targets that are quiet then. Raises StoreError.

    targets, windows: looked at anew in each call, as settings may change.
    """

    def __init__(
        self, store: Store, targets: Iterable[str], windows: Callable[[], Sequence[Window]]
    ) -> None:
        self._store, self._targets, self._windows = store, targets, windows

    def planned(self, target: str, span: Span) -> Sequence[Span]:
        """When work on a target was planned within a span; what it breaks is no downtime."""
        return [
            found
            for window in self._windows()
            if window.covers(target)
            for found in times(window, span.start, span.end)
        ]

    async def __call__(self, now: datetime) -> Mapping[str, Silence]:
        mutes = await self._store.acts.mutes(now)
        return silences(tuple(self._targets), mutes, self._windows(), now)

    async def ended(self, now: datetime) -> Mapping[str, datetime]:
        """When the latest mute or window of each target ended, of those that are over by now."""
        muting = await self._store.acts.muting()
        windows = self._windows()
        found = {
            name: max(
                filter(None, (mute_ended(muting, name, now), window_ended(windows, name, now))),
                default=None,
            )
            for name in tuple(self._targets)
        }
        return {name: at for name, at in found.items() if at is not None}
