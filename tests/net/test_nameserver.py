"""Direct DNS queries: the rcode, the alias chain, and the ways of not answering told apart."""

from __future__ import annotations

import asyncio
import socket

import dns.flags
import dns.message
import pytest

from bot.model import Controls, FollowUp, Reason, Status
from bot.net import nameserver
from bot.probes import control, dns_direct
from tests.probes.looking import ask, observe, target, the
from tests.servers.dns_server import DnsServer, Rule


async def test_addresses_and_rcode_are_read() -> None:
    async with DnsServer({"b.example": ["192.0.2.1", "2001:db8::1"]}) as server:
        at = (server.host, server.port)
        a = await nameserver.query(at, "b.example", "A", timeout_s=3)
        aaaa = await nameserver.query(at, "b.example", "AAAA", timeout_s=3)
        absent = await nameserver.query(at, "absent.example", "A", timeout_s=3)
    assert (a.rcode, a.addresses) == ("NOERROR", ("192.0.2.1",))
    assert aaaa.addresses == ("2001:db8::1",)
    assert (absent.rcode, absent.addresses) == ("NXDOMAIN", ())


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED"])
async def test_refusals_keep_their_rcode(rcode: str) -> None:
    async with DnsServer({"b.example": Rule(rcode=rcode)}) as server:
        reply = await nameserver.query((server.host, server.port), "b.example", "A", timeout_s=3)
    assert reply.rcode == rcode
    assert reply.failure is None


async def test_an_alias_to_nothing_keeps_its_chain() -> None:
    async with DnsServer({"b.example": Rule(alias="gone.example", rcode="NXDOMAIN")}) as server:
        reply = await nameserver.query((server.host, server.port), "b.example", "A", timeout_s=3)
    assert reply.aliases == ("gone.example",)
    assert reply.addresses == ()


async def test_silence_is_a_timeout_and_a_dead_port_a_refusal() -> None:
    async with DnsServer({"b.example": Rule(drop=True)}) as server:
        at = (server.host, server.port)
        silent = await nameserver.query(at, "b.example", "A", timeout_s=0.3)
    refused = await nameserver.query(at, "b.example", "A", timeout_s=3)
    assert silent.failure is Reason.TIMEOUT
    assert refused.failure is Reason.REFUSED


async def test_a_lost_packet_is_sent_again() -> None:
    loop = asyncio.get_running_loop()
    asked: list[bytes] = []

    class Second(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asked.append(data)
            if len(asked) > 1:
                reply = dns.message.make_response(dns.message.from_wire(data))
                self.transport.sendto(reply.to_wire(), addr)  # type: ignore[attr-defined]

    transport, _ = await loop.create_datagram_endpoint(Second, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    reply = await nameserver.query(("127.0.0.1", port), "b.example", "A", timeout_s=5)
    transport.close()
    await asyncio.sleep(0)
    assert reply.rcode == "NOERROR"
    assert len(asked) == 2


async def test_a_truncated_answer_whose_tcp_is_blocked_is_told() -> None:
    loop = asyncio.get_running_loop()

    class Truncating(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            reply = dns.message.make_response(dns.message.from_wire(data))
            reply.flags |= dns.flags.TC
            self.transport.sendto(reply.to_wire(), addr)  # type: ignore[attr-defined]

    transport, _ = await loop.create_datagram_endpoint(Truncating, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    reply = await nameserver.query(("127.0.0.1", port), "b.example", "A", timeout_s=3)
    transport.close()
    await asyncio.sleep(0)
    assert reply.truncated
    assert reply.failure is Reason.REFUSED


async def test_the_follow_up_asks_every_resolver_for_both_families() -> None:
    async with DnsServer({"localhost": ["127.0.0.1"]}) as one, DnsServer({}) as two:
        (finding,) = await ask(
            dns_direct.probe,
            target("http://localhost"),
            nameservers=((one.host, one.port), (two.host, two.port)),
        )
    assert finding.probe == FollowUp.DNS_DIRECT
    seen = [(r.kind, r.rcode) for r in finding.evidence.replies]
    assert seen == [("A", "NOERROR"), ("AAAA", "NOERROR"), ("A", "NXDOMAIN"), ("AAAA", "NXDOMAIN")]


async def test_a_control_resolver_gives_its_own_view() -> None:
    async with DnsServer({"localhost": ["192.0.2.7"]}) as server:
        found = await observe(
            target("http://localhost:9"),
            controls=Controls(resolver=f"{server.host}:{server.port}"),
        )
    assert found.control is not None
    assert found.control.resolver_addresses == ("192.0.2.7",)
    assert the(found, "control").status is Status.OK


async def test_controls_that_all_fail_are_a_failure() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        found = await observe(
            target("http://127.0.0.1:9"), controls=Controls(urls=(f"http://127.0.0.1:{port}/",))
        )
    finding = the(found, "control")
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.CONTROL_FAILED)
    assert control.CONTROL_S < 20


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("192.0.2.53:5353", ("192.0.2.53", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_a_resolver_is_an_address_with_or_without_a_port(
    text: str, server: tuple[str, int]
) -> None:
    assert nameserver.server_of(text) == server


@pytest.mark.parametrize("text", ["", "resolver.example", "1.2.3.4:dns", "1.2.3"])
def test_a_name_is_no_resolver(text: str) -> None:
    with pytest.raises(ValueError, match="IP address"):
        nameserver.server_of(text)
