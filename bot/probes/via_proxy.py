"""Follow-up `via_proxy`: where we come to nothing, does a proxy of the environment get through?

The environment may name proxies that this target does not use: for another scheme, or exempted by
NO_PROXY. In a network that lets nobody out directly they are the only way.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Final

from bot.evidence import NoEvidence, ProxyTry, ViaProxyEvidence
from bot.model import Finding, FollowUp
from bot.net import addresses, packets, proxy
from bot.net.dial import Dialer
from bot.net.text import Scrubber
from bot.probes import outcome
from bot.probes.look import Look

MAX_PROXIES: Final = 3
ANSWER_S: Final = 4.0


async def probe(look: Look) -> Finding:
    """Ask for the polling handshake through each proxy of the environment."""
    started = time.monotonic()
    name = FollowUp.VIA_PROXY.value
    used = look.dialer.proxy_for(look.endpoint)
    known = () if used else proxy.all_of_environment()[:MAX_PROXIES]
    if addresses.is_loopback(look.endpoint.host):
        known = ()  # for a proxy "localhost" is another machine
    if not known:
        note = NoEvidence("the environment names no proxy that is not in use already")
        return outcome.found(name, outcome.NOT_CONFIGURED, note, started)
    tries = await asyncio.gather(*(_through(look, one) for one in known))
    return outcome.found(name, outcome.OK, ViaProxyEvidence(tuple(tries)), started)


async def _through(look: Look, text: str) -> ProxyTry:
    one = proxy.parse(text)
    if one is None:
        raise ValueError("no HTTP proxy")
    policy = replace(look.dialer.policy, proxy=text)
    dialer = Dialer(look.dialer.resolver, policy, Scrubber(one.secrets))
    request = look.anonymous_handshake(look.polling_endpoint)
    try:
        reply = await look.fetch(
            request, to=look.polling_endpoint, timeout_s=ANSWER_S, dialer=dialer
        )
    finally:
        await dialer.close_context()
    opened = packets.read_open(reply.text)
    return ProxyTry(one.url, dialer.tunnel, reply.answer, opened is not None)
