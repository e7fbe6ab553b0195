"""Recording: what was seen becomes a state, transitions and deliveries, in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from bot.incidents import TargetState, observe
from bot.model import Observation, Report, Transition, Trouble
from bot.store import NewDelivery, StoreConflictError, StoreError
from bot.watcher.pace import Backoff

_log = logging.getLogger("wsdiag.watcher")


class Records(Protocol):
    """The part of `bot.store.Store` that watching needs."""

    async def load(self, target: str) -> TargetState:
        """What is known of a target."""
        ...

    async def record(
        self,
        state: TargetState,
        transitions: Sequence[Transition],
        deliveries: Sequence[NewDelivery],
    ) -> None:
        """Keep the next revision with its transitions and deliveries, or nothing of it."""
        ...


class Ledger:
    """One target's state, as far as it is recorded."""

    def __init__(
        self, target: str, *, store: Records, channel: str | None, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._channel = channel
        self._now = now
        self.state = TargetState(target)

    async def load(self) -> None:
        """Continue where an earlier process stopped. Raises StoreError."""
        self.state = await self._store.load(self.state.target)

    async def learn(
        self, report: Report, trouble: Trouble, *, since: datetime | None = None
    ) -> tuple[Transition, ...]:
        """Take a look into account and return what came of it, which is recorded by then.

        A database that does not work is waited for: nothing is announced that is not recorded,
        and what was seen is not forgotten either.
        """
        seen = Observation(
            target=self.state.target,
            at=self._now(),
            state=report.verdict.state,
            report=report,
            trouble=trouble,
            since=since,
        )
        pauses = Backoff(0.5, 30.0, 2.0)
        while True:
            state, transitions = observe(self.state, seen, self._now())
            if state.revision == self.state.revision:
                self.state = state
                return ()
            news = [NewDelivery(self._channel, t) for t in transitions]
            try:
                await self._store.record(state, transitions, news)
            except StoreConflictError:
                _log.warning("%s: another process recorded it first", seen.target)
                await self.load()
            except StoreError as error:
                pause_s = pauses.next()
                _log.error("%s: not recorded, again in %.0f s: %s", seen.target, pause_s, error)
                await asyncio.sleep(pause_s)
            else:
                self.state = state
                for transition in transitions:
                    _tell(transition)
                return transitions


def _tell(transition: Transition) -> None:
    cause = transition.cause.code if transition.cause else None
    _log.warning(
        "%s: incident %s %s, %s → %s (%s)",
        transition.target,
        transition.incident_id,
        transition.kind,
        transition.before,
        transition.after,
        cause or "no cause named",
        extra={
            "event": f"incident-{transition.kind}",
            "target": transition.target,
            "incident": transition.incident_id,
            "state": transition.after.value,
            "cause": cause,
        },
    )
