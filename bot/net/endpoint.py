"""A target's URL and client settings → where to dial and what to ask for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from bot.net import addresses
from bot.urls import DEFAULT_PORTS, parse_socket_url

_OURS = frozenset({"EIO", "transport", "sid", "t"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where Engine.IO is. `host` is IDNA-encoded and in lower case, without brackets."""

    scheme: str
    host: str
    port: int
    path: str  # of Engine.IO
    namespace: str
    query: tuple[tuple[str, str], ...] = ()  # sent with every Engine.IO request; never evidence

    @property
    def secure(self) -> bool:
        """Whether the scheme asks for TLS."""
        return self.scheme in ("https", "wss")

    @property
    def websocket_only(self) -> bool:
        """`ws://` and `wss://` mean a client that is told WebSocket only."""
        return self.scheme in ("ws", "wss")

    @property
    def literal(self) -> bool:
        """Whether the URL holds an address, so that nothing is looked up."""
        return addresses.parse(self.host) is not None

    @property
    def authority(self) -> str:
        """The Host header: the port only where it is not the scheme's own (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """The endpoint's own web origin."""
        return f"{'https' if self.secure else 'http'}://{self.authority}"

    def flipped(self) -> Endpoint:
        """The same port addressed the other way round: plain instead of TLS, or TLS."""
        other = {"http": "https", "https": "http", "ws": "wss", "wss": "ws"}
        return replace(self, scheme=other[self.scheme])

    def at(self, path: str) -> Endpoint:
        """The same host with Engine.IO under another path."""
        return replace(self, path=path)

    def request_path(self, transport: str, **extra: str) -> tuple[str, str]:
        """Path and query of an Engine.IO request: as sent, and as it may be shown."""
        own = {"EIO": "4", "transport": transport, **extra}
        shown = {k: v for k, v in own.items() if k not in ("sid", "t")}
        sent = urlencode([*own.items(), *self.query])
        return f"{self.path}?{sent}", f"{self.path}?{urlencode(shown)}"


def parse(
    url: str,
    *,
    path: str = "/socket.io/",
    namespace: str = "/",
    query: tuple[tuple[str, str], ...] = (),
) -> Endpoint:
    """Understand a URL as socket.io-client does. Raises bot.urls.UrlError.

    A path in the URL is the namespace unless it ends in `/socket.io`; what the settings say more
    precisely than their defaults wins.
    """
    found = parse_socket_url(url)
    space = namespace if namespace.startswith("/") else f"/{namespace}"
    own = tuple((k, v) for k, v in found.query.items() if k not in _OURS)
    return Endpoint(
        scheme=found.scheme,
        host=found.host,
        port=found.port,
        path=found.path or (path if path.startswith("/") else f"/{path}"),
        namespace=space if space != "/" or not found.namespace else found.namespace,
        query=(*own, *query),
    )
