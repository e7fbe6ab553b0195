"""What people did about an incident, as lines on its message."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from bot.model import Act, ActKind, Group
from bot.quiet import acknowledgement
from bot.slack.alerting.incident_messages import Noted
from bot.slack.blocks.acts import handed_over_line, note_line
from bot.slack.blocks.quiet import acknowledged_line, silence_lines
from bot.slack.desk import Quiet
from bot.store import Store, StoreError

_LINES: Final = 8  # on a phone the incident itself comes first
_MEMBERS: Final = 20  # of a storm, that are looked at

_log = logging.getLogger("wsdiag.slack")


class Marks:
    """Called with a group and a language: who has taken it on, who keeps it quiet, what it was."""

    def __init__(self, store: Store, quiet: Quiet, now: Callable[[], datetime]) -> None:
        self._store, self._quiet, self._now = store, quiet, now

    async def __call__(self, group: Group, lang: str) -> Noted:
        """Nothing where the database does not work: the message matters more."""
        try:
            return await self._noted(group, lang)
        except StoreError as error:
            _log.error("a message shows nothing of what was done: %s", error)
            return Noted()

    async def _noted(self, group: Group, lang: str) -> Noted:
        members = [m for m in group.members if not group.open or m.closed_at is None][:_MEMBERS]
        held: list[str] = []
        acts: list[Act] = []
        for member in members:
            vigil = await self._store.acts.vigil(member.incident_id)
            if vigil is None:
                continue
            acts += vigil.acts
            given = acknowledgement(vigil.acts, vigil.worsened)
            if given is not None:
                held.append(acknowledged_line(given, lang))
        lines = list(held)
        if group.open:
            quiet = await self._quiet(self._now())
            for target in {member.target for member in members} & quiet.keys():
                lines += silence_lines(quiet[target], lang)
        lines += [handed_over_line(act, lang) for act in _last(acts, ActKind.ESCALATED)]
        lines += [note_line(act, lang) for act in _last(acts, ActKind.NOTED)]
        return Noted(list(dict.fromkeys(lines))[:_LINES], taken=0 < len(held) == len(members))


def _last(acts: Sequence[Act], kind: ActKind) -> list[Act]:
    """The last of its kind that a person did."""
    return [act for act in acts if act.kind is kind and act.user is not None][-1:]
