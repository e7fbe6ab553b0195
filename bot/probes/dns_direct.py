"""Follow-up `dns_direct`: the system's resolvers asked directly, A and AAAA apart.

glibc says EAI_AGAIN to a SERVFAIL, a REFUSED, a timeout and a resolver that is down alike
(faults.md §3.13); the rcode and the connected socket tell them apart.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from bot.evidence import DnsDirectEvidence, DnsReply, NoEvidence
from bot.model import Finding, FollowUp, Reason, Status
from bot.net.resolv_conf import Server
from bot.probes import outcome
from bot.probes.look import Look

QUERY_S: Final = 3.0
UNCHECKED_S: Final = 1.5


async def probe(look: Look) -> Finding:
    """Ask every configured resolver for A and AAAA at once."""
    from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

    started = time.monotonic()
    name = FollowUp.DNS_DIRECT.value
    conf = look.dialer.resolver.conf
    if look.endpoint.literal or not conf.servers:
        note = NoEvidence("no name to look up, or no resolver configured")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    names = conf.candidates(look.endpoint.host)
    replies = await asyncio.gather(
        *(
            _ask(server, names, kind, edns=conf.edns)
            for server in conf.servers
            for kind in nameserver.KINDS
        )
    )
    look.second_opinion.extend(a for reply in replies for a in reply.addresses)
    return outcome.found(name, outcome.OK, DnsDirectEvidence(tuple(replies)), started)


async def _ask(server: Server, names: tuple[str, ...], kind: str, *, edns: bool) -> DnsReply:
    """One reply. SERVFAIL: also what it is with validation off, which tells DNSSEC's fault."""
    from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

    reply = await nameserver.search(server, names, kind, timeout_s=QUERY_S, edns=edns)
    if reply.rcode != "SERVFAIL":
        return reply
    unchecked = await nameserver.query(
        server, reply.name, kind, timeout_s=UNCHECKED_S, checking=False
    )
    return replace(reply, unchecked=unchecked.rcode)
