"""Follow-up `other_ports`: does the host answer on other ports, and is Engine.IO on one of them?

An answer of any kind, a refusal too, shows that the host is up and the way to it open.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from bot.evidence import NoEvidence, OtherPortsEvidence, PortTry
from bot.model import Finding, FollowUp, Reason, Status
from bot.net import packets
from bot.net.errors import WireError, reason_of
from bot.probes import outcome
from bot.probes.look import Look

COMMON_PORTS: Final = (80, 443, 3000, 3001, 4000, 5000, 8000, 8080, 8081, 8443, 8888, 9000)
_TLS_PORTS: Final = frozenset({443, 8443})
_HIGHEST: Final = 65_535
CONNECT_S: Final = 1.3  # one lost SYN, and the one that is sent again after a second
ANSWER_S: Final = 1.5


async def probe(look: Look) -> Finding:
    """Connect to the common ports and to the neighbours, and ask those that connect."""
    started = time.monotonic()
    name = FollowUp.OTHER_PORTS.value
    if look.dialer.proxy_for(look.endpoint) is not None:
        note = NoEvidence("the ports would be seen by the proxy")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    try:
        known = (await look.dialer.allowed(look.endpoint.host)).addresses
    except WireError as exc:
        note = NoEvidence(exc.failure.detail)
        return outcome.found(name, outcome.NOT_REACHED, note, started)
    address = next((a for a in known if ":" not in a), known[0])
    tries = await asyncio.gather(*(_port(look, address, port) for port in candidates(look)))
    return outcome.found(name, outcome.OK, OtherPortsEvidence(address, tuple(tries)), started)


def candidates(look: Look) -> tuple[int, ...]:
    """The ports worth a try, without the URL's own."""
    own = look.endpoint.port
    ports = dict.fromkeys((*COMMON_PORTS, own - 1, own + 1))
    return tuple(p for p in ports if p != own and 0 < p <= _HIGHEST)


async def _port(look: Look, address: str, port: int) -> PortTry:
    tried = await look.dialer.connect(address, port, timeout_s=CONNECT_S)
    if tried.error is not None:
        return PortTry(port, reason_of(tried.error).value, icmp=tried.icmp is not None)
    look.dialer.adopt(tried).close()
    schemes = ("https", "http") if port in _TLS_PORTS else ("http", "https")
    for scheme in schemes:
        if await _opens(look, address, port, scheme):
            return PortTry(port, "ok", scheme)
    return PortTry(port, "ok")


async def _opens(look: Look, address: str, port: int, scheme: str) -> bool:
    to = replace(look.polling_endpoint, scheme=scheme, port=port)
    request = look.anonymous_handshake(to)
    try:
        async with asyncio.timeout(ANSWER_S):
            reply = await look.fetch(request, to=to, address=address, timeout_s=ANSWER_S)
    except TimeoutError:
        return False
    opened = packets.read_open(reply.text)
    return reply.answer.status == 200 and opened is not None
