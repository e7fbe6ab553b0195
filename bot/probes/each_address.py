"""Follow-up `each_address`: does Engine.IO answer at every address that connects?

A name with several addresses sends every client to another one, and the base suite sees what its
own choice serves. An address that accepts connections and hangs, resets or shows somebody else's
page is dead for those who get it. What fails once is asked again after a pause, for restarts and
rate limits; a certificate that is refused is told by `tls`.

Where one is mute, the namespace is joined over polling at the others: was it only our choice that
nobody could join?
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bot.evidence import EachAddressEvidence, HttpAnswer, NoEvidence, Phase
from bot.model import Finding, FollowUp, Reason, Status
from bot.net import packets
from bot.net.http import Reply
from bot.net.packets import SioType
from bot.probes import asking, outcome
from bot.probes.look import Look, PollingSession, cookies_of

MAX_ADDRESSES: Final = 8
ANSWER_S: Final = 2.5
PAUSE_S: Final = 0.7
_MAX_POLLS: Final = 3
_OUR_DOING: Final = 429  # a rate limiter that answers the probe says nothing of the address


async def probe(look: Look) -> Finding:
    """Ask every address at once, and those that fail once more."""
    started = time.monotonic()
    name = FollowUp.EACH_ADDRESS.value
    tried = await _connecting(look)
    if len(tried) < 2:
        note = NoEvidence("at most one address connects, or a proxy resolves the name")
        return outcome.found(name, outcome.NOT_NEEDED, note, started)
    replies = dict(zip(tried, await _ask_all(look, tried), strict=True))
    opens = [a for a in tried if asking.speaks(replies[a])]
    failing = [a for a in tried if a not in opens] if opens else []
    again = [a for a in failing if not _told_by_tls(replies[a].answer)]
    if again:
        await asyncio.sleep(PAUSE_S)
        replies |= dict(zip(again, await _ask_all(look, again), strict=True))
        opens = [a for a in tried if asking.speaks(replies[a])]
    mute = [a for a in failing if a not in opens and _counts(replies[a].answer)]
    evidence = EachAddressEvidence(
        answers=tuple((a, replies[a].answer) for a in tried),
        opens=tuple(opens),
        mute=tuple(mute),
        joins=await _joins(look, {a: replies[a] for a in opens}) if mute else (),
    )
    judged = (Status.FAIL, _reason(replies[mute[0]].answer)) if mute else outcome.OK
    return outcome.found(name, judged, evidence, started)


async def _connecting(look: Look) -> list[str]:
    """The addresses of the name that this run has connected to."""
    if look.dialer.proxy_for(look.polling_endpoint) is not None:
        return []
    known = (await look.dialer.resolver.addresses(look.endpoint.host)).addresses
    connected = {s.address for s in look.dialer.connects if s.port == look.endpoint.port}
    return [a for a in known if a in connected][:MAX_ADDRESSES]


async def _ask_all(look: Look, addresses: list[str]) -> list[Reply]:
    return await asyncio.gather(*(asking.ask_at(look, address, ANSWER_S) for address in addresses))


def _counts(answer: HttpAnswer) -> bool:
    refused = answer.failure is not None and answer.failure.reason is Reason.CERTIFICATE_INVALID
    return answer.status != _OUR_DOING and not refused


def _told_by_tls(answer: HttpAnswer) -> bool:
    """The handshake failed, as it did when the base suite tried: that is twice already."""
    return answer.failure is not None and answer.failure.phase is Phase.TLS


def _reason(answer: HttpAnswer) -> Reason:
    if answer.failure is not None:
        return answer.failure.reason
    return Reason.UNEXPECTED_BODY if answer.status == 200 else Reason.HTTP_STATUS


async def _joins(look: Look, replies: dict[str, Reply]) -> tuple[str, ...]:
    if not look.uses_polling:
        return ()
    joined = await asyncio.gather(*(_join(look, a, reply) for a, reply in replies.items()))
    return tuple(a for a, done in zip(replies, joined, strict=True) if done)


async def _join(look: Look, address: str, opening: Reply) -> bool:
    """Join the namespace on the session that was opened, and leave again."""
    opened = packets.read_open(opening.text)
    if opened is None:
        return False
    session = PollingSession(opened, cookies_of(opening), time.monotonic())

    async def send(method: str, body: str = "") -> Reply:
        request = look.engine_request(method, body=body, session=session)
        to = look.polling_endpoint
        return await look.fetch(request, to=to, address=address, timeout_s=ANSWER_S)

    joined = False
    taken = await send("POST", packets.connect(look.endpoint.namespace, look.auth))
    for _ in range(_MAX_POLLS if taken.answer.status == 200 else 0):
        reply = await send("GET")
        joined = reply.answer.status == 200 and _is_joined(look, reply)
        if joined or reply.answer.status != 200:
            break
    if joined:
        await send("POST", packets.CLOSE)
    return joined


def _is_joined(look: Look, reply: Reply) -> bool:
    for text in packets.split(reply.text)[0]:
        packet = packets.read_message(text)
        if packet is not None and packet.namespace == look.endpoint.namespace:
            return packet.type is SioType.CONNECT
    return False
