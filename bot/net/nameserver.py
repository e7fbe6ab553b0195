"""Direct DNS queries on connected UDP sockets.

A connected socket is told of "port unreachable", which tells a resolver that is down from one that
drops the question (faults.md: dns_resolver_down, dns_timeout); libraries that do not connect hide
it behind the same timeout. A truncated answer is asked for again over TCP.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver

from bot.evidence import DnsReply
from bot.model import Reason
from bot.net.addresses import parse
from bot.net.errors import StreamEndedError, reason_of, since_ms

Server = tuple[str, int]
KINDS: Final = ("A", "AAAA")
_MAX_REPLY = 65_535
_RESEND_S: Final = 1.0  # UDP loses packets: ask again like a stub resolver, only sooner


def system_servers() -> tuple[Server, ...]:
    """The resolvers that this machine is configured with; empty where there is no such file."""
    try:
        resolver = dns.resolver.Resolver(configure=True)
    except (dns.exception.DNSException, OSError):
        return ()
    plain = (s for s in resolver.nameservers if isinstance(s, str) and parse(s) is not None)
    return tuple((s, 53) for s in plain)


def server_of(text: str) -> Server:
    """`192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`. ValueError."""
    if parse(text) is not None:
        return text, 53
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if parse(host) is None or not port.isdigit():
        raise ValueError("a resolver is an IP address")
    return host, int(port)


async def query(server: Server, host: str, kind: str, *, timeout_s: float) -> DnsReply:
    """Ask one server one question. Never raises for what the server does."""
    started = time.monotonic()
    try:
        question = dns.message.make_query(dns.name.from_text(host), kind, use_edns=False)
    except dns.exception.DNSException:
        return DnsReply(server[0], kind, failure=Reason.NAME_NOT_FOUND)
    truncated = False
    try:
        async with asyncio.timeout(timeout_s):
            reply = await _over_udp(server, question)
            if reply.flags & dns.flags.TC:
                truncated = True
                reply = await _over_tcp(server, question)
    except (OSError, EOFError, dns.exception.DNSException) as exc:
        reason = Reason.RESOLVER_FAILED
        if not isinstance(exc, dns.exception.DNSException):
            reason = reason_of(exc)
        return DnsReply(
            server[0], kind, truncated=truncated, failure=reason, elapsed_ms=since_ms(started)
        )
    aliases, addresses = _answers(reply, kind)
    return DnsReply(
        server=server[0],
        kind=kind,
        rcode=dns.rcode.to_text(reply.rcode()),
        addresses=addresses,
        aliases=aliases,
        truncated=truncated,
        elapsed_ms=since_ms(started),
    )


def _answers(reply: dns.message.Message, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    aliases: list[str] = []
    addresses: list[str] = []
    for rrset in reply.answer[:32]:
        if rrset.rdtype == dns.rdatatype.CNAME:
            aliases += [item.target.to_text(omit_final_dot=True) for item in rrset]
        elif rrset.rdtype == dns.rdatatype.from_text(kind):
            addresses += [item.address for item in rrset]
    return tuple(aliases), tuple(addresses)


async def _over_udp(server: Server, question: dns.message.Message) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    wire = question.to_wire()
    with socket.socket(_family(server), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, server)
        while True:
            await loop.sock_sendall(sock, wire)
            try:
                async with asyncio.timeout(_RESEND_S):
                    return await _matching(loop, sock, question)
            except TimeoutError:
                continue


async def _matching(
    loop: asyncio.AbstractEventLoop, sock: socket.socket, question: dns.message.Message
) -> dns.message.Message:
    while True:
        data = await loop.sock_recv(sock, _MAX_REPLY)
        reply = dns.message.from_wire(data, ignore_trailing=True)
        if question.is_response(reply):
            return reply


async def _over_tcp(server: Server, question: dns.message.Message) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    wire = question.to_wire()
    with socket.socket(_family(server), socket.SOCK_STREAM) as sock:
        sock.setblocking(False)
        await loop.sock_connect(sock, server)
        await loop.sock_sendall(sock, struct.pack("!H", len(wire)) + wire)
        (size,) = struct.unpack("!H", await _exactly(loop, sock, 2))
        return dns.message.from_wire(await _exactly(loop, sock, size), ignore_trailing=True)


async def _exactly(loop: asyncio.AbstractEventLoop, sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = await loop.sock_recv(sock, size - len(data))
        if not piece:
            raise StreamEndedError("the resolver closed the connection")
        data += piece
    return data


def _family(server: Server) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in server[0] else socket.AF_INET
