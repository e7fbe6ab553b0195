"""What this machine is told about name resolution: resolv.conf and the hosts file, as glibc reads.

The lookup itself is getaddrinfo's. This is for asking the same questions of the same servers
directly, to learn why it failed (resolv.conf(5), hosts(5)).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.net import addresses

RESOLV_CONF: Final = Path("/etc/resolv.conf")
HOSTS: Final = Path("/etc/hosts")
_MAX_BYTES: Final = 1_000_000
_MAX_SERVERS: Final = 3  # glibc's MAXNS
_MAX_SEARCH: Final = 6  # resolv.conf(5): more are honoured nowadays, none that help a diagnosis
_NOBODY: Final = "127.0.0.1"  # glibc asks there when no server is configured

Server = tuple[str, int]


@dataclass(frozen=True, slots=True)
class ResolvConf:
    """Whom to ask, and for which names. `edns`: queries carry EDNS0, which some servers drop."""

    servers: tuple[Server, ...] = ()
    search: tuple[str, ...] = ()
    ndots: int = 1
    edns: bool = False

    def candidates(self, host: str) -> tuple[str, ...]:
        """The names that a lookup of `host` tries, in order; the first that exists counts."""
        if host.endswith("."):
            return (host,)
        under = tuple(f"{host}.{domain}" for domain in self.search)
        as_it_is = (host,)
        return as_it_is + under if host.count(".") >= self.ndots else under + as_it_is


def read(path: Path = RESOLV_CONF) -> ResolvConf:
    """The configuration of this machine. A file that is missing or unreadable is an empty one."""
    return parse(_text(path))


def parse(text: str) -> ResolvConf:
    """What a resolv.conf says; the last `search` or `domain` line wins, as in glibc."""
    servers: list[Server] = []
    search: tuple[str, ...] = ()
    ndots, edns = 1, False
    for line in text.splitlines():
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        match words:
            case ["nameserver", address, *_] if addresses.parse(address) is not None:
                servers.append((address, 53))
            case ["search", *domains]:
                search = tuple(d.rstrip(".") for d in domains if d.rstrip("."))[:_MAX_SEARCH]
            case ["domain", domain, *_] if domain.rstrip("."):
                search = (domain.rstrip("."),)
            case ["options", *options]:
                ndots = _ndots(options, ndots)
                edns = edns or bool({"edns0", "trust-ad"} & set(options))
    return ResolvConf(tuple(servers[:_MAX_SERVERS]) or ((_NOBODY, 53),), search, ndots, edns)


def hosts_file(host: str, path: Path = HOSTS) -> tuple[str, ...]:
    """The addresses that the hosts file gives a name, in its order; empty when it has none."""
    wanted = host.rstrip(".").lower()
    found: dict[str, None] = {}
    for line in _text(path).splitlines():
        address, *names = line.partition("#")[0].split() or ("",)
        if wanted in (name.lower() for name in names) and addresses.parse(address) is not None:
            found[address] = None
    return tuple(found)


def _ndots(options: list[str], before: int) -> int:
    given = [o.removeprefix("ndots:") for o in options if o.startswith("ndots:")]
    return min(int(given[-1]), 15) if given and given[-1].isdigit() else before


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
