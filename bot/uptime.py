"""What a target's history comes to: uptime, downtime, incidents, and how fast people were. Pure.

Seconds come from samples and counts from incidents: a sample knows of every second whether the
target was up, degraded or down, or that nobody knows (the bot was not running, or its own network
was broken). Time that nobody knows of, and time inside maintenance windows, is neither up nor down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final

from bot.incidents import Incident
from bot.patterns import Sample
from bot.patterns.rollup import floor
from bot.spans import Span, joined

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)

_MOMENT_S: Final = 60.0  # a sample's length: less than that is nobody's absence


@dataclass(frozen=True, slots=True)
class Budget:
    """How much downtime an objective leaves over a span, in seconds."""

    objective: float  # per cent of the span
    allowed_s: float
    left_s: float  # negative: overspent

    @property
    def left(self) -> float | None:
        """The share that is left, 1 to 0 and below; None where nothing was allowed."""
        return self.left_s / self.allowed_s if self.allowed_s else None


@dataclass(frozen=True, slots=True)
class Availability:
    """One target over one span. The five times add up to the span, in seconds.

    incidents: that were open at some time of the span outside of maintenance; `open` of them still
    were at its end. Those `resolved` ended because the trouble did, and not the watching.
    mtta_s: from the opening to the first acknowledgement, the mean over those acknowledged.
    mttr_s: from the opening to the closing, the mean over those resolved.
    None: there is none to take a mean of.
    """

    span: Span
    up_s: float
    degraded_s: float
    down_s: float
    maintenance_s: float
    unknown_s: float
    incidents: int = 0
    open: int = 0
    acknowledged: int = 0
    resolved: int = 0
    mtta_s: float | None = None
    mttr_s: float | None = None
    budget: Budget | None = None

    @property
    def known_s(self) -> float:
        """What uptime is a share of."""
        return self.up_s + self.degraded_s + self.down_s

    @property
    def uptime(self) -> float | None:
        """The share of the known time in which clients could connect (degraded is not down), 0 to
        1; None where nothing is known."""
        return (self.up_s + self.degraded_s) / self.known_s if self.known_s else None

    @property
    def all_planned(self) -> bool:
        """Whether no uptime is known for no other reason than planned work."""
        return not self.known_s and self.maintenance_s > 0 and self.unknown_s < _MOMENT_S


def availability(
    span: Span,
    samples: Iterable[Sample],
    incidents: Sequence[Incident] = (),
    *,
    acknowledged: Mapping[str, datetime] | None = None,
    maintenance: Iterable[Span] = (),
    objective: float | None = None,
) -> Availability:
    """Reckon one target's span.

    samples: of the target, of any spans; where longer and shorter ones tell of the same time, the
    longer one counts (`apart`). incidents: of the target, also ones outside of the span.
    acknowledged: incident id → when somebody first said that they see to it. maintenance: planned
    work, in any order; an incident that lies within it does not count. objective: per cent of the
    span in which the target shall not be down, e.g. 99.9.
    """
    windows = joined(span.common(window) for window in maintenance)
    up_s = degraded_s = down_s = 0.0
    for sample in apart(samples):
        up, degraded, down = _inside(sample, span, windows)
        up_s, degraded_s, down_s = up_s + up, degraded_s + degraded, down_s + down
    planned_s = sum(window.seconds for window in windows)
    # A sample may be some seconds longer than it says (see `Sample`); a year of them is not.
    known_s, room_s = up_s + degraded_s + down_s, span.seconds - planned_s
    if known_s > room_s:
        fits = max(0.0, room_s) / known_s
        up_s, degraded_s, down_s = up_s * fits, degraded_s * fits, down_s * fits
    unknown_s = max(0.0, room_s - up_s - degraded_s - down_s)
    counted = [one for one in incidents if _counts(one, span, windows)]
    acks = [
        (at - one.opened_at).total_seconds()
        for one in counted
        if (at := (acknowledged or {}).get(one.id)) is not None and at < span.end
    ]
    repairs = [
        (one.closed_at - one.opened_at).total_seconds()
        for one in counted
        if one.closed_at is not None and one.closed_at < span.end and one.resolved
    ]
    return Availability(
        span,
        up_s,
        degraded_s,
        down_s,
        planned_s,
        unknown_s,
        incidents=len(counted),
        open=sum(one.closed_at is None or one.closed_at >= span.end for one in counted),
        acknowledged=len(acks),
        resolved=len(repairs),
        mtta_s=max(0.0, fmean(acks)) if acks else None,
        mttr_s=fmean(repairs) if repairs else None,
        budget=_budget(span, objective, down_s),
    )


def apart(samples: Iterable[Sample]) -> list[Sample]:
    """Samples of one target that tell of no time twice, the oldest first: a longer one takes the
    place of the shorter ones that it was rolled up from."""
    kept: list[Sample] = []
    taken: dict[int, set[datetime]] = {}
    for sample in sorted(samples, key=lambda s: (-s.span_s, s.at)):
        if any(floor(sample.at, span_s) in starts for span_s, starts in taken.items()):
            continue
        taken.setdefault(sample.span_s, set()).add(floor(sample.at, sample.span_s))
        kept.append(sample)
    return sorted(kept, key=lambda s: s.at)


def _inside(sample: Sample, span: Span, windows: Sequence[Span]) -> tuple[float, float, float]:
    """Seconds up, degraded and down of a sample, within the span and outside of the windows.

    A sample does not say when within it the target was down. At the edge of the span its times are
    cut in proportion; trouble of a sample that reaches into a window is taken to be the window's.
    """
    whole = Span(sample.at, sample.at + timedelta(seconds=sample.span_s))
    within = whole.common(span)
    if within.seconds <= 0:
        return 0.0, 0.0, 0.0
    share = within.seconds / whole.seconds
    times = [sample.down_s * share, sample.degraded_s * share, sample.up_s * share]
    planned_s = sum(within.common(window).seconds for window in windows)
    # What of the window is known of: no more than its share of what the sample knows of.
    planned_s = min(planned_s, sum(times) * planned_s / within.seconds)
    for n, seconds in enumerate(times):
        excused = min(seconds, planned_s)
        times[n], planned_s = seconds - excused, planned_s - excused
    down, degraded, up = times
    return up, degraded, down


def _counts(incident: Incident, span: Span, windows: Sequence[Span]) -> bool:
    """Whether an incident was open within the span, at some time that no work was planned for."""
    closed_at = incident.closed_at or span.end
    if incident.opened_at >= span.end or closed_at < span.start:
        return False
    lasted = span.common(Span(incident.opened_at, closed_at))
    return not any(w.start <= lasted.start and lasted.end <= w.end for w in windows)


def _budget(span: Span, objective: float | None, down_s: float) -> Budget | None:
    if objective is None:
        return None
    allowed_s = span.seconds * (100.0 - objective) / 100.0
    return Budget(objective, allowed_s, allowed_s - down_s)
