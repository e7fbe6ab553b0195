"""Rate limits as token buckets: per method tier, and one message a second per channel.

https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bot.demo.workspace.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` calls at once, then `per_minute`."""

    per_minute: float
    burst: int


class Tier(Enum):
    """Slack's tiers. SPECIAL is auth.test and its like, POSTING is chat.postMessage."""

    ONE = "1"
    TWO = "2"
    THREE = "3"
    FOUR = "4"
    SPECIAL = "special"
    POSTING = "posting"


# The promised minimum: nobody may rely on more.
RATES: Mapping[Tier, Rate] = {
    Tier.ONE: Rate(1, 10),  # "a small amount of burst behavior is tolerated"
    Tier.TWO: Rate(20, 20),
    Tier.THREE: Rate(50, 50),
    Tier.FOUR: Rate(100, 100),
    Tier.SPECIAL: Rate(300, 300),  # "hundreds of requests per minute"
    Tier.POSTING: Rate(300, 300),  # workspace-wide, beside the limit per channel
}
PER_CHANNEL = Rate(60, 1)  # chat.postMessage: one message a second in each channel


class _Bucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self.tokens = float(rate.burst)
        self.at = now

    def take(self, now: float) -> float:
        """Take a token: 0, or the seconds until there is one."""
        per_second = self.rate.per_minute / 60
        self.tokens = min(self.rate.burst, self.tokens + (now - self.at) * per_second)
        self.at = now
        # A hair of tolerance: a caller that waits exactly as told must not be refused again.
        if self.tokens >= 1 - 1e-6:
            self.tokens -= 1
            return 0.0
        return (1 - self.tokens) / per_second


class Limits:
    """The buckets of one app. `enabled` can be switched at any time."""

    def __init__(
        self,
        clock: Clock,
        *,
        enabled: bool = True,
        per_channel: Rate = PER_CHANNEL,
        tiers: Mapping[Tier, Rate] | None = None,
    ) -> None:
        self.enabled = enabled
        self._clock = clock
        self._per_channel = per_channel
        self._tiers = {**RATES, **(tiers or {})}
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, method: str, tier: Tier, channel: str | None = None) -> int | None:
        """Count a call.

        Returns:
            None when it may go on, else whole seconds for `Retry-After` (at least 1).
        """
        if not self.enabled:
            return None
        wait = self._take(("method", method), self._tiers[tier])
        if wait == 0.0 and channel is not None:
            wait = self._take(("channel", channel), self._per_channel)
        return max(1, math.ceil(wait)) if wait else None

    def _take(self, key: tuple[str, str], rate: Rate) -> float:
        now = self._clock.now()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(rate, now)
        return bucket.take(now)
