"""Samples and incidents → in which state a target was, from when to when. Pure.

Samples know how long a target was in which state and not when; incidents know when. Together they
give a band without a seam: where nobody watched, it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.incidents import Incident
from bot.model import State
from bot.patterns import MINUTE_S, Sample
from bot.spans import Span
from bot.uptime import apart


@dataclass(frozen=True, slots=True)
class Band:
    """A state that lasted. `unknown`: nobody watched, or nobody could tell."""

    state: State
    start: datetime
    end: datetime


def bands(span: Span, samples: Iterable[Sample], incidents: Sequence[Incident]) -> tuple[Band, ...]:
    """The states of a span, each beginning where the one before ends; they fill the span."""
    if span.seconds <= 0:
        return ()
    return tuple(_merged(_pieces(span, samples, incidents)))


def _pieces(span: Span, samples: Iterable[Sample], incidents: Sequence[Incident]) -> Iterator[Band]:
    cursor, finest_s, last = span.start, MINUTE_S, State.UNKNOWN
    for sample in apart(samples):
        whole = Span(sample.at, sample.at + timedelta(seconds=sample.span_s)).common(span)
        start = max(cursor, whole.start)
        if whole.end <= start:
            continue
        if start > cursor:
            yield Band(State.UNKNOWN, cursor, start)
        for piece in _of_sample(sample, Span(start, whole.end), incidents):
            last = piece.state
            yield piece
        cursor, finest_s = whole.end, sample.span_s
    if cursor >= span.end:
        return
    # The running minute has no sample yet: what was last known goes on, incidents tell the rest.
    rest = Span(cursor, span.end)
    if last is State.UNKNOWN or rest.seconds > 3 * finest_s:
        yield Band(State.UNKNOWN, cursor, span.end)
        return
    yield from _between(rest, incidents, None, State.UP)


def _of_sample(sample: Sample, span: Span, incidents: Sequence[Incident]) -> Iterator[Band]:
    known_s = sample.up_s + sample.degraded_s + sample.down_s
    trouble = State.DOWN if sample.down_s >= sample.degraded_s else State.DEGRADED
    if known_s <= 0:
        yield Band(State.UNKNOWN, span.start, span.end)
    elif sample.up_s <= 0:
        yield Band(trouble, span.start, span.end)
    elif sample.down_s + sample.degraded_s <= 0:
        yield Band(State.UP, span.start, span.end)
    else:
        pieces = list(_between(span, incidents, trouble, State.UP))
        if all(piece.state is State.UP for piece in pieces):
            # No incident tells when: the first part of it, as long as it was.
            share = min(1.0, (sample.down_s + sample.degraded_s) / known_s)
            middle = span.start + timedelta(seconds=span.seconds * share)
            pieces = [Band(trouble, span.start, middle), Band(State.UP, middle, span.end)]
        yield from pieces


def _between(
    span: Span, incidents: Sequence[Incident], trouble: State | None, otherwise: State
) -> Iterator[Band]:
    """`span`, cut where incidents open and close; `trouble`: their state, if not their own."""
    cursor = span.start
    for incident in sorted(incidents, key=lambda i: i.opened_at):
        within = Span(incident.opened_at, incident.closed_at or span.end).common(
            Span(cursor, span.end)
        )
        if within.seconds <= 0:
            continue
        if within.start > cursor:
            yield Band(otherwise, cursor, within.start)
        yield Band(trouble or incident.state, within.start, within.end)
        cursor = within.end
    if cursor < span.end:
        yield Band(otherwise, cursor, span.end)


def _merged(pieces: Iterable[Band]) -> Iterator[Band]:
    held: Band | None = None
    for piece in pieces:
        if piece.end <= piece.start:
            continue
        if held is not None and held.state is piece.state:
            held = Band(held.state, held.start, piece.end)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held
