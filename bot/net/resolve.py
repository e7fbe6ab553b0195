"""getaddrinfo, once per host, in a daemon thread of its own.

A resolver that hangs keeps its thread for half a minute. In the default executor that thread would
block the interpreter's exit, so each lookup gets a daemon thread that nobody waits for. When
getaddrinfo has not answered after `HEDGE_S`, the system's resolvers are asked directly beside it:
where only AAAA hangs, the run goes on with the addresses of A (faults.md: dns_aaaa_timeout).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from typing import Final

from bot.model import Reason
from bot.net import addresses, resolv_conf
from bot.net.errors import eai_name, reason_of, since_ms
from bot.net.resolv_conf import ResolvConf, Server
from bot.tasks import call_off

HEDGE_S: Final = 1.0
_RETRY_S: Final = 0.25  # EAI_AGAIN means "try again": one SERVFAIL of a cold resolver is no outage
_QUICK_MS: Final = 1_500.0  # what took longer has been tried again by glibc itself
LOOKUP_S: Final = 6.5  # glibc's first answer after a dropped AAAA comes at 5 to 6 s
_HEDGE_QUERY_S: Final = 3.0

_UNANSWERED: Final = frozenset({"EAI_AGAIN", "TIMEOUT"})

AddressList = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a name resolved. `addresses` are in the system's order of preference."""

    host: str
    addresses: AddressList = ()
    error: str | None = None  # EAI_* name, or TIMEOUT
    reason: Reason | None = None
    elapsed_ms: float = 0.0
    hedged: bool = False  # the addresses are from direct queries: getaddrinfo had not answered
    literal: bool = False
    hosts_file: AddressList = ()  # what the machine's hosts file says, which DNS need not


class Resolver:
    """Looks each host up once; later callers share the answer."""

    def __init__(self, servers: tuple[Server, ...] | None = None) -> None:
        """`servers`: whom to ask directly; None means those that the system is configured with."""
        self._conf = ResolvConf(servers) if servers is not None else None
        self._lookups: dict[str, asyncio.Task[Lookup]] = {}
        self._hedges: dict[str, asyncio.Task[Lookup]] = {}

    @property
    def conf(self) -> ResolvConf:
        """The resolvers for direct queries, and how names are completed."""
        if self._conf is None:
            self._conf = resolv_conf.read()
        return self._conf

    @property
    def servers(self) -> tuple[Server, ...]:
        """The resolvers for direct queries."""
        return self.conf.servers

    def candidates(self, host: str) -> tuple[str, ...]:
        """The names that a lookup of `host` tries, search domains included."""
        return self.conf.candidates(host)

    async def again(self, host: str) -> Lookup:
        """A lookup of its own, not shared: what the next connection would wait for."""
        return await _system(host)

    async def system(self, host: str) -> Lookup:
        """What getaddrinfo says, however long it takes up to `LOOKUP_S`."""
        return await asyncio.shield(self._system_task(host))

    async def addresses(self, host: str) -> Lookup:
        """The first answer to go on with: getaddrinfo's, or a direct one if that hangs."""
        system = self._system_task(host)
        if host not in self._hedges:
            done, _ = await asyncio.wait({system}, timeout=HEDGE_S)
            if done:
                return system.result()
        hedge = self._hedge_task(host)
        await asyncio.wait({system, hedge}, return_when=asyncio.FIRST_COMPLETED)
        if hedge.done() and not system.done() and hedge.result().addresses:
            return hedge.result()
        looked_up = await asyncio.shield(system)
        if looked_up.error in _UNANSWERED:
            # glibc has given up; our own queries, which are sent again sooner, may still get there.
            direct = await asyncio.shield(hedge)
            return direct if direct.addresses else looked_up
        return looked_up

    async def close(self) -> None:
        """Forget what is still being looked up. Threads end by themselves."""
        tasks = [*self._lookups.values(), *self._hedges.values()]
        await call_off(*tasks)

    def _system_task(self, host: str) -> asyncio.Task[Lookup]:
        if host not in self._lookups:
            self._lookups[host] = asyncio.create_task(_system(host))
        return self._lookups[host]

    def _hedge_task(self, host: str) -> asyncio.Task[Lookup]:
        if host not in self._hedges:
            self._hedges[host] = asyncio.create_task(self._direct(host))
        return self._hedges[host]

    async def _direct(self, host: str) -> Lookup:
        from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

        started = time.monotonic()
        names = self.candidates(host)
        replies = [
            asyncio.create_task(nameserver.search(server, names, kind, timeout_s=_HEDGE_QUERY_S))
            for server in self.servers
            for kind in nameserver.KINDS
        ]
        try:
            # The first server and family that answer are enough to go on with.
            for next_reply in asyncio.as_completed(replies):
                found = (await next_reply).addresses
                if found:
                    return Lookup(host, found, elapsed_ms=since_ms(started), hedged=True)
        finally:
            await call_off(*replies)
        return Lookup(host, elapsed_ms=since_ms(started), hedged=True)


class SharedResolver(Resolver):
    """For many dials of a long life: an answer is believed for `ttl_s`, a failure not at all."""

    def __init__(self, ttl_s: float, at_once: int) -> None:
        """`at_once`: lookups that run at the same time, each in a thread of its own."""
        super().__init__()
        self._ttl_s = ttl_s
        self._turn = asyncio.Semaphore(at_once)
        self._until: dict[str, float] = {}

    async def addresses(self, host: str) -> Lookup:
        """The addresses of a host, as they are now or were `ttl_s` ago."""
        known = self._lookups.get(host)
        if known is not None and known.done():
            failed = known.cancelled() or not known.result().addresses
            if failed or time.monotonic() >= self._until.get(host, 0.0):
                self._forget(host)
        async with self._turn:
            if host not in self._lookups:
                self._until[host] = time.monotonic() + self._ttl_s
            return await super().addresses(host)

    def _forget(self, host: str) -> None:
        for tasks in (self._lookups, self._hedges):
            task = tasks.pop(host, None)
            if task is not None:
                task.cancel()


async def _system(host: str) -> Lookup:
    literal = addresses.parse(host)
    if literal is not None:
        return Lookup(host, (str(literal),), literal=True)
    first = await _asked(host)
    if first.error != "EAI_AGAIN" or first.elapsed_ms > _QUICK_MS:
        return first
    await asyncio.sleep(_RETRY_S)
    second = await _asked(host)
    return second if second.addresses else first


async def _asked(host: str) -> Lookup:
    started = time.monotonic()
    try:
        async with asyncio.timeout(LOOKUP_S):
            found, waited_ms, hosts = await _getaddrinfo(host)
    except TimeoutError:
        return Lookup(
            host, error="TIMEOUT", reason=Reason.RESOLVER_TIMEOUT, elapsed_ms=since_ms(started)
        )
    except socket.gaierror as exc:
        return Lookup(
            host, error=eai_name(exc), reason=reason_of(exc), elapsed_ms=since_ms(started)
        )
    except UnicodeError:  # a label that IDNA refuses
        return Lookup(host, error="EAI_NONAME", reason=Reason.NAME_NOT_FOUND)
    return Lookup(host, found, elapsed_ms=waited_ms, hosts_file=hosts)


_Answer = tuple[AddressList, float, AddressList]  # addresses, milliseconds, the hosts file's


async def _getaddrinfo(host: str) -> _Answer:
    """Timed in the thread itself: a busy loop of ours is no slow resolver."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Answer] = loop.create_future()

    def settle(found: _Answer | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if found is not None:
            answer.set_result(found)
        elif error is not None:
            answer.set_exception(error)

    def work() -> None:
        found: _Answer | None = None
        error: BaseException | None = None
        started = time.monotonic()
        try:
            infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            waited_ms = since_ms(started)
            known = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
            found = known, waited_ms, resolv_conf.hosts_file(host)
        except (OSError, UnicodeError) as exc:
            error = exc
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(settle, found, error)

    threading.Thread(target=work, name=f"lookup {host}", daemon=True).start()
    return await answer
