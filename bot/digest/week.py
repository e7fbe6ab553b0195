"""What a week of a channel's targets comes to. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Final

from bot.incidents import Incident
from bot.model import Target
from bot.spans import Span
from bot.uptime import Availability

_RECURRING: Final = 2  # a cause that came once is no frequent one, a target with one no noisy one


@dataclass(frozen=True, slots=True)
class TargetWeek:
    """One target: incidents that opened in the week, the oldest first.

    first_seen: the first moment of the week that anything is known of; None: nothing is.
    """

    target: Target
    availability: Availability
    incidents: Sequence[Incident]
    first_seen: datetime | None = None

    @property
    def dark_s(self) -> float:
        """Seconds that nobody watched since somebody did: before, there was nobody to do so."""
        if self.first_seen is None:
            return 0.0
        before_s = (self.first_seen - self.availability.span.start).total_seconds()
        return max(0.0, self.availability.unknown_s - max(0.0, before_s))


@dataclass(frozen=True, slots=True)
class Week:
    """All of a channel. uptime: of the target that had the least; None where nobody watched.

    noisiest: the target with the most incidents, if it had several and no other had as many.
    frequent: the code that most incidents had, if it came again, and how often.
    mtta_s, mttr_s: means over all incidents that were acknowledged, that are over.
    """

    span: Span
    targets: Sequence[TargetWeek]
    incidents: int
    worst: TargetWeek | None
    noisiest: TargetWeek | None
    frequent: tuple[str, int] | None
    mtta_s: float | None
    mttr_s: float | None


def week(span: Span, targets: Sequence[TargetWeek]) -> Week:
    """Reckon a week."""
    incidents = [incident for one in targets for incident in one.incidents]
    watched = [one for one in targets if one.availability.uptime is not None]
    causes = Counter(one.cause.code for one in incidents if one.cause is not None)
    frequent = causes.most_common(1)
    return Week(
        span=span,
        targets=targets,
        incidents=len(incidents),
        worst=min(watched, key=lambda one: one.availability.uptime or 0.0, default=None),
        noisiest=_noisiest(targets),
        frequent=frequent[0] if frequent and frequent[0][1] >= _RECURRING else None,
        mtta_s=_mean([(t.availability.mtta_s, t.availability.acknowledged) for t in targets]),
        mttr_s=_mean([(t.availability.mttr_s, t.availability.resolved) for t in targets]),
    )


def _noisiest(targets: Sequence[TargetWeek]) -> TargetWeek | None:
    ordered = sorted(targets, key=lambda one: -len(one.incidents))
    if len(ordered) < 2 or len(ordered[0].incidents) < _RECURRING:
        return None  # the only target is not noisier than others
    first, second = ordered[:2]
    return first if len(first.incidents) > len(second.incidents) else None


def _mean(weighed: Sequence[tuple[float | None, int]]) -> float | None:
    values = [seconds for seconds, n in weighed if seconds is not None for _ in range(n)]
    return fmean(values) if values else None
