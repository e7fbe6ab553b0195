"""Follow-up `dns_direct`: the system's resolvers asked directly, A and AAAA apart.

glibc says EAI_AGAIN to a SERVFAIL, a REFUSED, a timeout and a resolver that is down alike
(faults.md §3.13); the rcode and the connected socket tell them apart.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import DnsDirectEvidence, NoEvidence
from bot.model import Finding, FollowUp, Reason, Status
from bot.probes import outcome
from bot.probes.look import Look

MAX_SERVERS: Final = 3  # glibc's MAXNS
QUERY_S: Final = 3.0


async def probe(look: Look) -> Finding:
    """Ask every configured resolver for A and AAAA at once."""
    from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

    started = time.monotonic()
    name = FollowUp.DNS_DIRECT.value
    servers = look.dialer.resolver.servers[:MAX_SERVERS]
    if look.endpoint.literal or not servers:
        note = NoEvidence("no name to look up, or no resolver configured")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    replies = await asyncio.gather(
        *(
            nameserver.query(server, look.endpoint.host, kind, timeout_s=QUERY_S)
            for server in servers
            for kind in nameserver.KINDS
        )
    )
    return outcome.found(name, outcome.OK, DnsDirectEvidence(tuple(replies)), started)
