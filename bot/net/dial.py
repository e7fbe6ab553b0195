"""Dialling: a name's addresses are raced, TLS is spoken, and what was learnt is remembered.

Every probe dials for itself and on a fresh socket; the first address to connect wins (RFC 8305),
so that a dead address costs a probe a quarter of a second and not its deadline. A fault is raised
as `WireError`, whose phase says which layer it belongs to.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final

from bot.evidence import Failure, HttpAnswer, Phase
from bot.model import Reason
from bot.net import addresses, http, proxy, sockets, tls
from bot.net.connection import Connection
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError, failure, reason_of
from bot.net.resolve import Lookup, Resolver
from bot.net.sockets import Connect
from bot.net.text import Scrubber
from bot.tasks import call_off

CONNECT_S: Final = 4.0  # lost SYNs are sent again after 1 and 3 s; an absent neighbour takes 3.1 s
TLS_S: Final = 4.0
_TUNNEL_S: Final = 4.0
_STAGGER_S: Final = 0.25  # RFC 8305 §5: "Connection Attempt Delay"
_MAX_ADDRESSES: Final = 16


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be dialled, and how."""

    trust: tls.Trust = field(default_factory=tls.Trust)
    proxy: str | None = None  # the target's own; None: as the environment says
    public_only: bool = False  # refuse every special address, before any packet is sent to it


@dataclass(frozen=True, slots=True)
class Sample:
    """One connect that succeeded: what it tells of the path to that address."""

    address: str
    port: int
    took_ms: float
    resent: bool = False  # its SYN was sent again: a packet was lost


class Dialer:
    """Dials for one run. Remembers which addresses of a host answered."""

    def __init__(self, resolver: Resolver, policy: Policy, scrub: Scrubber) -> None:
        self.resolver = resolver
        self.policy = policy
        self.connects: list[Sample] = []
        self._resent_before = 0  # segments sent again on connections that are closed
        self.tunnel: HttpAnswer | None = None  # the proxy's last answer
        self._scrub = scrub
        self._alive: dict[str, str] = {}
        self._dead: set[tuple[str, int]] = set()
        self._told: dict[tuple[str, int], Connect] = {}
        self._context: asyncio.Task[ssl.SSLContext] | None = None
        # What was opened and is not closed. A probe that is cancelled while it takes over a
        # connection can lose it: the run's end closes whatever nobody did.
        self._loose: set[socket.socket] = set()
        self._open: set[Connection] = set()

    @property
    def connects_ms(self) -> list[float]:
        """How long each connect of the run took, in their order."""
        return [sample.took_ms for sample in self.connects]

    @property
    def retransmits(self) -> int:
        """TCP segments sent again so far, over all connections."""
        infos = (connection.tcp_info() for connection in self._open)
        return self._resent_before + sum(i.retransmits for i in infos if i is not None)

    def prepare_tls(self) -> None:
        """Begin to build the TLS context, which takes as long as a round trip."""
        if self._context is None:
            build = asyncio.to_thread(tls.verifying, self.policy.trust)
            self._context = asyncio.create_task(build)

    async def close_context(self) -> None:
        """End the building of a context that nobody waits for any more."""
        if self._context is not None:
            await call_off(self._context)

    async def release(self) -> None:
        """End what runs in the background, and every connection that is still open.

        The resolver stays: several dialers may share it.
        """
        for connection in tuple(self._open):
            connection.close()
        for sock in self._loose:
            sock.close()
        self._loose.clear()
        await self.close_context()

    async def close(self) -> None:
        """Release everything, the resolver as well."""
        await self.release()
        await self.resolver.close()

    def proxy_for(self, endpoint: Endpoint) -> proxy.Proxy | None:
        """The proxy that requests to an endpoint go through, if any."""
        return proxy.choose(self.policy.proxy, endpoint.host, endpoint.port, secure=endpoint.secure)

    async def allowed(self, host: str) -> Lookup:
        """Resolve a host. Raises WireError (RESOLVE) without an address that may be dialled."""
        lookup = await self.resolver.addresses(host)
        if not lookup.addresses:
            reason = lookup.reason or Reason.NO_ADDRESS
            raise WireError(Failure(Phase.RESOLVE, reason, lookup.error or "", lookup.elapsed_ms))
        special = [a for a in lookup.addresses if addresses.is_special(a)]
        if special and self.policy.public_only:
            raise WireError(
                Failure(Phase.RESOLVE, Reason.BOGUS_ADDRESS, "not a public address: not dialled")
            )
        return lookup

    async def dial(self, endpoint: Endpoint, *, address: str | None = None) -> Connection:
        """Connect to an endpoint, speaking TLS where its scheme says so. Raises WireError."""
        if endpoint.secure:
            self.prepare_tls()
        connection = await self.reach(endpoint, address=address)
        if endpoint.secure and self._context is not None:
            try:
                context = await asyncio.shield(self._context)
                await self.secure(connection, context, endpoint.host)
            except BaseException:
                connection.close()
                raise
        return connection

    async def reach(self, endpoint: Endpoint, *, address: str | None = None) -> Connection:
        """Connect, by the proxy's tunnel where one applies, and speak no TLS. Raises WireError."""
        through = self.proxy_for(endpoint)
        if through is not None:
            return await self._tunnelled(endpoint, through)
        known = (address,) if address else (await self.allowed(endpoint.host)).addresses
        return await self._race(known, endpoint.host, endpoint.port, Phase.CONNECT)

    async def secure(
        self, connection: Connection, context: ssl.SSLContext, server_name: str
    ) -> None:
        """Shake hands on an open connection. Raises WireError; the caller still owns it."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(TLS_S):
                await connection.start_tls(context, server_name)
        except (OSError, EOFError) as exc:
            raise WireError(
                failure(
                    exc,
                    Phase.TLS,
                    started=started,
                    received=connection.raw_received,
                    first=connection.raw_first,
                    tcp=connection.tcp_info() if isinstance(exc, TimeoutError) else None,
                    scrub=self._scrub,
                )
            ) from exc
        connection.tls_ms = round((time.monotonic() - started) * 1_000, 3)

    async def connect(
        self, address: str, port: int, *, timeout_s: float = CONNECT_S, segment: int | None = None
    ) -> Connect:
        """One TCP attempt at one address, remembered for later dials."""
        tried = await sockets.connect(address, port, timeout_s=timeout_s, segment=segment)
        if tried.sock is None:
            tried = self._explained(tried, port)
            self._dead.add((address, port))
            self._alive = {host: a for host, a in self._alive.items() if a != address}
        else:
            self._loose.add(tried.sock)
            self._dead.discard((address, port))
            took_ms = round(tried.elapsed_ms, 3)
            self.connects.append(Sample(tried.address, port, took_ms, tried.resent))
        return tried

    def adopt(self, tried: Connect) -> Connection:
        """Make a connection of a successful attempt."""
        if tried.sock is None:
            raise ValueError("the attempt failed")
        self._loose.discard(tried.sock)
        connection = Connection(
            tried.sock,
            address=tried.address,
            connect_ms=round(tried.elapsed_ms, 3),
            on_close=self._closing,
        )
        self._open.add(connection)
        return connection

    async def _tunnelled(self, endpoint: Endpoint, through: proxy.Proxy) -> Connection:
        target = endpoint.host
        if self.policy.public_only:
            # The proxy must not resolve the name to something else than what was judged.
            target = (await self.allowed(endpoint.host)).addresses[0]
        lookup = await self.resolver.addresses(through.host)
        if not lookup.addresses:
            reason = lookup.reason or Reason.NO_ADDRESS
            raise WireError(Failure(Phase.PROXY, reason, lookup.error or "", lookup.elapsed_ms))
        connection = await self._race(lookup.addresses, through.host, through.port, Phase.PROXY)
        try:
            await self._open_tunnel(connection, through, target, endpoint.port)
        except BaseException:
            connection.close()
            raise
        return connection

    async def _open_tunnel(
        self, connection: Connection, through: proxy.Proxy, host: str, port: int
    ) -> None:
        request = proxy.connect_request(through, host, port)
        started = time.monotonic()
        reply = await http.exchange(connection, request, timeout_s=_TUNNEL_S, scrub=self._scrub)
        self.tunnel = reply.answer
        if reply.answer.failure is not None:
            ended = reply.answer.failure
            raise WireError(
                Failure(
                    Phase.PROXY,
                    ended.reason,
                    ended.detail,
                    ended.elapsed_ms,
                    ended.bytes_received,
                    ended.first_bytes,
                    ended.tcp,
                )
            )
        status = reply.answer.status or 0
        if not 200 <= status < 300:
            elapsed = round((time.monotonic() - started) * 1_000, 3)
            raise WireError(Failure(Phase.PROXY, Reason.HTTP_STATUS, f"CONNECT: {status}", elapsed))
        connection.unread(reply.rest)

    async def _race(self, known: Sequence[str], host: str, port: int, phase: Phase) -> Connection:
        started = time.monotonic()
        waiting = self._order(known, host, port)
        running: set[asyncio.Task[Connect]] = set()
        failed: list[Connect] = []
        try:
            while waiting or running:
                if waiting:
                    running.add(asyncio.create_task(self.connect(waiting.pop(0), port)))
                done, running = await _first_of(running, _STAGGER_S if waiting else None)
                results = [task.result() for task in done]
                failed += [r for r in results if r.sock is None]
                winners = [self.adopt(r) for r in results if r.sock is not None]
                for loser in winners[1:]:
                    loser.close()
                if winners:
                    if len(known) > 1:  # an address that was asked for is no choice of ours
                        self._alive.setdefault(host, winners[0].address)
                    return winners[0]
        finally:
            await self._abandon(running)
        raise self._defeat(failed, phase, started)

    def _defeat(self, failed: Iterable[Connect], phase: Phase, started: float) -> WireError:
        """The failure to report of several: "no route" says least, for it is about this machine."""
        errors = [f.error for f in failed if f.error is not None]
        errors.sort(key=lambda e: reason_of(e) is Reason.NO_ROUTE)
        return WireError(failure(errors[0], phase, started=started, scrub=self._scrub))

    async def _abandon(self, running: set[asyncio.Task[Connect]]) -> None:
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(result, Connect) and result.sock is not None:
                self._loose.discard(result.sock)
                result.sock.close()

    def _explained(self, tried: Connect, port: int) -> Connect:
        """A timeout, with the reason that another attempt at the same address was told.

        Routers send about one ICMP error a second: of many SYNs at once only one learns why.
        """
        key = (tried.address, port)
        if not isinstance(tried.error, TimeoutError):
            self._told.setdefault(key, tried)
            return tried
        told = self._told.get(key)
        if told is None:
            return tried
        return replace(tried, error=told.error, icmp=told.icmp)

    def _order(self, known: Sequence[str], host: str, port: int) -> list[str]:
        """What connected before first, then the families in turn, known failures last."""
        first = [a for a in known[:_MAX_ADDRESSES] if a == self._alive.get(host)]
        rest = [a for a in known[:_MAX_ADDRESSES] if a not in first]
        family = ":" in (first or rest)[0]
        same = [a for a in rest if (":" in a) is family]
        other = [a for a in rest if (":" in a) is not family]
        mixed = [a for pair in zip_longest(same, other) for a in pair if a is not None]
        return first + sorted(mixed, key=lambda a: (a, port) in self._dead)

    def _closing(self, connection: Connection) -> None:
        self._open.discard(connection)
        with contextlib.suppress(OSError):
            info = connection.tcp_info()
            self._resent_before += info.retransmits if info is not None else 0


_Attempts = set[asyncio.Task[Connect]]


async def _first_of(running: _Attempts, timeout_s: float | None) -> tuple[_Attempts, _Attempts]:
    """Those that are done, and the rest, at the first one or after the timeout.

    Where our own loop was late, what is due in the same turn as the timeout counts as in time: a
    busy machine must not spread the requests of one session over several addresses.
    """
    done, running = await asyncio.wait(
        running, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
    )
    if not done:
        await asyncio.sleep(0)
        done, running = await asyncio.wait(running, timeout=0, return_when=asyncio.FIRST_COMPLETED)
    return done, running
