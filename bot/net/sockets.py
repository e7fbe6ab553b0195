"""TCP connect with everything Linux knows about how it went.

With IP_RECVERR the kernel keeps the ICMP message that ended a connect, unprivileged and on TCP as
well: "administratively prohibited" (3/13) is a firewall, "host unreachable" (3/1) an absent host,
though both are EHOSTUNREACH (faults.md: tcp_reject_admin). TCP_INFO tells a silent peer (our bytes
acknowledged) from a lost path (bytes unacknowledged, retransmissions).
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

from bot.evidence import TcpInfo
from bot.net.errors import since_ms

# <linux/in.h>, <linux/in6.h>: not in Python's socket module before 3.14
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_EXTENDED_ERR: Final = struct.Struct("=IBBBBII")  # struct sock_extended_err
_ORIGIN_ICMP: Final = (2, 3)  # SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6
_TCP_INFO_BYTES: Final = 104  # up to and with tcpi_total_retrans
_BYTES_ACKED: Final = 120  # offset of tcpi_bytes_acked (Linux 4.1)


@dataclass(frozen=True, slots=True)
class Connect:
    """One attempt to connect. Exactly one of `sock` and `error` is set."""

    address: str
    elapsed_ms: float
    sock: socket.socket | None = None
    error: OSError | None = None
    icmp: tuple[int, int] | None = None
    resent: bool = False  # the kernel had to send the SYN again


async def connect(
    address: str, port: int, *, timeout_s: float, segment: int | None = None
) -> Connect:
    """Open a TCP connection. A failure is returned; the caller owns the socket otherwise.

    `segment` bounds the data of a TCP segment, both ways (bytes; the SYN announces it).
    `elapsed_ms` of a success is the kernel's own measure of the first round trip unless the SYN was
    sent again, so that a busy event loop of ours does not look like a slow network.
    """
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    started = time.monotonic()
    try:
        sock = socket.socket(family, socket.SOCK_STREAM)
    except OSError as exc:  # no IPv6 in this kernel, or no descriptors left
        return Connect(address, since_ms(started), error=exc)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _keep_icmp(sock, on=True)
        if segment is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, segment)
        async with asyncio.timeout(timeout_s):
            await loop.sock_connect(sock, (address, port))
    except OSError as exc:  # TimeoutError is one
        icmp = _icmp(sock)
        sock.close()
        return Connect(address, since_ms(started), error=exc, icmp=icmp)
    except BaseException:
        sock.close()
        raise
    # Left on, a single ICMP message would end the established connection.
    _keep_icmp(sock, on=False)
    info = tcp_info(sock)
    return Connect(
        address,
        _connect_ms(info, since_ms(started)),
        sock=sock,
        resent=bool(info and info.retransmits),
    )


def tcp_info(sock: socket.socket) -> TcpInfo | None:
    """What the kernel knows of a connection; None where it does not say."""
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return None
    if len(raw) < _TCP_INFO_BYTES:
        return None
    (unacked,) = struct.unpack_from("=I", raw, 24)
    (rtt_us,) = struct.unpack_from("=I", raw, 68)
    (total_retrans,) = struct.unpack_from("=I", raw, 100)
    return TcpInfo(unacked=unacked, retransmits=total_retrans, rtt_ms=rtt_us / 1_000)


def bytes_acked(sock: socket.socket) -> int | None:
    """How many bytes the peer's kernel has acknowledged; None where ours does not say."""
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _BYTES_ACKED + 8)
    except OSError:
        return None
    if len(raw) < _BYTES_ACKED + 8:
        return None
    return int(struct.unpack_from("=Q", raw, _BYTES_ACKED)[0])


def data_age_ms(sock: socket.socket) -> float:
    """How long ago the last data arrived, by the kernel's clock; 0 where it does not say.

    What waits in the socket while our own loop is busy is not the server's slowness.
    """
    try:
        raw = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:
        return 0.0
    return float(struct.unpack_from("=I", raw, 52)[0]) if len(raw) >= 56 else 0.0


def _connect_ms(info: TcpInfo | None, wall_ms: float) -> float:
    if info is None or info.retransmits or not info.rtt_ms:
        return wall_ms
    return min(wall_ms, info.rtt_ms)


def _keep_icmp(sock: socket.socket, *, on: bool) -> None:
    level, option = (
        (socket.IPPROTO_IPV6, _IPV6_RECVERR)
        if sock.family == socket.AF_INET6
        else (socket.IPPROTO_IP, _IP_RECVERR)
    )
    try:
        sock.setsockopt(level, option, int(on))
    except OSError:
        return  # only Linux has it: the errno has to do


def _icmp(sock: socket.socket) -> tuple[int, int] | None:
    try:
        _, ancillary, _, _ = sock.recvmsg(512, 512, socket.MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, data in ancillary:
        if (level, kind) not in (
            (socket.IPPROTO_IP, _IP_RECVERR),
            (socket.IPPROTO_IPV6, _IPV6_RECVERR),
        ) or len(data) < _EXTENDED_ERR.size:
            continue
        _, origin, icmp_type, icmp_code, *_ = _EXTENDED_ERR.unpack_from(data)
        if origin in _ORIGIN_ICMP:
            return icmp_type, icmp_code
    return None
