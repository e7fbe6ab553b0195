"""Remembering: what happens is written in groups, and what recurs is looked for in it.

Nothing here may harm watching. Whoever reports an event only puts it on a bounded list; a database
that is locked, full or gone costs a part of the history and a line in the log. What is known of a
target (`memory`) is the outcome of the last reading, so that no look waits for the database.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from bot import patterns
from bot.evidence import HistoryEvidence, PatternKind
from bot.incidents import Incident
from bot.model import State
from bot.patterns import FIVE_MINUTES_S, HOUR_S, MINUTE_S, Sample, Session
from bot.patterns.rollup import floor
from bot.patterns.speed import PAST, Usual, usual
from bot.store import StoreError
from bot.tasks import call_off

SESSIONS_FOR: Final = timedelta(days=14)  # five ends at the age of a day need that long
HOURS_FOR: Final = timedelta(days=15)

_KEPT: Final = 5_000  # what waits to be written, of each kind, while the database does not work
_LAG_EVERY_S: Final = 0.5
_FIRST_READ_S: Final = 5.0
_ANYWAY: Final = timedelta(hours=1)

_log = logging.getLogger("wsdiag.watcher")


class Remembers(Protocol):
    """The part of `bot.store.History` that is needed here. Methods raise StoreError."""

    async def add(self, ended: Sequence[Session], taken: Sequence[Sample]) -> None: ...

    async def sessions(
        self, target: str, *, since: datetime, limit: int = 300
    ) -> list[Session]: ...

    async def sessions_of(
        self, targets: Collection[str], *, since: datetime, limit: int = 300
    ) -> list[Session]: ...

    async def samples(self, target: str, span_s: int, *, since: datetime) -> list[Sample]: ...

    async def tidy(self, now: datetime) -> None: ...


class Subject(Protocol):
    """What is remembered: a `Watcher`."""

    @property
    def name(self) -> str: ...

    @property
    def backend(self) -> str:
        """Equal for targets that share a backend."""
        ...

    def session(self) -> Session | None:
        """The open connection."""
        ...

    def sample(self, at: datetime, span_s: int, lag_ms: float) -> Sample:
        """How it was since the last sample."""
        ...


@dataclass(slots=True)
class _Known:
    """Of one target."""

    memory: HistoryEvidence
    read_at: datetime
    usual: Usual | None


class Chronicle:
    """The memory of one process. Run `run()` in a task; call the rest from anywhere in the loop."""

    def __init__(
        self,
        history: Remembers,
        *,
        now: Callable[[], datetime],
        write_s: float = 5.0,
        span_s: int = MINUTE_S,
    ) -> None:
        """`write_s`: groups are not written more often than that. `span_s`: of a sample."""
        self._history = history
        self._now = now
        self._write_s = write_s
        self._span_s = span_s
        self._ended: deque[Session] = deque(maxlen=_KEPT)
        self._taken: deque[Sample] = deque(maxlen=_KEPT)
        self._subjects: dict[str, Subject] = {}
        self._known: dict[str, _Known] = {}
        self._doubtful: set[str] = set()  # something happened that may make or end a pattern
        self._happened = asyncio.Event()
        self._lag_s = 0.0
        self._failing = False
        self._writing: asyncio.Task[bool] | None = None

    def memory(self, target: str) -> HistoryEvidence | None:
        """What recurs, as last read; None before that, and for what is not watched."""
        known = self._known.get(target)
        return known.memory if known else None

    def ended(self, session: Session) -> None:
        """A connection has ended."""
        self._ended.append(session)
        self._doubtful.add(session.target)
        self._happened.set()

    async def join(self, subject: Subject) -> None:
        """Remember a target from now on, and what was remembered before; never raises."""
        self._subjects[subject.name] = subject
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_READ_S):
                await self._read(subject)

    def leave(self, name: str) -> None:
        """A target is watched no more. What was written of it stays."""
        self._subjects.pop(name, None)
        self._known.pop(name, None)

    async def run(self) -> None:
        """Take samples, write, read, tidy; until cancelled, when the rest is written."""
        lag = asyncio.create_task(self._watch_lag(), name="loop lag")
        next_span = floor(self._now(), self._span_s) + timedelta(seconds=self._span_s)
        try:
            while True:
                await self._wait(next_span)
                now = self._now()
                if now >= next_span or next_span - now > timedelta(seconds=2 * self._span_s):
                    self._sample(next_span - timedelta(seconds=self._span_s))
                    next_span = floor(now, self._span_s) + timedelta(seconds=self._span_s)
                    if await self._write() and next_span.timestamp() % FIVE_MINUTES_S < 1:
                        await self._tidy(now)
                else:
                    await self._write()
                for subject in self._due(now):
                    await self._read(subject)
                await asyncio.sleep(self._write_s)
        finally:
            await call_off(lag)
            await self._finish()

    async def _wait(self, until: datetime) -> None:
        seconds = max(0.0, (until - self._now()).total_seconds())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, self._span_s)):
                await self._happened.wait()
        self._happened.clear()

    async def _watch_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(_LAG_EVERY_S)
            self._lag_s = max(self._lag_s, loop.time() - before - _LAG_EVERY_S)

    def _sample(self, at: datetime) -> None:
        lag_ms, self._lag_s = self._lag_s * 1000, 0.0
        for subject in self._subjects.values():
            sample = subject.sample(at, self._span_s, lag_ms)
            self._taken.append(sample)
            known = self._known.get(subject.name)
            slow = known is not None and known.usual is not None and sample.rtt_ms is not None
            if slow and sample.rtt_ms >= known.usual.enter_ms:  # type: ignore[operator, union-attr]
                self._doubtful.add(subject.name)

    def _due(self, now: datetime) -> Iterable[Subject]:
        """Whom to read of: where something happened, where something recurs, and now and then."""
        doubtful, self._doubtful = self._doubtful, set()
        # A thousand targets that were read together at the start must not be so every hour.
        unhurried = max(2, len(self._subjects) // 300)
        for name, subject in list(self._subjects.items()):
            known = self._known.get(name)
            if name in doubtful or known is None:
                yield subject
                continue
            age = now - known.read_at
            # While something recurs, every sample may show that it is over.
            again = timedelta(seconds=self._span_s) if known.memory.patterns else _ANYWAY
            if unhurried and not timedelta(0) <= age < again:
                unhurried -= 1
                yield subject

    # ------------------------------------------------------------ the database

    async def _write(self) -> bool:
        """Everything that waits, in one transaction. False: it waits on.

        The database ends a transaction that it has begun also when we are cancelled meanwhile, so
        the group under way is waited for and never written twice.
        """
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._flush(), name="write the history")
        return await asyncio.shield(self._writing)

    async def _flush(self) -> bool:
        ended, taken = list(self._ended), list(self._taken)
        try:
            await self._history.add(ended, taken)
        except StoreError as error:
            self._trouble("written", error)
            return False
        # What came in meanwhile stays; what was pushed out by it was the oldest, and is written.
        written = {id(entry) for entry in (*ended, *taken)}
        for waiting in (self._ended, self._taken):
            while waiting and id(waiting[0]) in written:
                waiting.popleft()
        self._failing = False
        return True

    async def _finish(self) -> None:
        """What is under way, then what is left; a database that hangs is not waited for long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_READ_S):
                if self._writing is not None and not self._writing.done():
                    await asyncio.wait({self._writing})
                await self._write()
        if self._writing is not None and not self._writing.done():
            self._writing.cancel()
            await asyncio.wait({self._writing})

    async def _tidy(self, now: datetime) -> None:
        try:
            await self._history.tidy(now)
        except StoreError as error:
            self._trouble("tidied", error)

    async def _read(self, subject: Subject) -> None:
        now = self._now()
        name, history = subject.name, self._history
        others = [
            other.name
            for other in self._subjects.values()
            if other.backend == subject.backend and other.name != name
        ]
        try:
            sessions = await history.sessions(name, since=now - SESSIONS_FOR)
            beside = await history.sessions_of(others, since=now - SESSIONS_FOR)
            fine = await history.samples(name, FIVE_MINUTES_S, since=now - PAST)
            hours = await history.samples(name, HOUR_S, since=now - HOURS_FOR)
        except StoreError as error:
            self._trouble("read", error)
            return
        still_open = subject.session()
        if still_open is not None:
            sessions.append(still_open)
        memory = patterns.find(sessions, [*fine, *hours], now, others=beside)
        self._tell(name, memory)
        self._known[name] = _Known(memory, now, usual(fine, now))

    def _tell(self, name: str, memory: HistoryEvidence) -> None:
        known = self._known.get(name)
        before = {p.kind for p in known.memory.patterns} if known else set[PatternKind]()
        for pattern in memory.patterns:
            if pattern.kind not in before:
                said = patterns.headline(pattern)
                _log.warning(
                    "%s: %s",
                    name,
                    said.text.format_map(said.values),
                    extra={"event": "pattern", "target": name, "pattern": pattern.kind.value},
                )

    def _trouble(self, what: str, error: StoreError) -> None:
        """Once, not with every try."""
        level = logging.DEBUG if self._failing else logging.WARNING
        self._failing = True
        _log.log(level, "the history cannot be %s, which costs a part of it: %s", what, error)


def only_remembered(incident: Incident | None, memory: HistoryEvidence | None) -> bool:
    """Whether memory alone keeps an incident open: clients connect, and are thrown out again and
    again. There is nothing to see by looking every few seconds."""
    if incident is None or incident.cause is None or memory is None:
        return False
    return incident.state is State.DEGRADED and any(
        pattern.hurts and pattern.code == incident.cause.code for pattern in memory.patterns
    )
