"""What is told in one channel: a round for each group that has something to tell.

A round brings the group's message to the present, then says in its thread what nobody has been
notified of yet. Each step is marked as soon as Slack has accepted it; what was begun and not marked
is looked for before it is sent again. docs/design/010 says why nothing gets lost or doubled.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.model import Delivery, Group, State, TransitionKind
from bot.slack.alerting.incident_messages import IncidentMessages, Root
from bot.slack.alerting.stamps import Part
from bot.slack.way.channels import is_person
from bot.slack.way.client import REACHING, TokenRefused
from bot.slack.way.errors import SlackTrouble, Trouble, understand
from bot.store import Store, StoreError

Quiet = Callable[[datetime], Awaitable[Collection[str]]]
"""The targets of which nobody is to be notified at a moment."""

Hush = Callable[[str], Awaitable[Collection[str]]]
"""A channel → the targets of which nobody is to be notified there, beside those."""

AfterRecovery = Callable[[Group, Root], None]
"""Told that Slack has a group's recovery. It starts work of its own, and never raises."""

AfterDoubt = Callable[[str, Group], None]
"""Told of a channel and a group of which Slack may carry out an earlier request yet. It starts work
of its own, and never raises."""

_LONGEST_RETRY_S: Final = 60.0  # Slack out of reach, a channel closed to us: for hours, like this
_TRIES: Final = 8  # of a message that Slack does not accept, before a bare sentence takes its place
_IDLE_LOOK_S: Final = 60.0
_QUIET_LOOK_S: Final = 5.0  # whether what is held back may go

_log = logging.getLogger("wsdiag.slack.alerts")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between things.

    edit_gap_s: edits of one message; chat.update takes about 50 a minute.
    join_gap_s: who joins a storm is named in its message at once, and in its thread together with
    the others of so many seconds. A line for each would be the storm all over again.
    doubt_s: a request of a process that was killed may still be on its way; so much later it is
    there, or it will not be.
    """

    first_retry_s: float = 2.0
    store_retry_s: float = 5.0
    edit_gap_s: float = 1.2
    join_gap_s: float = 5.0
    doubt_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Told:
    """How the deliveries of a group reach people, when its message stands already.

    silent: by the edit alone. replies: by replies to it, in this order.
    """

    silent: tuple[Delivery, ...]
    replies: tuple[tuple[Part, tuple[Delivery, ...]], ...]


def plan(group: Group, batch: Sequence[Delivery]) -> Told:
    """Decide what must be said beside the edit: who joined, who got worse, that all is over.

    What is over or better by now is not told afterwards: the message shows it.
    """
    lasting = {m.incident_id: m.state for m in group.members if m.closed_at is None}
    joining = {
        d.incident_id for d in batch if d.kind is TransitionKind.OPENED and d.incident_id in lasting
    }
    joined = tuple(d for d in batch if notifies(d) and d.incident_id in joining)
    worse = tuple(
        d
        for d in batch
        if d.worse and d.incident_id not in joining and lasting.get(d.incident_id) is State.DOWN
    )
    over = () if lasting else tuple(d for d in batch if d.kind is TransitionKind.CLOSED)
    parts = ((Part.JOINED, joined), (Part.WORSE, worse), (Part.RECOVERY, over))
    replies = tuple((part, news) for part, news in parts if news)
    said = {d.id for _, news in replies for d in news}
    return Told(tuple(d for d in batch if d.id not in said), replies)


def notifies(delivery: Delivery) -> bool:
    """Whether people must be notified of it, and not only find it in the message."""
    return delivery.kind is TransitionKind.OPENED or delivery.worse


class Rounds:
    """The work of one channel. `next` may be called again after any exception."""

    def __init__(
        self,
        channel: str,
        store: Store,
        messages: IncidentMessages,
        *,
        now: Callable[[], datetime],
        quiet: Quiet,
        hush: Hush,
        after_recovery: AfterRecovery,
        after_doubt: AfterDoubt,
        pace: Pace,
    ) -> None:
        self._channel, self._store, self._messages = channel, store, messages
        self._now, self._quiet = now, quiet
        self._hush = hush
        self._after_recovery, self._after_doubt = after_recovery, after_doubt
        self._pace = pace
        self._shown: set[int] = set()  # held back, but in the message already
        self._edited_at: dict[str, float] = {}  # group → loop time of its last edit
        self._joined_at: dict[str, float] = {}  # group → loop time of its last post about members
        self._refused: set[str] = set()  # groups of which Slack takes nothing: others go on

    async def next(self) -> float | None:
        """One round. Seconds until there may be more to do; None: nothing waits at all.

        Raises StoreError.
        """
        now = self._now()
        quiet = await self._silenced()
        await self._store.seat(self._channel, quiet, now)
        waiting = await self._store.pending(self._channel)
        if not waiting:
            return None
        held = self._held(waiting, quiet)
        self._shown &= held.keys()
        pause_s = min([_IDLE_LOOK_S, *held.values()])
        for head in waiting:
            if head.group_id is None or head.id in self._shown:
                continue
            if head.retry_at is not None and head.retry_at > now:
                pause_s = min(pause_s, max(0.05, (head.retry_at - now).total_seconds()))
                if head.group_id in self._refused:
                    continue  # it alone is at fault, and holds nobody up
                return pause_s
            wait_s = self._edit_due_s(head.group_id)
            if wait_s > 0:
                pause_s = min(pause_s, wait_s)
                continue
            return await self._deliver(head.group_id)
        return pause_s

    async def _silenced(self) -> Collection[str]:
        """The targets of which nobody is to be notified here and now."""
        return {*await self._quiet(self._now()), *await self._hush(self._channel)}

    def _edit_due_s(self, group_id: str) -> float:
        """Seconds until its message may be edited again."""
        edited_at = self._edited_at.get(group_id)
        if edited_at is None:
            return 0.0
        wait_s = edited_at + self._pace.edit_gap_s - asyncio.get_running_loop().time()
        if wait_s <= 0:
            del self._edited_at[group_id]
        return wait_s

    def _held(self, waiting: Sequence[Delivery], quiet: Collection[str]) -> dict[int, float]:
        """What may not be said yet → seconds until the next look at it."""
        held = {}
        now = asyncio.get_running_loop().time()
        for delivery in waiting:
            joined_at = self._joined_at.get(delivery.group_id or "")
            if delivery.group_id is None:  # of a quiet target, and nobody knows of it
                held[delivery.id] = _QUIET_LOOK_S
            elif delivery.closed or not notifies(delivery):
                continue
            elif delivery.target in quiet:
                held[delivery.id] = _QUIET_LOOK_S
            elif delivery.kind is TransitionKind.OPENED and joined_at is not None:
                wait_s = joined_at + self._pace.join_gap_s - now
                if wait_s > 0:
                    held[delivery.id] = wait_s
        return held

    async def _deliver(self, group_id: str) -> float:
        """A group's round; seconds until the next."""
        group, batch = await self._store.group(group_id, self._channel)
        # Asked after the news were read: who muted a target before hears nothing of what came then.
        quiet = await self._silenced()
        if not batch:
            return 0.0  # superseded meanwhile
        begun = max((d.begun_at for d in batch if d.begun_at is not None), default=None)
        if begun is not None:
            wait_s = self._pace.doubt_s - (self._now() - begun).total_seconds()
            if 0.0 < wait_s <= self._pace.doubt_s:
                return wait_s
        elif group.ts is None and any(m.target in quiet for m in group.members):
            return 0.0  # it goes without those, if at all
        attempts = max(delivery.attempts for delivery in batch)
        final = attempts + 1 >= _TRIES
        try:
            await self._tell(group, batch, self._held(batch, quiet), last_resort=final)
        except TokenRefused as error:
            trouble = SlackTrouble(Trouble.TOKEN, str(error))
        except REACHING as error:
            trouble = understand(error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be told must not stop the rest
            _log.exception("the news of %s cannot be told", batch[0].target)
            trouble = SlackTrouble(Trouble.CONTENT, type(error).__name__)
        else:
            self._refused.discard(group_id)
            return 0.0
        if trouble.kind is Trouble.CONTENT and final:
            self._refused.add(group_id)
        if trouble.kind is Trouble.CHANNEL and is_person(self._channel):
            # Somebody who left, or wants no messages: their channels are told as ever.
            _log.warning("%s cannot be written to (%s)", self._channel, trouble.code)
            await self._store.mark_delivered([d.id for d in batch], self._now())
            return 0.0
        wait_s = self._retry_after(trouble, attempts)
        retry_at = self._now() + timedelta(seconds=wait_s)
        await self._store.mark_failed([d.id for d in batch], trouble.code, retry_at)
        _complain(batch[0], trouble, wait_s)
        return 0.0

    async def _tell(
        self, group: Group, batch: Sequence[Delivery], held: Collection[int], *, last_resort: bool
    ) -> None:
        begun = {delivery.id for delivery in batch if delivery.begun_at is not None}
        if begun:
            self._after_doubt(self._channel, group)
        if group.ts is None and begun:
            await self._clear_up(group, batch)
            return
        await self._store.begin([d.id for d in batch], self._now())
        root = await self._messages.show(
            group,
            [d.id for d in batch if notifies(d)],
            in_doubt=bool(begun),
            last_resort=last_resort,
        )
        todo = plan(group, [d for d in batch if d.id not in root.told])
        told = [d for d in batch if d.id in root.told]
        await self._posted(group, root, [*told, *todo.silent])
        if told:
            self._joined(group)
        if group.ts is not None and group.open:
            self._edited_at[group.id] = asyncio.get_running_loop().time()
        self._shown |= {d.id for d in batch if d.id in held}
        for part, news in todo.replies:
            said = [d for d in news if d.id not in held]
            if said:
                await self._messages.tell(
                    root,
                    group,
                    part,
                    said,
                    in_doubt=any(d.id in begun for d in said),
                    last_resort=last_resort,
                )
                await self._store.mark_delivered([d.id for d in said], self._now())
                self._joined(group)
                if part is Part.RECOVERY:
                    self._after_recovery(group, root)

    async def _clear_up(self, group: Group, batch: Sequence[Delivery]) -> None:
        """Its first message was begun: find out whether Slack has it."""
        found = await self._messages.find(group)
        if found is None:
            # Nobody knows of it, so that it may also be folded together with others now.
            await self._store.settle(group.id, group.channel)
        else:
            await self._posted(group, found, [d for d in batch if d.id in found.told])

    def _joined(self, group: Group) -> None:
        if group.open:
            self._joined_at[group.id] = asyncio.get_running_loop().time()
        else:
            self._joined_at.pop(group.id, None)

    async def _posted(self, group: Group, root: Root, told: Sequence[Delivery]) -> None:
        ids = [delivery.id for delivery in told]
        await self._store.posted(group.id, group.channel, root.ts, ids, self._now())

    def _retry_after(self, trouble: SlackTrouble, attempts: int) -> float:
        if trouble.retry_after_s is not None:
            return trouble.retry_after_s + random.uniform(0.0, 1.0)
        wait_s = self._pace.first_retry_s * 2.0 ** min(attempts, 10)
        return min(_LONGEST_RETRY_S, wait_s) * random.uniform(0.8, 1.2)


def _complain(delivery: Delivery, trouble: SlackTrouble, wait_s: float) -> None:
    """Log what happened, with what to do where waiting alone does not help."""
    match trouble.kind:
        case Trouble.CHANNEL:
            hint = f"invite the bot to {delivery.channel} (/invite), or set WSDIAG_CHANNEL"
        case Trouble.TOKEN:
            hint = "reinstall the app, set the new SLACK_BOT_TOKEN and restart"
        case Trouble.CONTENT:
            hint = "this is an error of the bot's own: please report it"
        case _:
            hint = "Slack is asked again by itself"
    _log.warning(
        "the news of %s did not reach %s (%s); again in %.0f s; %s",
        delivery.target,
        delivery.channel,
        trouble.code,
        wait_s,
        hint,
    )
