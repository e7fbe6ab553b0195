"""Everything that a chart shows, as plain data in no language. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.charts.bands import Band, bands
from bot.charts.percentiles import Point, percentiles, points, step_s
from bot.evidence import Ending
from bot.incidents import Incident
from bot.model import State
from bot.patterns import FIVE_MINUTES_S, MINUTE_S, Sample, Session
from bot.spans import Span
from bot.uptime import apart, availability

_UNKNOWN: Final = 0.3
_SHORTEST: Final = timedelta(minutes=2)
_MINUTES_UNTIL: Final = timedelta(hours=48)  # samples of a minute are kept for so long


@dataclass(frozen=True, slots=True)
class Mark:
    """An incident. `cause` is a code of the catalogue, or what a newer version called it."""

    number: int  # 1 for the first of the picture
    opened_at: datetime
    closed_at: datetime | None  # None: it is still open
    state: State
    cause: str | None

    def lasted_s(self, until: datetime) -> float:
        """For how long, up to a moment."""
        return max(0.0, ((self.closed_at or until) - self.opened_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Figures:
    """What a picture comes to. Times in ms are None where nothing was measured."""

    p50_ms: float | None
    p95_ms: float | None
    worst_ms: float | None
    worst_at: datetime | None
    uptime: float | None  # 0 to 1, of the time that was watched
    unknown_s: float


@dataclass(frozen=True, slots=True)
class Picture:
    """A target over a span. `step_s`: seconds between two points. `later`: the span begins later
    than it was asked for, when watching began."""

    target: str
    start: datetime
    end: datetime
    step_s: int
    points: tuple[Point, ...]
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]
    reconnects: tuple[datetime, ...]
    figures: Figures
    later: bool = False

    @property
    def length_s(self) -> float:
        """Of the whole span, in seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def blank(self) -> bool:
        """Whether there is nothing to see."""
        return not self.marks and all(band.state is State.UNKNOWN for band in self.bands)


def longest_sample_s(length: timedelta) -> int:
    """Of how many seconds samples may be, to draw a span of this length."""
    return MINUTE_S if length <= _MINUTES_UNTIL else FIVE_MINUTES_S


def compose(
    target: str,
    span: Span,
    samples: Sequence[Sample],
    sessions: Sequence[Session],
    incidents: Sequence[Incident],
    *,
    maintenance: Sequence[Span] = (),
) -> Picture:
    """Put a picture together.

    samples: as `longest_sample_s` has it; sessions, incidents: also ones outside of the span.
    maintenance: planned work, which is shown as it went and left out of how reachable it was.
    A connection that we let go of ourselves is no reconnect. Where nothing is known of much of the
    beginning, the picture begins with what is known: a bot that is new has little to show, and an
    empty half would make that smaller still.
    """
    asked, span = span, _known(span, samples)
    told = [s for s in apart(samples) if s.at < span.end and _end(s) > span.start]
    step = step_s(span, max((s.span_s for s in told if s.span_s != MINUTE_S), default=MINUTE_S))
    within = [i for i in incidents if _within(i, span)]
    marks = tuple(
        Mark(n, one.opened_at, one.closed_at, one.state, one.cause.code if one.cause else None)
        for n, one in enumerate(sorted(within, key=lambda i: (i.opened_at, i.id)), start=1)
    )
    return Picture(
        target=target,
        start=span.start,
        end=span.end,
        step_s=step,
        points=points(told, step),
        bands=bands(span, told, within),
        marks=marks,
        reconnects=tuple(
            sorted(
                s.ended_at
                for s in sessions
                if s.ending not in (Ending.OURS, Ending.OPEN)
                and span.start <= s.ended_at < span.end
            )
        ),
        figures=_figures(span, told, within, maintenance),
        later=span != asked,
    )


def _known(span: Span, samples: Sequence[Sample]) -> Span:
    """The span without a beginning of which nothing is known, if that is a good part of it."""
    told = (
        s.at
        for s in samples
        if s.up_s + s.degraded_s + s.down_s > 0 and s.at < span.end and _end(s) > span.start
    )
    first = min(told, default=span.start)
    if (first - span.start).total_seconds() < _UNKNOWN * span.seconds:
        return span
    return Span(min(first, span.end - _SHORTEST), span.end)


def _figures(
    span: Span,
    samples: Sequence[Sample],
    incidents: Sequence[Incident],
    maintenance: Sequence[Span],
) -> Figures:
    measured = [s for s in samples if s.rtt_ms is not None]
    known = availability(span, samples, incidents, maintenance=maintenance)
    if not measured:
        return Figures(None, None, None, None, known.uptime, known.unknown_s)
    middle, high, worst = percentiles(measured)
    slowest = max(measured, key=lambda s: max(s.rtt_ms or 0.0, s.worst_ms or 0.0))
    return Figures(middle, high, worst, slowest.at, known.uptime, known.unknown_s)


def _within(incident: Incident, span: Span) -> bool:
    return incident.opened_at < span.end and (incident.closed_at or span.end) > span.start


def _end(sample: Sample) -> datetime:
    return sample.at + timedelta(seconds=sample.span_s)
