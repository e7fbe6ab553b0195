"""The present of one target, for `/wsdiag status`, the home tab and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.evidence import HistoryEvidence
from bot.incidents import Incident
from bot.model import Report, State, Transport
from bot.watcher.holder import Link, Noticed


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at this moment."""

    target: str
    state: State
    since: datetime | None
    incident: Incident | None
    link: Link
    transport: Transport | None
    rtt_ms: float | None  # of the last heartbeat, else of the last report
    trouble: Noticed | None  # suspected, whether confirmed or not
    reconnects: int
    next_attempt_at: datetime | None
    client_gave_up: bool  # a browser client would have used up its attempts
    last_check_at: datetime | None
    last_report: Report | None
    ticked_at: datetime | None  # the watcher was alive then
    memory: HistoryEvidence | None = None  # what recurs
    seconds: Mapping[State, float] = field(default_factory=dict)  # in each state, since the start
