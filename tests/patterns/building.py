"""Histories built by hand: a held connection after another, as a watcher would remember them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.evidence import Ending
from bot.model import Reason, Transport
from bot.patterns import FIVE_MINUTES_S, Sample, Session

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def a_session(age_s: float, ending: Ending = Ending.CUT, **changes: object) -> Session:
    return replace(
        Session("prod", NOW, age_s, Transport.WEBSOCKET, ending, Reason.EOF, idle_s=1.0),
        **changes,  # type: ignore[arg-type]
    )


def chain(
    sessions: Iterable[Session], *, gap_s: float = 0.2, until: datetime = NOW
) -> list[Session]:
    """The sessions one after another, the last of them ending at `until`."""
    ordered: list[Session] = []
    end = until
    for session in reversed(list(sessions)):
        ordered.append(replace(session, ended_at=end))
        end -= timedelta(seconds=session.age_s + gap_s)
    return ordered[::-1]


def still_open(age_s: float = 1.0, **changes: object) -> Session:
    return a_session(age_s, Ending.OPEN, reason=None, **changes)


def constantly(
    ages: Sequence[float], ending: Ending = Ending.CUT, **changes: object
) -> list[Session]:
    """Drops at these ages, each connected again at once, and one connection that is open."""
    return chain([*(a_session(age, ending, **changes) for age in ages), still_open()])


def measurements(
    rtts: Sequence[float | None], *, until: datetime = NOW, **changes: object
) -> list[Sample]:
    """A sample for every five minutes, the last of them ending at `until`."""
    first = until - timedelta(seconds=FIVE_MINUTES_S * len(rtts))
    return [
        replace(
            Sample(
                "prod",
                first + timedelta(seconds=FIVE_MINUTES_S * number),
                FIVE_MINUTES_S,
                n=150,
                rtt_ms=rtt,
                websocket_s=300.0,
            ),
            **changes,  # type: ignore[arg-type]
        )
        for number, rtt in enumerate(rtts)
    ]
