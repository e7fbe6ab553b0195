"""`dns`: what the system's resolver makes of the host."""

from __future__ import annotations

import time
from typing import Final

from bot.evidence import DnsEvidence, NoEvidence
from bot.model import Finding, Reason, Status
from bot.net import addresses
from bot.net.resolve import Lookup
from bot.probes import outcome
from bot.probes.look import Look
from bot.probes.outcome import Judged

SLOW_LOOKUP_MS: Final = 1_000.0  # a cold recursive lookup ends within it; dns_slow took 1.6 s


async def probe(look: Look) -> Finding:
    """Resolve the host, and wait for getaddrinfo even when the run already goes on without it."""
    started = time.monotonic()
    host = look.endpoint.host
    if look.dialer.proxy_for(look.endpoint) and not look.dialer.policy.public_only:
        evidence = NoEvidence("the proxy resolves the name")
        return outcome.found("dns", outcome.NOT_NEEDED, evidence, started)
    first = await look.dialer.resolver.addresses(host)
    system = await look.dialer.resolver.system(host)
    usable = system if system.addresses else first
    evidence_found = DnsEvidence(
        host=host,
        literal=system.literal,
        addresses=usable.addresses,
        error=system.error,
        lookup_ms=system.elapsed_ms,
        special=tuple(a for a in usable.addresses if addresses.is_special(a)),
        hedged=first.hedged,
    )
    judged = _judge(system, usable, evidence_found, public_only=look.dialer.policy.public_only)
    return outcome.found("dns", judged, evidence_found, started)


def _judge(system: Lookup, usable: Lookup, evidence: DnsEvidence, *, public_only: bool) -> Judged:
    if not usable.addresses:
        return Status.FAIL, system.reason or Reason.NO_ADDRESS
    if public_only and evidence.special:
        return Status.FAIL, Reason.BOGUS_ADDRESS
    if not system.addresses:
        return Status.WARN, system.reason or Reason.RESOLVER_TIMEOUT
    if system.elapsed_ms >= SLOW_LOOKUP_MS:
        return Status.WARN, Reason.SLOW_LOOKUP
    return outcome.OK
