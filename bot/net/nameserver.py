"""Direct DNS queries on connected UDP sockets.

A connected socket is told of "port unreachable", which tells a resolver that is down from one that
drops the question (faults.md: dns_resolver_down, dns_timeout); libraries that do not connect hide
it behind the same timeout. A truncated answer is asked for again over TCP.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Sequence
from typing import Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype

from bot.evidence import DnsReply
from bot.model import Reason
from bot.net.addresses import parse
from bot.net.errors import StreamEndedError, reason_of, since_ms
from bot.net.resolv_conf import Server

KINDS: Final = ("A", "AAAA")
_MAX_REPLY = 65_535
_SO_TIMESTAMPNS: Final = 35  # <asm-generic/socket.h>; where it differs there is no timestamp
_TIMESPEC: Final = struct.Struct("=qq") if struct.calcsize("l") == 8 else struct.Struct("=ii")
_RESEND_S: Final = 1.0  # UDP loses packets: ask again like a stub resolver, only sooner


def server_of(text: str) -> Server:
    """`192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53` or `[2001:db8::53]:5353`. ValueError."""
    if parse(text) is not None:
        return text, 53
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if parse(host) is None or not port.isdigit():
        raise ValueError("a resolver is an IP address")
    return host, int(port)


async def search(
    server: Server, names: Sequence[str], kind: str, *, timeout_s: float, edns: bool = False
) -> DnsReply:
    """Ask for each name in turn, as a stub resolver does, until one is not denied (NXDOMAIN).

    `timeout_s` bounds the whole. All denied: the reply for the first one is given.
    """
    first: DnsReply | None = None
    started = time.monotonic()
    for name in names:
        left = max(timeout_s - (time.monotonic() - started), 0.1)
        reply = await query(server, name, kind, timeout_s=left, edns=edns)
        if reply.rcode != "NXDOMAIN":
            return reply
        first = first or reply
    if first is None:
        raise ValueError("no name to ask for")
    return first


async def query(
    server: Server,
    host: str,
    kind: str,
    *,
    timeout_s: float,
    edns: bool = False,
    checking: bool = True,
) -> DnsReply:
    """Ask one server one question. Never raises for what the server does.

    `edns`: with EDNS0, as the system is told to; servers that drop such queries exist.
    `checking` False asks a validating resolver to skip DNSSEC (RFC 4035 §3.2.2).
    """
    started = time.monotonic()
    try:
        question = dns.message.make_query(dns.name.from_text(host), kind, use_edns=edns)
    except dns.exception.DNSException:
        return DnsReply(server[0], kind, failure=Reason.NAME_NOT_FOUND, name=host)
    if not checking:
        question.flags |= dns.flags.CD
    truncated = False
    waited_ms: float | None = None
    try:
        async with asyncio.timeout(timeout_s):
            reply, waited_ms = await _over_udp(server, question)
            if reply.flags & dns.flags.TC:
                truncated, waited_ms = True, None
                reply = await _over_tcp(server, question)
    except (OSError, EOFError, dns.exception.DNSException) as exc:
        reason = Reason.RESOLVER_FAILED
        if not isinstance(exc, dns.exception.DNSException):
            reason = reason_of(exc)
        return DnsReply(
            server[0],
            kind,
            truncated=truncated,
            failure=reason,
            elapsed_ms=since_ms(started),
            name=host,
        )
    aliases, addresses = _answers(reply, kind)
    return DnsReply(
        server=server[0],
        kind=kind,
        rcode=dns.rcode.to_text(reply.rcode()),
        addresses=addresses,
        aliases=aliases,
        truncated=truncated,
        elapsed_ms=since_ms(started) if waited_ms is None else waited_ms,
        name=host,
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


async def _over_udp(
    server: Server, question: dns.message.Message
) -> tuple[dns.message.Message, float]:
    """The answer, and the milliseconds until the kernel had it."""
    wire = question.to_wire()
    with socket.socket(_family(server), socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        sock.connect(server)  # sends nothing: no reason to wait
        began, began_s = time.monotonic(), time.time()
        while True:
            sock.send(wire)
            try:
                async with asyncio.timeout(_RESEND_S):
                    reply, at_s = await _matching(sock, question)
            except TimeoutError:
                continue
            waited_ms = since_ms(began)
            if at_s is not None and 0 <= at_s - began_s <= waited_ms / 1_000:
                waited_ms = round((at_s - began_s) * 1_000, 3)
            return reply, waited_ms


async def _matching(
    sock: socket.socket, question: dns.message.Message
) -> tuple[dns.message.Message, float | None]:
    """The first answer to the question; what else arrives is not for us, and is passed over."""
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(_MAX_REPLY, 128)
        except (BlockingIOError, InterruptedError):
            await _readable(sock)
            continue
        try:
            reply = dns.message.from_wire(data, ignore_trailing=True)
        except dns.exception.DNSException:
            continue
        if question.is_response(reply):
            return reply, _arrival_s(ancillary)
        await asyncio.sleep(0)  # a peer that floods must leave others their turn


def _arrival_s(ancillary: list[tuple[int, int, bytes]]) -> float | None:
    """When the kernel had the datagram (wall clock): our own loop may have been busy since."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS) and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return float(seconds + nanoseconds / 1e9)
    return None


async def _readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def settle() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(sock, settle)
    try:
        await ready
    finally:
        loop.remove_reader(sock)


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
