"""Lookups: getaddrinfo, and queries of our own where it hangs or gives up."""

from __future__ import annotations

import asyncio

import pytest

from bot.model import Reason
from bot.net import resolve
from bot.net.resolve import Lookup, Resolver
from tests.servers.dns_server import DnsServer

HOST = "backend.example"


@pytest.mark.parametrize("error", ["EAI_AGAIN", "EAI_NONAME"])
async def test_where_glibc_gives_up_our_own_queries_are_waited_for(
    error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gives_up(host: str) -> Lookup:
        await asyncio.sleep(0.1)
        return Lookup(host, error=error, reason=Reason.RESOLVER_FAILED)

    async def later(resolver: Resolver, host: str) -> Lookup:
        await asyncio.sleep(0.2)
        return await direct(resolver, host)

    direct = Resolver._direct
    monkeypatch.setattr(resolve, "_system", gives_up)
    monkeypatch.setattr(resolve, "HEDGE_S", 0.05)
    monkeypatch.setattr(Resolver, "_direct", later)
    async with DnsServer({HOST: ("192.0.2.7",)}) as server:
        resolver = Resolver((("127.0.0.1", server.port),))
        found = await resolver.addresses(HOST)
        await resolver.close()
    assert found.addresses == (("192.0.2.7",) if error == "EAI_AGAIN" else ())
