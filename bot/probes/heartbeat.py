"""A held session's own clock: when its pings came, how long it was quiet, when it must be dead."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from bot.evidence import EioOpen
from bot.net.errors import since_ms

DEFAULT_INTERVAL_MS: Final = 25_000  # of a Socket.IO server that is told nothing
DEFAULT_TIMEOUT_MS: Final = 20_000
HOLD_MAX_S: Final = 120.0
HOLD_MIN_S: Final = 3.0  # of a lab's heartbeat: the sampler needs a dozen samples to say anything
_SLACK: Final = 0.25  # of the heartbeat: a timer of a busy server is late as well
_SLACK_MIN_S: Final = 0.5
_KEPT_PINGS: Final = 64


def hold_s(opened: EioOpen | None) -> float:
    """How long to hold a session: two heartbeats of the server, within bounds."""
    return min(HOLD_MAX_S, max(HOLD_MIN_S, 2 * _beat_s(opened)))


def _beat_s(opened: EioOpen | None) -> float:
    interval = opened.ping_interval_ms if opened else None
    timeout = opened.ping_timeout_ms if opened else None
    return ((interval or DEFAULT_INTERVAL_MS) + (timeout or DEFAULT_TIMEOUT_MS)) / 1_000


@dataclass(slots=True)
class Heartbeat:
    """Of one session, from its OPEN on. `round_trip_s` is the path's."""

    opened: EioOpen
    round_trip_s: float
    began: float = field(default_factory=time.monotonic)
    pings_ms: list[float] = field(default_factory=list)
    talked_ms: float = 0.0
    survived_ms: float = 0.0
    _pinged: float | None = None

    def talk(self) -> None:
        """Somebody said something just now."""
        now = since_ms(self.began)
        self.survived_ms = max(self.survived_ms, now - self.talked_ms)
        self.talked_ms = now

    def ping(self) -> None:
        """The server's ping has come."""
        self.talk()
        self._pinged = time.monotonic()
        self.pings_ms.append(since_ms(self.began))
        del self.pings_ms[:-_KEPT_PINGS]

    @property
    def dead_at(self) -> float:
        """time.monotonic() from which on a client takes the server for dead.

        socket.io-client waits pingInterval + pingTimeout after the last ping; we wait a little
        longer, for what is called dead must be.
        """
        beat = _beat_s(self.opened)
        slack = max(_SLACK_MIN_S, _SLACK * beat) + 3 * self.round_trip_s
        return (self._pinged or self.began) + beat + slack
