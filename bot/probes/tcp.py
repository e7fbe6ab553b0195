"""`tcp`: a connect to every address, one finding each. Through a proxy: what the proxy says."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import NoEvidence, Phase, ProxyEvidence, TcpEvidence
from bot.model import Finding, Reason, Status
from bot.net import addresses, errors
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.net.proxy import Proxy
from bot.net.sockets import Connect
from bot.probes import outcome, path_samples
from bot.probes.look import Look
from bot.probes.outcome import Judged

MAX_ADDRESSES: Final = 16


async def probe(look: Look) -> tuple[Finding, ...]:
    """Connect to every address at once."""
    started = time.monotonic()
    through = look.dialer.proxy_for(look.endpoint)
    if through is not None:
        return (await _tunnel(look, through, started),)
    try:
        lookup = await look.dialer.allowed(look.endpoint.host)
    except WireError as exc:
        evidence = NoEvidence(exc.failure.detail)
        return (outcome.found("tcp", outcome.NOT_REACHED, evidence, started),)
    targets = lookup.addresses[:MAX_ADDRESSES]
    tried = await asyncio.gather(*(_connect(look, address) for address in targets))
    near = min((t for t in tried if t.error is None), key=lambda t: t.elapsed_ms, default=None)
    if near is not None:
        path_samples.begin(look, near.address, near.elapsed_ms)
    alive = {":" in t.address for t in tried if t.error is None}
    return tuple(_finding(t, look.endpoint, alive) for t in tried)


async def _connect(look: Look, address: str) -> Connect:
    tried = await look.dialer.connect(address, look.endpoint.port)
    if tried.sock is not None:
        look.dialer.adopt(tried).close()
    return tried


def _finding(tried: Connect, to: Endpoint, alive: set[bool]) -> Finding:
    six = ":" in tried.address
    ok = tried.error is None
    evidence = TcpEvidence(
        address=tried.address,
        port=to.port,
        family=6 if six else 4,
        connect_ms=round(tried.elapsed_ms, 3) if ok else None,
        errno=errors.errno_name(tried.error) if tried.error is not None else None,
        icmp=tried.icmp,
    )
    judged = _judge(tried, to, other_family=bool(alive) and six not in alive)
    return Finding("tcp", *judged, evidence, tried.elapsed_ms, tried.address)


def _judge(tried: Connect, to: Endpoint, *, other_family: bool) -> Judged:
    """other_family: only addresses of the other family connect."""
    if tried.error is None:
        return outcome.OK
    if other_family and addresses.is_loopback(to.host):
        # Whoever asks for "localhost" is on this machine, and finds it by the other family.
        return Status.SKIPPED, Reason.NOT_NEEDED
    reason = errors.reason_of(tried.error)
    if reason is Reason.NO_ROUTE and other_family and tried.icmp is None:
        return Status.SKIPPED, Reason.NOT_POSSIBLE  # this machine lacks the family, not the target
    return Status.FAIL, reason


async def _tunnel(look: Look, through: Proxy, started: float) -> Finding:
    evidence = ProxyEvidence(through.url)
    judged: Judged = (Status.SKIPPED, Reason.NOT_NEEDED)
    try:
        connection = await look.dialer.dial(look.endpoint)
    except WireError as exc:
        evidence = ProxyEvidence(through.url, look.dialer.tunnel, exc.failure)
        if exc.failure.phase is Phase.PROXY:
            judged = (Status.FAIL, exc.failure.reason)
        elif exc.failure.phase is Phase.RESOLVE:
            judged = outcome.NOT_REACHED
    else:
        connection.close()
        evidence = ProxyEvidence(through.url, look.dialer.tunnel)
    return outcome.found("tcp", judged, evidence, started)
