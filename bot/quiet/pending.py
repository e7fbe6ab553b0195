"""What is to be said again, or to somebody else, about an incident that nobody has taken on. Pure.

Nothing here is a timer: what is due follows from what was recorded, so a restart neither forgets a
step nor takes it twice, and a bot that was away takes a missed step once.

An acknowledgement says "I have seen this". What gets worse afterwards nobody has seen, so it ends
the acknowledgement, and a new *round* begins: reminders start over and people are called again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.model import Act, ActKind, Named, State


class Step(StrEnum):
    """What the bot does by itself while nobody acknowledges."""

    REMIND = "remind"
    MENTION = "mention"  # people by name, which also reminds
    CALL = "call"  # the escalation's webhook


@dataclass(frozen=True, slots=True)
class Policy:
    """How long silence lasts. None, false: never.

    remind_every: between two reminders. after: until people are mentioned, if `mentions`.
    call_after: until the webhook is called, if `calls`; not less than `after`.
    """

    remind_every: timedelta | None = None
    after: timedelta | None = None
    mentions: bool = False
    call_after: timedelta | None = None
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Vigil:
    """An open incident as far as silence is concerned.

    told_at: when its channel heard of it; None: not yet. worsened: when it went down from something
    better. acts: what was done about it, in order.
    """

    incident_id: str
    target: str
    opened_at: datetime
    told_at: datetime | None = None
    worsened: tuple[datetime, ...] = ()
    acts: tuple[Act, ...] = ()
    state: State = State.DOWN
    cause: Named | None = None

    @property
    def unattended_since(self) -> datetime:
        """Since when nobody has acknowledged what there is to see; asked only where that is so."""
        given = [act.at for act in self.acts if act.kind is ActKind.ACKNOWLEDGED]
        if not given:
            return self.opened_at
        return min((at for at in self.worsened if at > given[-1]), default=given[-1])


def acknowledgement(acts: Iterable[Act], worsened: Iterable[datetime]) -> Act | None:
    """The acknowledgement that holds: the last one, unless it got worse since."""
    given = [act for act in acts if act.kind is ActKind.ACKNOWLEDGED]
    if not given or any(moment > given[-1].at for moment in worsened):
        return None
    return given[-1]


def steps(
    vigil: Vigil, policy: Policy, loud_since: datetime | None
) -> Sequence[tuple[Step, datetime]]:
    """The steps still to be taken and when each is due, the earliest first.

    loud_since: when the target's latest mute or maintenance ended. Whoever was told to wait is
    given the whole time from there. What is quiet *now* has no steps: ask only about others.
    """
    if acknowledgement(vigil.acts, vigil.worsened) is not None:
        return ()
    began = vigil.unattended_since
    base = max(filter(None, (began, loud_since)))
    found: list[tuple[Step, datetime]] = []
    if vigil.told_at is not None:
        found += _messages(vigil, policy, began, max(base, vigil.told_at))
    if policy.calls and policy.call_after is not None and not _done(vigil, began, ActKind.CALLED):
        found.append((Step.CALL, base + policy.call_after))
    return sorted(found, key=lambda step: step[1])


def due(vigil: Vigil, policy: Policy, loud_since: datetime | None, now: datetime) -> Sequence[Step]:
    """The steps to take now. A mention reminds as well, so no reminder comes beside it."""
    ripe = [step for step, at in steps(vigil, policy, loud_since) if at <= now]
    return [s for s in ripe if not (s is Step.REMIND and Step.MENTION in ripe)]


def _messages(
    vigil: Vigil, policy: Policy, began: datetime, base: datetime
) -> Iterable[tuple[Step, datetime]]:
    mentions = _done(vigil, began, ActKind.ESCALATED)
    if policy.mentions and policy.after is not None and not mentions:
        yield Step.MENTION, base + policy.after
    if policy.remind_every is not None:
        said = [*mentions, *_done(vigil, began, ActKind.REMINDED)]
        yield Step.REMIND, max([base, *(act.at for act in said)]) + policy.remind_every


def _done(vigil: Vigil, began: datetime, kind: ActKind) -> list[Act]:
    """What the bot itself did in this round; people's own escalations do not count."""
    return [a for a in vigil.acts if a.kind is kind and a.user is None and a.at >= began]
