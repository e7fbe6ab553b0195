"""A made-up past: samples, connections and incidents that agree with each other."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from bot.evidence import Ending
from bot.incidents import Incident
from bot.model import Confidence, Layer, Named, Section, State, Transport
from bot.patterns import Sample, Session
from bot.spans import Span

END = datetime(2026, 11, 26, 21, 30, tzinfo=UTC)
DAY = Span.until(END, timedelta(hours=24))


def incident(
    number: int,
    hours_ago: float,
    minutes: float | None,
    state: State = State.DOWN,
    cause: str | None = "tcp_refused",
) -> Incident:
    """One that began so long ago and lasted so long; None: it is open."""
    opened_at = END - timedelta(hours=hours_ago)
    return Incident(
        id=f"incident-{number}",
        target="prod",
        number=number,
        opened_at=opened_at,
        state=state,
        cause=Named(cause, Layer.TCP, Section.SERVER, Confidence.CERTAIN) if cause else None,
        closed_at=None if minutes is None else opened_at + timedelta(minutes=minutes),
    )


def lost(*hours_ago: float, ending: Ending = Ending.CUT) -> list[Session]:
    """Connections that ended then."""
    return [
        Session("prod", END - timedelta(hours=h), 60.0, Transport.WEBSOCKET, ending)
        for h in hours_ago
    ]


def samples(
    span: Span,
    incidents: Sequence[Incident] = (),
    *,
    span_s: int = 60,
    rtt_ms: float = 40.0,
    unwatched: Iterable[Span] = (),
    seed: int = 1,
) -> list[Sample]:
    """How the target was, a sample after the other."""
    chance = random.Random(seed)
    made, at = [], span.start
    gaps = list(unwatched)
    while at < span.end:
        part = Span(at, at + timedelta(seconds=span_s))
        at = part.end
        if any(gap.common(part).seconds > 0 for gap in gaps):
            continue
        within = dict.fromkeys(State, 0.0)
        for one in incidents:
            within[one.state] += part.common(Span(one.opened_at, one.closed_at or END)).seconds
        down_s = within[State.DOWN]
        degraded_s = within[State.DEGRADED] + within[State.FLAPPING]
        up_s = max(0.0, span_s - down_s - degraded_s)
        answers = down_s < span_s / 2
        wave = 1 + 0.2 * math.sin(part.start.timestamp() / 9_000)
        took = rtt_ms * wave * chance.uniform(0.95, 1.05)
        made.append(
            Sample(
                "prod",
                part.start,
                span_s,
                n=max(2, span_s // 25) if answers else 0,
                rtt_ms=took if answers else None,
                worst_ms=took * chance.uniform(1.1, 2.0) if answers else None,
                websocket_s=up_s,
                up_s=up_s,
                degraded_s=degraded_s,
                down_s=down_s,
            )
        )
    return made
