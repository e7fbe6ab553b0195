"""What to set differently, concluded from what happened and said with its numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bot.digest.week import TargetWeek
from bot.model import Message, State, say

_FEW: Final = 4  # below that nothing is to be concluded
_MOST_OF: Final = 0.6
_CONFIRM_S: Final = (5, 10, 15, 20, 30, 45, 60, 90, 120)  # longer ones would hide real outages
_LATE_S: Final = 15 * 60.0
_DARK: Final = 0.02


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence on one target; None: on the bot itself."""

    target: str | None
    words: Message


def advise(weeks: Sequence[TargetWeek]) -> list[Advice]:
    """Everything that the week speaks for."""
    found: list[Advice] = []
    for one in weeks:
        found += [Advice(one.target.name, words) for words in _of(one)]
    if words := _unwatched(weeks):
        found.append(Advice(None, words))
    return found


def _of(one: TargetWeek) -> Iterator[Message]:
    for words in (_confirm(one), _unanswered(one), _overspent(one)):
        if words is not None:
            yield words


def spared(lasted_s: Sequence[float], confirm_s: float) -> tuple[int, int] | None:
    """The `confirm_s` that would have spared people most of these, and how many it would have.

    lasted_s: how long each outage lasted that was told. confirm_s: as it is set. None: no value
    that is reasonable would spare people enough of them.
    """
    told_s = [seconds for seconds in lasted_s if seconds > confirm_s]
    if len(told_s) < _FEW:
        return None  # the shorter ones are from before it was set, and would not be told now
    for tried in _CONFIRM_S:
        healed = sum(1 for seconds in told_s if seconds <= tried)
        if healed >= _MOST_OF * len(told_s):
            return tried, healed
    return None


def _confirm(one: TargetWeek) -> Message | None:
    lasted_s = [
        (incident.closed_at - incident.opened_at).total_seconds()
        for incident in one.incidents
        if incident.closed_at is not None
        and incident.resolved
        and incident.state is not State.FLAPPING
    ]
    found = spared(lasted_s, one.target.watch.confirm_s)
    if found is None:
        return None
    confirm_s, healed = found
    return say(
        "{healed} of {all} incidents of {target} healed within {confirm} s: "
        "`confirm_s = {confirm}` would have spared you them.",
        healed=healed,
        all=sum(1 for seconds in lasted_s if seconds > one.target.watch.confirm_s),
        target=one.target.name,
        confirm=confirm_s,
    )


def _unanswered(one: TargetWeek) -> Message | None:
    """Incidents that lasted long, and that nobody took on."""
    lasting = [
        incident
        for incident in one.incidents
        if ((incident.closed_at or one.availability.span.end) - incident.opened_at).total_seconds()
        >= _LATE_S
    ]
    if len(lasting) < 2 or one.availability.acknowledged > 0:
        return None
    return say(
        "{n} incidents of {target} lasted longer than {minutes} minutes, and nobody acknowledged "
        "any: `[escalation]` can remind people and mention more of them.",
        n=len(lasting),
        target=one.target.name,
        minutes=round(_LATE_S / 60),
    )


def _overspent(one: TargetWeek) -> Message | None:
    budget = one.availability.budget
    if budget is None or budget.left_s >= 0:
        return None
    return say(
        "{target} was down for longer than its objective of {objective} per cent leaves in a week: "
        "what recurs deserves work now, or the objective is not meant.",
        target=one.target.name,
        objective=budget.objective,
    )


def _unwatched(weeks: Sequence[TargetWeek]) -> Message | None:
    """The bot was away, and not only for a restart."""
    dark_s = min((one.dark_s for one in weeks), default=0.0)
    if not weeks or dark_s < _DARK * weeks[0].availability.span.seconds:
        return None  # one target that is new, or was taken out, says nothing of the bot
    hours = round(dark_s / 3_600)
    return say(
        "Nothing was watched for {hours} hours of the week: `heartbeat_url` has somebody told when "
        "the bot itself is away.",
        hours=hours,
    )
