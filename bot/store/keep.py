"""How much is kept, and for how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from bot.store.history import KeepHistory

KEEP_REPORTS: Final = 2_000
KEEP_REPORTS_FOR: Final = timedelta(days=30)
KEEP_INCIDENTS_FOR: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Keep:
    """How much is kept. Reports of open incidents and of undelivered news are kept regardless."""

    reports: int = KEEP_REPORTS
    reports_for: timedelta = KEEP_REPORTS_FOR
    incidents_for: timedelta = KEEP_INCIDENTS_FOR
    history: KeepHistory = field(default_factory=KeepHistory)
