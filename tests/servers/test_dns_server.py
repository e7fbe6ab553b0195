"""The DNS server that other tests ask."""

from __future__ import annotations

import dns.asyncquery
import dns.exception
import dns.message
import dns.rcode
import pytest

from tests.servers.dns_server import DnsServer, Rule


async def ask(server: DnsServer, name: str, kind: str = "A") -> tuple[str, list[str]]:
    """rcode and records of one question."""
    query = dns.message.make_query(name, kind)
    answer = await dns.asyncquery.udp(query, server.host, port=server.port, timeout=5)
    records = [record.to_text() for rrset in answer.answer for record in rrset]
    return dns.rcode.to_text(answer.rcode()), records


async def test_addresses_are_answered_by_their_family() -> None:
    async with DnsServer({"a.test": ["192.0.2.1", "2001:db8::1"]}) as server:
        assert await ask(server, "a.test") == ("NOERROR", ["192.0.2.1"])
        assert await ask(server, "A.test.", "AAAA") == ("NOERROR", ["2001:db8::1"])
        assert server.queries == [("a.test", "A"), ("a.test", "AAAA")]


async def test_other_names_do_not_exist() -> None:
    async with DnsServer({}) as server:
        assert await ask(server, "a.test") == ("NXDOMAIN", [])


async def test_an_alias_leads_on_or_dangles() -> None:
    zone = {"a.test": Rule(alias="b.test"), "b.test": Rule(["192.0.2.2"])}
    async with DnsServer(zone) as server:
        assert await ask(server, "a.test") == ("NOERROR", ["b.test.", "192.0.2.2"])
    async with DnsServer({"a.test": Rule(alias="gone.test", rcode="NXDOMAIN")}) as server:
        assert await ask(server, "a.test") == ("NXDOMAIN", ["gone.test."])


async def test_refusals_and_silence_are_as_told() -> None:
    zone = {"s.test": Rule(rcode="SERVFAIL"), "d.test": Rule(drop=True)}
    async with DnsServer(zone) as server:
        assert await ask(server, "s.test") == ("SERVFAIL", [])
        query = dns.message.make_query("d.test", "A")
        with pytest.raises(dns.exception.Timeout):
            await dns.asyncquery.udp(query, server.host, port=server.port, timeout=0.2)


async def test_a_late_answer_arrives() -> None:
    async with DnsServer({"l.test": Rule(["192.0.2.3"], delay_s=0.05)}) as server:
        assert await ask(server, "l.test") == ("NOERROR", ["192.0.2.3"])
