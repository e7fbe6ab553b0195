"""Follow-up `control_address`: is the backend where the other view of DNS has it?

Addresses that differ prove nothing by themselves: round robin, regions and CDNs answer everybody
differently. What answers at the others' addresses does: Engine.IO there and not here means that our
answer is wrong; the same trouble there means that DNS is not to blame.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import NoEvidence, ProbedPathsEvidence
from bot.model import Finding, FollowUp, Reason, Status
from bot.net import addresses
from bot.probes import asking, outcome
from bot.probes.look import Look

MAX_ADDRESSES: Final = 3
ANSWER_S: Final = 3.0


async def probe(look: Look) -> Finding:
    """One polling handshake at each address that only the other view has."""
    started = time.monotonic()
    name = FollowUp.CONTROL_ADDRESS.value
    ours = (await look.dialer.resolver.addresses(look.endpoint.host)).addresses
    others = [a for a in dict.fromkeys(look.second_opinion) if a not in ours]
    if look.dialer.policy.public_only:
        others = [a for a in others if not addresses.is_special(a)]
    if not others or look.dialer.proxy_for(look.polling_endpoint) is not None:
        note = NoEvidence("no other address, or the proxy resolves the name")
        return outcome.found(name, (Status.SKIPPED, Reason.NOT_POSSIBLE), note, started)
    tried = others[:MAX_ADDRESSES]
    replies = await asyncio.gather(*(asking.ask_at(look, address, ANSWER_S) for address in tried))
    evidence = ProbedPathsEvidence(
        answers=tuple((a, r.answer) for a, r in zip(tried, replies, strict=True)),
        opens=tuple(a for a, r in zip(tried, replies, strict=True) if asking.speaks(r)),
    )
    return outcome.found(name, outcome.OK, evidence, started)
