"""A target's past as a picture: read, drawn and uploaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.charts import Artist, Picture, alt_text, compose, longest_sample_s, summary
from bot.charts.clock import Clock, Zone
from bot.charts.words import title
from bot.slack.blocks.mrkdwn import escape
from bot.slack.way.uploads import Upload, Uploads
from bot.spans import Span
from bot.store import Store

_SESSIONS: Final = 2_000
_COMMENT: Final = 600


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose language and clock a picture speaks."""

    lang: str
    zone: Zone

    @property
    def clock(self) -> Clock:
        """The clock on their wall."""
        return Clock.of(self.zone, self.lang)


class Pictures:
    """Reads, draws and uploads. `planned`: when work on a target was planned within a span."""

    def __init__(
        self,
        store: Store,
        uploads: Uploads,
        artist: Artist,
        *,
        planned: Callable[[str, Span], Sequence[Span]],
        now: Callable[[], datetime],
    ) -> None:
        self._store, self._uploads, self._artist = store, uploads, artist
        self._planned, self._now = planned, now

    async def compose(self, target: str, length: timedelta) -> Picture:
        """What a picture of the latest time shows. Raises StoreError."""
        span = Span.until(self._now(), length)
        past = await self._store.history.past(target, span, longest_s=longest_sample_s(length))
        sessions = await self._store.history.sessions(target, since=span.start, limit=_SESSIONS)
        planned = self._planned(target, span)
        return compose(target, span, past.samples, sessions, past.incidents, maintenance=planned)

    async def share(
        self, picture: Picture, viewer: Viewer, channel: str, thread_ts: str | None
    ) -> None:
        """Draw and upload it.

        Raises DrawingError, what the SDK and aiohttp raise, and TimeoutError.
        """
        drawn = await self._artist.draw(picture, viewer.zone, viewer.lang)
        upload = Upload(
            name=f"{file_name(picture)}.png",
            content=drawn,
            title=title(picture, viewer.lang),
            comment=escape(summary(picture, viewer.clock), _COMMENT),
            alt_text=alt_text(picture, viewer.clock),
        )
        await self._uploads.share(upload, channel, thread_ts)


def file_name(picture: Picture) -> str:
    """A name that every system takes, and that sorts: `prod-2026-11-26T2130`."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in picture.target)
    return f"{kept.strip('-')[:60] or 'target'}-{picture.end:%Y-%m-%dT%H%M}"
