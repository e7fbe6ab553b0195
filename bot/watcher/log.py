"""The connection log: one line on every change, in the legend of the guide.

Lines go to the logger `wsdiag.connection`. Each carries fields (`event`, `target`, `transport`,
`attempt`, `reason` …) for `--log-format json`. The same failure again and again is logged at DEBUG
but for every power of two, so that an outage of a night fills no disk. What is not DEBUG is also
kept in memory, the last lines of it, for whoever hands an incident over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot.model import Transport

KEPT: Final = 120  # lines of a target: hours of an outage, since repeated failures are no lines

logger = logging.getLogger("wsdiag.connection")

CONNECTING, CONNECTED, ERROR, RECONNECTING, HEARTBEAT, DISCONNECTED = (
    "🔌",
    "✅",
    "❌",
    "🔄",
    "💓",
    "⚠",
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that is kept; `text` begins with the sign and does not name the target."""

    at: datetime
    text: str


class ConnectionLog:
    """The log of one target. `url` must be free of user info and query."""

    def __init__(
        self,
        target: str,
        url: str,
        log: logging.Logger = logger,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._target = target
        self._url = url
        self._log = log
        self._now = now
        self._last_error: str | None = None
        self._kept: list[LogLine] = []  # an empty deque would take ten times as much

    def tail(self) -> tuple[LogLine, ...]:
        """The last lines, the oldest first."""
        return tuple(self._kept)

    def connecting(self, attempt: int) -> None:
        """An attempt begins; the second and later ones are reconnections."""
        if attempt == 1:
            self._say(
                logging.INFO, CONNECTING, "connecting", f"connecting to {self._url}", attempt=1
            )
            return
        level = logging.DEBUG if attempt & (attempt - 1) else logging.INFO
        self._say(
            level, RECONNECTING, "reconnecting", f"reconnecting, attempt {attempt}", attempt=attempt
        )

    def connected(self, transport: Transport, attempt: int, took_s: float) -> None:
        """The namespace is open."""
        self._last_error = None
        self._say(
            logging.INFO,
            CONNECTED,
            "connected",
            f"connected over {transport} in {took_s * 1000:.0f} ms",
            transport=transport.value,
            attempt=attempt,
            duration_ms=round(took_s * 1000, 1),
        )

    def failed(self, reason: str, detail: str, attempt: int) -> None:
        """An attempt came to nothing."""
        repeated = reason == self._last_error and attempt & (attempt - 1)
        self._last_error = reason
        self._say(
            logging.DEBUG if repeated else logging.WARNING,
            ERROR,
            "error",
            f"cannot connect: {_with(reason, detail)}",
            reason=reason,
            detail=detail,
            attempt=attempt,
        )

    def disconnected(self, reason: str, detail: str, after_s: float) -> None:
        """A connection that was open ended."""
        self._say(
            logging.WARNING,
            DISCONNECTED,
            "disconnected",
            f"disconnected after {after_s:.1f} s: {_with(reason, detail)}",
            reason=reason,
            detail=detail,
            duration_ms=round(after_s * 1000, 1),
        )

    def heartbeat(self, rtt_ms: float) -> None:
        """A heartbeat was answered."""
        if self._log.isEnabledFor(logging.DEBUG):
            self._say(
                logging.DEBUG,
                HEARTBEAT,
                "heartbeat",
                f"heartbeat answered in {rtt_ms:.1f} ms",
                rtt_ms=round(rtt_ms, 2),
            )

    def keep_alive(self) -> None:
        """The app's own keep-alive was sent."""
        self._say(logging.DEBUG, HEARTBEAT, "keep-alive", "keep-alive sent")

    def suspicious(self, waited_s: float) -> None:
        """A heartbeat was not answered in time; the connection is still held."""
        self._say(
            logging.WARNING,
            HEARTBEAT,
            "heartbeat-missed",
            f"no answer to a heartbeat for {waited_s:.1f} s",
            duration_ms=round(waited_s * 1000, 1),
        )

    def alive_again(self, after_s: float) -> None:
        """The answer came after all."""
        self._say(
            logging.INFO,
            HEARTBEAT,
            "heartbeat-late",
            f"answers again after {after_s:.1f} s",
            duration_ms=round(after_s * 1000, 1),
        )

    def _say(self, level: int, sign: str, event: str, text: str, **fields: object) -> None:
        if level > logging.DEBUG:
            if len(self._kept) == KEPT:
                del self._kept[0]
            self._kept.append(LogLine(self._now(), f"{sign} {text}"))
        self._log.log(
            level,
            "%s %s: %s",
            sign,
            self._target,
            text,
            extra={"event": event, "target": self._target, **fields},
        )


def _with(reason: str, detail: str) -> str:
    return f"{reason} ({detail})" if detail else reason
