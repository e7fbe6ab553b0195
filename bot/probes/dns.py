"""`dns`: what the system's resolver makes of the host."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import DnsEvidence, NoEvidence
from bot.model import Finding, Reason, Status
from bot.net import addresses
from bot.net.resolve import Lookup
from bot.probes import outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged

# A client's connect budget feels this; resolvers answer in tens of ms. What a cold recursive
# resolver needs once is no fault, so a late lookup is done a second time before it counts.
SLOW_LOOKUP_MS: Final = 800.0


async def probe(look: Look) -> Finding:
    """Resolve the host, and wait for getaddrinfo even when the run already goes on without it."""
    started = time.monotonic()
    host = look.endpoint.host
    if look.dialer.proxy_for(look.endpoint) and not look.dialer.policy.public_only:
        evidence = NoEvidence("the proxy resolves the name")
        return outcome.found("dns", outcome.NOT_NEEDED, evidence, started)
    first, system, again = await asyncio.gather(
        look.dialer.resolver.addresses(host),
        look.dialer.resolver.system(host),
        _when_late(look, host),
    )
    if not system.addresses and again is not None and again.addresses:
        system = again  # the first one lost its packets
    usable = system if system.addresses else first
    evidence_found = DnsEvidence(
        host=host,
        literal=system.literal,
        addresses=usable.addresses,
        error=system.error,
        lookup_ms=system.elapsed_ms,
        special=tuple(a for a in usable.addresses if addresses.is_special(a)),
        hedged=first.hedged,
        again_ms=again.elapsed_ms if again is not None else None,
        hosts_file=system.hosts_file,
    )
    judged = _judge(system, usable, evidence_found, public_only=look.dialer.policy.public_only)
    return outcome.found("dns", judged, evidence_found, started)


async def _when_late(look: Look, host: str) -> Lookup | None:
    """A second lookup, begun when the first is late: is it late too, or was a packet lost?"""
    system = asyncio.create_task(look.dialer.resolver.system(host))
    try:
        done, _ = await asyncio.wait({system}, timeout=SLOW_LOOKUP_MS / 1_000)
        if done:
            return None
        look.lookup_late = True
        return await look.dialer.resolver.again(host)
    finally:
        system.cancel()


def _judge(system: Lookup, usable: Lookup, evidence: DnsEvidence, *, public_only: bool) -> Judged:
    if not usable.addresses:
        return Status.FAIL, system.reason or Reason.NO_ADDRESS
    if public_only and evidence.special:
        return Status.FAIL, Reason.BOGUS_ADDRESS
    if not system.addresses:
        return Status.WARN, system.reason or Reason.RESOLVER_TIMEOUT
    if system.elapsed_ms >= SLOW_LOOKUP_MS and (evidence.again_ms or 0.0) >= SLOW_LOOKUP_MS:
        return Status.WARN, Reason.SLOW_LOOKUP
    return outcome.OK
