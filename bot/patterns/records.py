"""What is remembered of a target: its held connections, and samples of how it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.evidence import Ending
from bot.model import Reason, Transport

MINUTE_S = 60
FIVE_MINUTES_S = 300
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Session:
    """One held connection. One that is still open has `Ending.OPEN` and ends "now".

    code: of the close frame, or the HTTP status where an exchange of polling failed.
    age_s, idle_s: by a clock that nobody sets; `idle_s` is the time since the last message in
        either direction (WebSocket pings are none), None where it is not known.
    keep_alives: how many of the app's own keep-alive events went over it.
    failed_before, failure_before: attempts that came to nothing between the connection before and
        this one, and why the first of them did.
    """

    target: str
    ended_at: datetime
    age_s: float
    transport: Transport
    ending: Ending
    reason: Reason | None = None
    code: int | None = None
    idle_s: float | None = None
    keep_alives: int = 0
    connect_ms: float | None = None
    failed_before: int = 0
    failure_before: Reason | None = None

    @property
    def began_at(self) -> datetime:
        """When it was opened."""
        return self.ended_at - timedelta(seconds=self.age_s)


@dataclass(frozen=True, slots=True)
class Sample:
    """How a target was during `span_s` seconds from `at` on. Times in ms are medians.

    n: how many round trips were measured. websocket, polling: seconds that the connection was held
    over each. up, degraded, down: seconds in each state; what is missing was unknown.
    lag_ms: the worst delay of our own event loop, which adds to whatever was measured meanwhile.
    """

    target: str
    at: datetime
    span_s: int
    n: int = 0
    rtt_ms: float | None = None
    worst_ms: float | None = None
    connect_ms: float | None = None
    health_ms: float | None = None
    lag_ms: float = 0.0
    websocket_s: float = 0.0
    polling_s: float = 0.0
    up_s: float = 0.0
    degraded_s: float = 0.0
    down_s: float = 0.0
