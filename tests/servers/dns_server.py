"""A small authoritative DNS server over UDP, in process or as a program (for a namespace).

`python dns_server.py HOST PORT JSON` serves the zone {"name": ["address", …]} and
says `{"listening": PORT}`.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


@dataclass(frozen=True, slots=True)
class Rule:
    """How a name is answered: with addresses, an alias, an rcode's name, late, or not at all.

    `drop_aaaa` drops the queries for IPv6 addresses only, `aaaa_rcode` answers them with an rcode,
    `drop_edns` drops every query with EDNS0. `once_s` delays the first answer only, as a cold cache
    does. `rotate` gives one address at a time, each in its turn. `truncate` sets TC and leaves the
    answer out (nobody listens on TCP).
    """

    addresses: Sequence[str] = ()
    alias: str | None = None
    rcode: str = "NOERROR"
    delay_s: float = 0.0
    drop: bool = False
    drop_aaaa: bool = False
    truncate: bool = False
    aaaa_rcode: str | None = None
    drop_edns: bool = False
    once_s: float = 0.0
    rotate: bool = False


class DnsServer(asyncio.DatagramProtocol):
    """Answers A and AAAA by `zone` (names without the last dot); other names are NXDOMAIN.

    `default` answers those instead when given. `.queries` holds what was asked: (name, type).
    """

    def __init__(
        self,
        zone: Mapping[str, Rule | Sequence[str]],
        *,
        default: Rule | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.zone = {
            name.lower(): rule if isinstance(rule, Rule) else Rule(tuple(rule))
            for name, rule in zone.items()
        }
        self.default = default or Rule(rcode="NXDOMAIN")
        self.host = host
        self.port = port
        self.queries: list[tuple[str, str]] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._late: set[asyncio.TimerHandle] = set()

    async def start(self) -> None:
        """Listen; OSError if the port is taken."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, local_addr=(self.host, self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Stop listening; late answers are not sent any more."""
        for handle in self._late:
            handle.cancel()
        if self._transport is not None:
            self._transport.close()
            await asyncio.sleep(0)  # the socket is closed in the loop's next turn

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if not query.question:
            return
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        self.queries.append((name, dns.rdatatype.to_text(question.rdtype)))
        rule = self.zone.get(name, self.default)
        if rule.drop or (rule.drop_aaaa and question.rdtype == dns.rdatatype.AAAA):
            return
        if rule.drop_edns and query.edns >= 0:
            return
        answer = self._answer(query, rule).to_wire()
        first = self.queries.count(self.queries[-1]) == 1
        delay_s = rule.delay_s or (rule.once_s if first else 0.0)
        if not delay_s:
            self._send(answer, addr)
            return
        loop = asyncio.get_running_loop()
        self._late.add(loop.call_later(delay_s, self._send, answer, addr))

    def _send(self, answer: bytes, addr: tuple[str | Any, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(answer, addr)

    def _answer(self, query: dns.message.Message, rule: Rule) -> dns.message.Message:
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        answer.set_rcode(dns.rcode.from_text(rule.rcode))
        question = query.question[0]
        name = question.name.to_text()
        if rule.alias is not None:
            alias = rule.alias.rstrip(".") + "."
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", alias))
            name = alias
            rule = self.zone.get(alias.rstrip(".").lower(), rule)
        kind = dns.rdatatype.to_text(question.rdtype)
        version = {"A": 4, "AAAA": 6}.get(kind)
        if rule.truncate:
            answer.flags |= dns.flags.TC
            return answer
        if rule.aaaa_rcode is not None and version == 6:
            answer.set_rcode(dns.rcode.from_text(rule.aaaa_rcode))
            return answer
        fitting = [a for a in rule.addresses if ipaddress.ip_address(a).version == version]
        if rule.rotate and fitting:
            fitting = [fitting[len(self.queries) // 2 % len(fitting)]]
        if fitting:
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *fitting))
        return answer

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()


async def _serve(host: str, port: int, zone: dict[str, Any]) -> None:
    rules = {name: Rule(**rule) if isinstance(rule, dict) else rule for name, rule in zone.items()}
    async with DnsServer(rules, host=host, port=port) as server:
        sys.stdout.write(json.dumps({"listening": server.port}) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])))
