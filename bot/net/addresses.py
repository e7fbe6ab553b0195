"""Which addresses are special, and which must not be dialled for a URL somebody typed."""

from __future__ import annotations

import ipaddress
from typing import Final

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Instance metadata services that live on addresses which look public.
_METADATA: Final = frozenset(
    ipaddress.ip_address(a) for a in ("168.63.129.16", "192.0.0.192", "100.100.100.200")
)
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
# RFC 4291 §2.5.4 with IANA's registry: every public address so far. Outside are forms that carry an
# IPv4 address for somebody's translator (::/96, ::ffff:0:0:0/96, 64:ff9b:1::/48), the old
# site-local range fec0::/10, and what nobody has yet.
_PUBLIC6: Final = ipaddress.IPv6Network("2000::/3")


def parse(host: str) -> IpAddress | None:
    """The address that a URL's host spells out, or None for a name. Scope ids are dropped."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_special(address: str) -> bool:
    """Whether an address is anything but a public unicast one.

    Addresses that carry another one inside (IPv4-mapped, 6to4, NAT64) are judged by that, so that
    `::ffff:127.0.0.1` is no way around.
    """
    ip = parse(address)
    if ip is None:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _inner(ip)
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _PUBLIC6:
        return True
    return not ip.is_global or ip.is_multicast or ip in _METADATA


def is_loopback(host: str) -> bool:
    """Whether a URL's host is this machine by name or by address."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761 §6.3
        return True
    ip = parse(host)
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _inner(ip)
    return ip is not None and ip.is_loopback


def _inner(ip: ipaddress.IPv6Address) -> IpAddress:
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip
