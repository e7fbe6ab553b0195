"""Nothing in the tests may leave the machine: an audit hook that refuses and remembers.

Python raises audit events for connect, sendto and name look-ups (PEP 578). A hook cannot be taken
away again, so it is installed once per process and only ever says no to addresses outside.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import sys
from typing import Any

_LOCAL_NAMES = {"localhost", "localhost.", "ip6-localhost", "ip6-loopback", ""}


class LoopbackGuard:
    """Refuses what leaves loopback; `.violations` says what was tried since `.clear()`."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self._installed = False

    def install(self) -> None:
        """Start refusing, once."""
        if not self._installed:
            self._installed = True
            sys.addaudithook(self._audit)

    def clear(self) -> None:
        self.violations.clear()

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            self._address(event, arguments[1])
        elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
            self._name(arguments[0])

    def _address(self, event: str, address: Any) -> None:
        if not isinstance(address, tuple) or not address:
            return  # Unix sockets, netlink, connected datagrams
        host = str(address[0]).partition("%")[0]
        if host.lower() in _LOCAL_NAMES or _is_local(host):
            return
        self.violations.append(f"{event} {address!r}")
        raise OSError(errno.ENETUNREACH, "tests stay on loopback", str(address))

    def _name(self, name: Any) -> None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name or "")
        if text.lower() in _LOCAL_NAMES or _is_address(text):
            return
        if text.lower().rstrip(".").endswith(".invalid"):
            # RFC 6761 6.4: such names never exist, and whoever knows need not ask a resolver.
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        self.violations.append(f"look-up of {text!r}")
        raise socket.gaierror(socket.EAI_AGAIN, "tests ask no resolver")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return address.is_loopback or address.is_unspecified or bool(mapped and mapped.is_loopback)
