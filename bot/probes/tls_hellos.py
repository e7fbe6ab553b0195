"""Follow-up `tls_hellos`: the hello varied in one thing at a time. Which of them is answered?

A filter reads the server name, a broken path loses large packets, an old server wants an old
version: each shows as one hello that fares differently from the others (faults.md: tls_dpi_sni_rst,
net_mtu_blackhole_tls, tls_old_protocol). Afterwards the client's own hello is followed by silence:
a server that misses our certificate says so then, and nothing of ours can overtake its alert.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import replace
from typing import Final

from bot.evidence import Failure, HelloAnswer, Phase, TlsHello, TlsHellosEvidence
from bot.model import Finding, FollowUp
from bot.net import addresses, tls
from bot.net.connection import Connection
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError, failure
from bot.probes import outcome
from bot.probes.look import Look

HELLO_S: Final = 3.0
AFTER_S: Final = 0.7  # a round trip and the server's look at our empty certificate message
SEGMENT: Final = 500  # bytes; small enough for any tunnel within a tunnel
OTHER_NAME: Final = "www.example.com"  # reserved (RFC 2606), so that no filter minds it


async def probe(look: Look) -> Finding:
    """Say every hello at once, each on a connection of its own."""
    started = time.monotonic()
    to = look.endpoint if look.endpoint.secure else look.endpoint.flipped()
    trust = look.dialer.policy.trust
    own = None if addresses.parse(to.host) is not None else to.host
    plain = tls.plain_hello
    hellos = [
        _hello(look, to, TlsHello("own", own), plain(trust), listen=True),
        _hello(look, to, TlsHello("other", OTHER_NAME), plain(trust)),
        _hello(look, to, TlsHello("lenient", own), tls.lenient(trust)),
    ]
    if own is not None:
        hellos.append(_hello(look, to, TlsHello("none"), plain(trust)))
    if look.dialer.proxy_for(to) is None:  # the segments on the proxy's far side are its own
        hellos.append(_hello(look, to, TlsHello("small", own), plain(trust), segment=SEGMENT))
    evidence = TlsHellosEvidence(tuple(await asyncio.gather(*hellos)))
    return outcome.found(FollowUp.TLS_HELLOS.value, outcome.OK, evidence, started)


async def _hello(
    look: Look,
    to: Endpoint,
    asked: TlsHello,
    context: ssl.SSLContext,
    *,
    segment: int | None = None,
    listen: bool = False,
) -> TlsHello:
    overheard = tls.Overheard(context)
    try:
        connection = await _reach(look, to, segment)
    except WireError as exc:
        return replace(asked, failure=exc.failure)
    with connection:
        ended = await _shake(look, connection, context, asked.server_name)
        engine = connection.tls
        said = replace(
            asked,
            answer=_answer(connection.raw_first),
            completed=engine is not None,
            version=engine.version if engine else None,
            cipher=engine.cipher if engine else None,
            alpn=engine.alpn if engine else None,
            failure=ended,
        )
        if listen and engine is not None:
            said = replace(said, after=await _listen(look, connection))
    return replace(said, asks_certificate=overheard.asks_certificate)


async def _reach(look: Look, to: Endpoint, segment: int | None) -> Connection:
    """TCP to an address that was seen to connect (or through the proxy). Raises WireError."""
    if segment is None:
        return await look.dialer.reach(to)
    with await look.dialer.reach(to) as first:
        address = first.address
    started = time.monotonic()
    tried = await look.dialer.connect(address, to.port, timeout_s=HELLO_S, segment=segment)
    if tried.error is not None:
        raise WireError(failure(tried.error, Phase.CONNECT, started=started)) from tried.error
    return look.dialer.adopt(tried)


async def _shake(
    look: Look, connection: Connection, context: ssl.SSLContext, server_name: str | None
) -> Failure | None:
    started = time.monotonic()
    try:
        async with asyncio.timeout(HELLO_S):
            await connection.start_tls(context, server_name)
    except (OSError, EOFError) as exc:
        return _ended(look, connection, exc, started)
    return None


async def _listen(look: Look, connection: Connection) -> Failure | None:
    """How the session ends although we say nothing; None while it stays."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(AFTER_S):
            if await connection.read():
                return None
            raise EOFError
    except TimeoutError:
        return None
    except (OSError, EOFError) as exc:
        return replace(_ended(look, connection, exc, started), phase=Phase.REQUEST)


def _ended(look: Look, connection: Connection, exc: OSError | EOFError, started: float) -> Failure:
    return failure(
        exc,
        Phase.TLS,
        started=started,
        received=connection.raw_received,
        first=connection.raw_first,
        tcp=connection.tcp_info(),
        scrub=look.scrub,
    )


def _answer(first: bytes) -> HelloAnswer | None:
    """RFC 8446 §5.1: a record begins with its type and a version of 3.x."""
    if not first:
        return None
    kinds = {0x15: HelloAnswer.ALERT, 0x16: HelloAnswer.HELLO}
    is_record = len(first) > 1 and first[1] == 3
    return kinds.get(first[0], HelloAnswer.ALIEN) if is_record else HelloAnswer.ALIEN
