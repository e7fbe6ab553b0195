"""HTTP proxies: which one applies, and the CONNECT tunnel through it (RFC 9110 §9.3.6)."""

from __future__ import annotations

import base64
import urllib.request
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from bot import __version__
from bot.net import addresses
from bot.net.http import Request

_DEFAULT_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that is reached in the clear."""

    host: str
    port: int
    authorization: SecretStr | None = field(default=None)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not show of it."""
        return (self.authorization.get_secret_value(),) if self.authorization else ()

    @property
    def url(self) -> str:
        """As it may be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def parse(text: str) -> Proxy | None:
    """`http://[user:password@]host[:port]`, or `host:port`; None for what is no HTTP proxy."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or _DEFAULT_PORT
    except ValueError:
        return None
    if parts.scheme != "http" or not parts.hostname:
        return None
    return Proxy(parts.hostname, port, _authorization(parts))


def of_environment(host: str, port: int, *, secure: bool) -> Proxy | None:
    """What HTTP(S)_PROXY, ALL_PROXY and NO_PROXY of the environment say about a host."""
    proxies = urllib.request.getproxies_environment()
    text = proxies.get("https" if secure else "http") or proxies.get("all")
    if not text or urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    return parse(text)


def all_of_environment() -> tuple[str, ...]:
    """Every HTTP proxy that the environment names, whatever it is meant for; credentials inside."""
    found = urllib.request.getproxies_environment()
    texts = (found.get(kind) for kind in ("https", "http", "all"))
    return tuple(dict.fromkeys(t for t in texts if t and parse(t) is not None))


def choose(setting: str | None, host: str, port: int, *, secure: bool) -> Proxy | None:
    """The proxy for a host: the target's own, else the environment's, which spares this machine."""
    if setting:
        return parse(setting)
    if addresses.is_loopback(host):
        return None
    return of_environment(host, port, secure=secure)


def connect_request(proxy: Proxy, host: str, port: int) -> Request:
    """The CONNECT request for a host."""
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    headers = [("Host", authority), ("User-Agent", f"wsdiag/{__version__}")]
    if proxy.authorization is not None:
        headers.append(("Proxy-Authorization", proxy.authorization.get_secret_value()))
    return Request("CONNECT", authority, authority, tuple(headers))


def _authorization(parts: SplitResult) -> SecretStr | None:
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return SecretStr("Basic " + base64.b64encode(pair.encode()).decode("ascii"))
