"""Events come once: Slack sends again what it thinks was not taken, at once and after minutes.

https://docs.slack.dev/apis/events-api#retries. Commands and interactions are not sent again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from slack_bolt.response import BoltResponse

_MOST: Final = 2_000  # a retry comes within six minutes


class Once:
    """A middleware for Bolt that acknowledges an event which was taken before, and goes no further.

    It looks at the event's id, which stays the same through all retries and over every socket.
    """

    def __init__(self) -> None:
        self._taken: OrderedDict[str, None] = OrderedDict()

    async def middleware(
        self,
        body: Mapping[str, Any],
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002
    ) -> BoltResponse:
        """Bolt gives the arguments by their names."""
        event_id = body.get("event_id") if body.get("type") == "event_callback" else None
        if not isinstance(event_id, str):
            return await next()
        if event_id in self._taken:
            return BoltResponse(status=200, body="")
        self._taken[event_id] = None
        while len(self._taken) > _MOST:
            self._taken.popitem(last=False)
        return await next()
