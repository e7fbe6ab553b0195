"""`each_address`: which of several addresses serve, and which only accept."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from bot.evidence import EachAddressEvidence
from bot.model import Controls, Finding, Reason, Status
from bot.net.dial import Sample
from bot.net.resolve import Lookup, Resolver
from bot.probes import each_address
from bot.probes.look import prepare
from tests.net.scripted import Peer, Script, Scripted, open_packet
from tests.probes.looking import target

GOOD, OTHER = "127.0.0.1", "127.0.0.2"


class Known(Resolver):
    """Every name has these addresses."""

    async def addresses(self, host: str) -> Lookup:
        return Lookup(host, (OTHER, GOOD))


async def engine(peer: Peer) -> None:
    """Engine.IO over polling, whose namespace can be joined."""
    path = await peer.request()
    if "sid=" not in path:
        await peer.answer("200 OK", open_packet().encode())
    elif peer.head.startswith(b"POST"):
        await peer.answer("200 OK", b"ok")
    else:
        await peer.answer("200 OK", b'40{"sid":"x"}')


async def silence(peer: Peer) -> None:
    await peer.request()
    await peer.silence()


async def nothing(peer: Peer) -> None:
    await peer.request()


async def elsewhere(peer: Peer) -> None:
    await peer.request()
    await peer.answer("502 Bad Gateway", b"<h1>502</h1>")


async def limited(peer: Peer) -> None:
    await peer.request()
    await peer.answer("429 Too Many Requests", b"")


class Once:
    """Hangs up on the first request, then serves."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, peer: Peer) -> None:
        self.asked += 1
        await (nothing if self.asked == 1 else engine)(peer)


@contextlib.asynccontextmanager
async def beside(script: Script, port: int) -> AsyncIterator[None]:
    """`script` at the other address."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await script(Peer(reader, writer))
        writer.close()

    server = await asyncio.start_server(serve, OTHER, port)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def looked(
    good: Script, other: Script, monkeypatch: pytest.MonkeyPatch
) -> tuple[Finding, EachAddressEvidence]:
    monkeypatch.setattr(each_address, "ANSWER_S", 0.3)
    monkeypatch.setattr(each_address, "PAUSE_S", 0.01)
    async with Scripted(good) as server:
        port = int(server.url.rpartition(":")[2])
        async with beside(other, port):
            look = prepare(target(f"http://backend.example:{port}"), Controls())
            look.dialer.resolver = Known()
            look.dialer.connects += [Sample(a, port, 1.0) for a in (OTHER, GOOD)]
            try:
                finding = await each_address.probe(look)
            finally:
                await look.close()
    assert isinstance(finding.evidence, EachAddressEvidence)
    return finding, finding.evidence


async def test_where_all_serve_nothing_is_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    finding, seen = await looked(engine, engine, monkeypatch)
    assert finding.status is Status.OK
    assert (set(seen.opens), seen.mute, seen.joins) == ({GOOD, OTHER}, (), ())


@pytest.mark.parametrize(
    ("script", "reason"),
    [(silence, Reason.TIMEOUT), (nothing, Reason.EOF), (elsewhere, Reason.HTTP_STATUS)],
    ids=["silence", "nothing", "a gateway"],
)
async def test_an_address_that_accepts_and_does_not_serve_is_told(
    script: Script, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding, seen = await looked(engine, script, monkeypatch)
    assert (finding.status, finding.reason) == (Status.FAIL, reason)
    assert (seen.opens, seen.mute, seen.joins) == ((GOOD,), (OTHER,), (GOOD,))


async def test_what_fails_once_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    finding, seen = await looked(engine, Once(), monkeypatch)
    assert (finding.status, seen.mute) == (Status.OK, ())


async def test_a_rate_limit_is_our_own_doing(monkeypatch: pytest.MonkeyPatch) -> None:
    finding, seen = await looked(engine, limited, monkeypatch)
    assert (finding.status, seen.mute) == (Status.OK, ())


async def test_where_nobody_serves_no_address_is_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finding, seen = await looked(elsewhere, silence, monkeypatch)
    assert (finding.status, seen.opens, seen.mute) == (Status.OK, (), ())
