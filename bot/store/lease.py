"""Who may do what only one process may do: two deliverers on one database would both send.

The holder counts a number up. Whoever waits watches that number by its own monotonic clock and
takes over once it has stood still, so that no clocks of two machines are ever compared. A holder
that was on this machine and is gone is not waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.errors import StoreError
from bot.store.run import Run
from bot.store.schema import leases

BEAT_S: Final = 4.0
DEAD_AFTER_S: Final = 20.0  # without a beat
_VALID_S: Final = 10.0  # what the holder may rely on after a beat, well below the former

_NOBODY: Final = ""

_log = logging.getLogger("wsdiag.store")


@dataclass(frozen=True, slots=True)
class Standing:
    """Who holds a lease, and the number that they count up."""

    holder: str
    beat: int


class Lease:
    """Run `run()` in a task until it is cancelled; `turn()` waits while somebody else holds it."""

    def __init__(
        self,
        run: Run,
        name: str,
        *,
        beat_s: float = BEAT_S,
        dead_after_s: float = DEAD_AFTER_S,
    ) -> None:
        self._run, self.name = run, name
        self._beat_s, self._dead_after_s = beat_s, dead_after_s
        self._valid_s = dead_after_s * _VALID_S / DEAD_AFTER_S
        self._me = "|".join((*_process(os.getpid()), secrets.token_hex(4)))
        self._held = asyncio.Event()
        self._beaten_at = 0.0  # loop time

    async def run(self) -> None:
        """Hold the lease, or wait for it, until cancelled; then let it go."""
        loop = asyncio.get_running_loop()
        seen: Standing | None = None
        still_since = loop.time()
        try:
            while True:
                now = loop.time()
                stale = (
                    seen is not None
                    and seen.holder != self._me
                    and (now - still_since >= self._dead_after_s or _gone(seen.holder))
                )
                try:
                    standing = await self._take(seen if stale else None)
                except StoreError as error:
                    _log.error("the lease of %s could not be renewed: %s", self.name, error)
                else:
                    if standing.holder == self._me:
                        self._beaten_at = now
                        self._held.set()
                    elif self._held.is_set() or seen is None:
                        self._held.clear()
                        _log.warning("another process does %s; this one waits", self.name)
                    if standing != seen:
                        seen, still_since = standing, loop.time()
                await asyncio.sleep(self._beat_s)
        finally:
            self._held.clear()
            with contextlib.suppress(StoreError):
                await self._let_go()

    async def turn(self) -> None:
        """Return as soon as the lease is ours, and was so a moment ago."""
        loop = asyncio.get_running_loop()
        while True:
            await self._held.wait()
            if loop.time() - self._beaten_at < self._valid_s:
                return
            self._held.clear()  # the database, or this process, stood still: ask again

    async def _take(self, over: Standing | None) -> Standing:
        """Count on, or take over from `over` if it still stands so; returns who holds it now."""

        async def work(connection: AsyncConnection) -> Standing:
            row = (
                await connection.execute(select(leases).where(leases.c.name == self.name))
            ).one_or_none()
            if row is None:
                await connection.execute(
                    insert(leases).values(name=self.name, holder=self._me, beat=1)
                )
                return Standing(self._me, 1)
            standing = Standing(row.holder, row.beat)
            if standing.holder not in (self._me, _NOBODY) and standing != over:
                return standing
            taken = await connection.execute(
                update(leases)
                .where(
                    leases.c.name == self.name,
                    leases.c.holder == standing.holder,
                    leases.c.beat == standing.beat,
                )
                .values(holder=self._me, beat=standing.beat + 1)
            )
            return Standing(self._me, standing.beat + 1) if taken.rowcount == 1 else standing

        try:
            return await self._run(work)
        except IntegrityError:  # another process made the row at the same moment
            return Standing("?", 0)

    async def _let_go(self) -> None:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(
                update(leases)
                .where(leases.c.name == self.name, leases.c.holder == self._me)
                .values(holder=_NOBODY, beat=leases.c.beat + 1)
            )

        await self._run(work)


def _process(pid: int) -> tuple[str, str, str, str, str]:
    """Machine, boot, namespace, number and start of a process: no other one is named so."""
    boot = _read("/proc/sys/kernel/random/boot_id")
    return socket.gethostname(), boot, _namespace(), str(pid), _start(pid)


def _gone(holder: str) -> bool:
    """Whether a holder can be seen to have ended: it was on this machine, in our namespace."""
    parts = holder.split("|")
    ours = _process(os.getpid())
    if len(parts) != 6 or tuple(parts[:3]) != ours[:3] or not all(parts[:3]):
        return False
    return parts[3].isdigit() and _start(int(parts[3])) != parts[4]


def _start(pid: int) -> str:
    """When a process began, in ticks since boot (proc(5), stat, field 22); "" if there is none."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] != "Z" else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _namespace() -> str:
    """Of process numbers: the same number means another process in another container."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
