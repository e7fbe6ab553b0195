"""What comes of an attempt. Pure.

A receiver that is away for hours gets everything when it is back. One that refuses a single event
again and again must not keep the following ones from being told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

EXPIRES: Final = timedelta(hours=24)
LONGEST_S: Final = 300.0
REFUSALS: Final = 8  # of one event, over some minutes

# The receiver understood, and does not want this one (RFC 9110, 15.5): asking again helps little.
_REFUSED: Final = frozenset({400, 404, 405, 406, 410, 411, 413, 414, 415, 422})


class Outcome(StrEnum):
    """How a call ends, as it is kept."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNWANTED = "unwanted"  # the webhook was taken out of the settings


@dataclass(frozen=True, slots=True)
class Answer:
    """status: None where there was no HTTP answer. retry_after_s: what the receiver asks for."""

    status: int | None
    retry_after_s: float | None = None


def judge(answer: Answer, attempts: int, age: timedelta, first_retry_s: float) -> Outcome | float:
    """An outcome, or the seconds to wait before the next attempt.

    attempts: failed ones before this. age: since it happened.
    """
    if answer.status is not None and 200 <= answer.status < 300:
        return Outcome.DELIVERED
    if answer.status in _REFUSED and attempts + 1 >= REFUSALS:
        return Outcome.REFUSED
    if age >= EXPIRES:
        return Outcome.EXPIRED
    wait_s = min(LONGEST_S, first_retry_s * 2.0 ** min(attempts, 16))
    return max(wait_s, min(answer.retry_after_s or 0.0, LONGEST_S * 12))
