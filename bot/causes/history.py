"""Causes that only time shows: what the watcher remembers speaks for a row of the catalogue."""

from __future__ import annotations

from bot.causes.row import Fit
from bot.evidence import Pattern, PatternKind
from bot.findings import FindingSet
from bot.patterns import telling


def remembered(found: FindingSet, code: str) -> Fit | None:
    """Whether a pattern that users feel names this cause, beside what the look itself tells.

    A recurring end of connections explains no backend that lets nobody in. A crash loop does,
    unless the server is there and refuses: that is something else.
    """
    pattern = hurting(found, code)
    if pattern is None:
        return None
    gone = pattern.kind is PatternKind.CRASH_LOOP and not found.eio_seen
    if not found.completed and not gone:
        return None
    return Fit(telling(pattern), pattern.confidence, rivals=pattern.rivals)


def hurting(found: FindingSet, code: str) -> Pattern | None:
    """The pattern that names this cause, if users feel it."""
    patterns = found.history.patterns if found.history else ()
    return next((p for p in patterns if p.code == code and p.hurts), None)
