"""The control resolver's view of the target's host: the second opinion on DNS."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from bot.evidence import DnsReply
from bot.model import Reason
from bot.probes.look import Look

QUERY_S: Final = 4.0
_ANSWERED: Final = "ok"
# Which resolvers hold for sure without asking far: whether it answers is all that is wanted.
_ANY_NAME: Final = "example.com"


@dataclass(frozen=True, slots=True)
class View:
    """`result`: ok or a Reason. `addresses`, `rcode`: None when it has no opinion on the name."""

    result: str
    addresses: tuple[str, ...] | None = None
    rcode: str | None = None


async def view(look: Look, resolver: str) -> View:
    """Ask it for A and AAAA at once. A resolver that refuses us or fails has no opinion."""
    from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

    try:
        server = nameserver.server_of(resolver)
    except ValueError:
        return View(Reason.SETTING_INVALID.value)
    literal = look.endpoint.literal
    names = (_ANY_NAME,) if literal else look.dialer.resolver.candidates(look.endpoint.host)
    replies = await asyncio.gather(
        *(nameserver.search(server, names, k, timeout_s=QUERY_S) for k in nameserver.KINDS)
    )
    heard = [r for r in replies if r.rcode is not None]
    if not heard:
        return View((replies[0].failure or Reason.RESOLVER_FAILED).value)
    if literal:
        return View(_ANSWERED)
    opinions = [r for r in heard if r.rcode in ("NOERROR", "NXDOMAIN")]
    if not opinions:
        return View(_ANSWERED, None, heard[0].rcode)
    look.second_opinion.extend(_addresses(opinions))
    known = [r for r in opinions if r.rcode == "NOERROR"] or opinions
    return View(_ANSWERED, _addresses(opinions), known[0].rcode)


def _addresses(replies: list[DnsReply]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a for r in replies for a in r.addresses))
