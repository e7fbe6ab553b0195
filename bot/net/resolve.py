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
from typing import TYPE_CHECKING, Final

from bot.model import Reason
from bot.net import addresses
from bot.net.errors import eai_name, reason_of, since_ms

if TYPE_CHECKING:
    from bot.net.nameserver import Server

HEDGE_S: Final = 1.0
LOOKUP_S: Final = 6.5  # glibc's first answer after a dropped AAAA comes at 5 to 6 s
_HEDGE_QUERY_S: Final = 3.0

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


class Resolver:
    """Looks each host up once; later callers share the answer."""

    def __init__(self, servers: tuple[Server, ...] | None = None) -> None:
        """`servers`: whom to ask directly; None means those that the system is configured with."""
        self._servers = servers
        self._lookups: dict[str, asyncio.Task[Lookup]] = {}
        self._hedges: dict[str, asyncio.Task[Lookup]] = {}

    @property
    def servers(self) -> tuple[Server, ...]:
        """The resolvers for direct queries."""
        if self._servers is None:
            from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

            self._servers = nameserver.system_servers()
        return self._servers

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
        return await asyncio.shield(system)

    async def close(self) -> None:
        """Forget what is still being looked up. Threads end by themselves."""
        tasks = [*self._lookups.values(), *self._hedges.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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
        found: AddressList = ()
        for server in self.servers:
            replies = [
                asyncio.create_task(nameserver.query(server, host, kind, timeout_s=_HEDGE_QUERY_S))
                for kind in nameserver.KINDS
            ]
            try:
                # The first family that answers is enough to go on with.
                for next_reply in asyncio.as_completed(replies):
                    found = (await next_reply).addresses
                    if found:
                        return Lookup(host, found, elapsed_ms=since_ms(started), hedged=True)
            finally:
                for reply in replies:
                    reply.cancel()
                await asyncio.gather(*replies, return_exceptions=True)
        return Lookup(host, elapsed_ms=since_ms(started), hedged=True)


async def _system(host: str) -> Lookup:
    literal = addresses.parse(host)
    if literal is not None:
        return Lookup(host, (str(literal),), literal=True)
    started = time.monotonic()
    try:
        async with asyncio.timeout(LOOKUP_S):
            found = await _getaddrinfo(host)
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
    return Lookup(host, found, elapsed_ms=since_ms(started))


async def _getaddrinfo(host: str) -> AddressList:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[AddressList] = loop.create_future()

    def settle(found: AddressList, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is None:
            answer.set_result(found)
        else:
            answer.set_exception(error)

    def work() -> None:
        found: AddressList = ()
        error: BaseException | None = None
        try:
            infos = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            found = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
        except (OSError, UnicodeError) as exc:
            error = exc
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(settle, found, error)

    threading.Thread(target=work, name=f"lookup {host}", daemon=True).start()
    return await answer
