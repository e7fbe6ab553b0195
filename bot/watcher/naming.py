"""Whether to believe a look that finds a trouble to be another than was told. Pure.

A look that is under way while a trouble begins or ends may see anything: half of it met one world,
half the other. What such a look says is true of no moment, and the next one says something else.
"""

from __future__ import annotations

from bot.causes import UNRECOGNISED
from bot.incidents import TROUBLE, Incident
from bot.model import Report, State


def code(report: Report) -> str:
    """What a look calls the cause."""
    cause = report.verdict.cause
    return cause.code if cause else UNRECOGNISED


class Renaming:
    """Inside an incident, remembers what the last look alone has found to be different."""

    def __init__(self) -> None:
        self._once: State | str | None = None

    def believes(self, incident: Incident | None, report: Report) -> bool:
        """Another state, or another name where there is one, is believed when two looks in a row
        find it; the first name at once."""
        once, self._once = self._once, None
        state = report.verdict.state
        if incident is None or incident.flapping is not None or state not in TROUBLE:
            return True
        told = incident.cause.code if incident.cause else UNRECOGNISED
        found = code(report)
        if state is incident.state and told in (found, UNRECOGNISED):
            return True
        news = found if state is incident.state else state
        if news == once:
            return True
        self._once = news
        return False
