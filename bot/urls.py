"""Addresses that people typed: what is allowed, what it means, and what to write instead.

One place for every URL that comes from outside: settings, the command line, Slack. Pure: nothing
is resolved here, so whether a *name* points somewhere private is not this module's question.
A fault is an `UrlError` whose message says what to change and never repeats a password.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, urlsplit

import idna

from bot.locales import translate
from bot.model import Message, say

MAX_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
SOCKET_SCHEMES = ("https", "http", "wss", "ws")
PAGE_SCHEMES = ("https", "http")

# What a build or a template leaves behind when a variable was never set (cli_url_missing).
_PLACEHOLDERS = frozenset({"undefined", "null", "none", "nan", "[object object]"})
_TEMPLATE = re.compile(r"\$\{|\{\{|process\.env|import\.meta|^\$[A-Za-z_]|^%[A-Za-z_]+%$|<[^>]*>")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*\Z")
_BARE_HOST = re.compile(
    r"(?:[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])\.?(?::[0-9]{1,5})?(?:[/?#]|\Z)", re.IGNORECASE
)
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060\ufeff]")


class UrlError(ValueError):
    """An address that cannot be used; `message` says what is wrong and what to write instead."""

    def __init__(self, message: Message) -> None:
        super().__init__(translate(message, "en"))
        self.message = message


@dataclass(frozen=True, slots=True)
class SocketUrl:
    """Where a Socket.IO client would connect, read the way `io(url)` reads it.

    `url` is scheme, host and port only (lower case, IDNA, default port left out). A path is the
    *namespace*, as in socket.io-client, unless it ends in `/socket.io`: then it is the path that
    Engine.IO is mounted under. A query goes along with every request.
    """

    url: str
    scheme: str
    host: str  # without brackets
    port: int
    tls: bool
    default_port: bool  # the port is the scheme's own
    websocket_only: bool  # ws:// or wss://: a client that is told WebSocket only
    namespace: str | None = None
    path: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def netloc(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        default = DEFAULT_PORTS.get(self.scheme, 0)  # 0: an app shell's scheme, without any port
        return host if self.port == default else f"{host}:{self.port}"


def parse_socket_url(text: str) -> SocketUrl:
    """Read the address of a backend. Raises UrlError."""
    parts = _split(text, SOCKET_SCHEMES)
    path = parts.path.rstrip("/")
    mount = f"{path}/" if path.endswith("/socket.io") else None
    return SocketUrl(
        url=f"{parts.scheme}://{parts.netloc}",
        scheme=parts.scheme,
        host=parts.host,
        port=parts.port,
        tls=parts.scheme in ("https", "wss"),
        default_port=parts.port == DEFAULT_PORTS[parts.scheme],
        websocket_only=parts.scheme in ("ws", "wss"),
        namespace=parse_namespace(path) if path and not mount else None,
        path=mount,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def parse_page_url(text: str) -> str:
    """Read the address of a page or an API (http or https; with its path). Raises UrlError."""
    parts = _split(text, PAGE_SCHEMES)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}{parts.path}{query}"


def parse_origin(text: str) -> str:
    """Read the page's Origin as a browser would send it: scheme, host, port. Raises UrlError.

    Schemes of app shells (`capacitor://localhost`) are fine; `null` is what a sandboxed page sends.
    """
    text = text.strip()
    if text.lower() == "null":
        return "null"
    scheme, separator, _ = text.partition("://")
    known = (*PAGE_SCHEMES, scheme.lower()) if separator and _SCHEME.match(scheme.lower()) else ()
    if scheme.lower() in ("ws", "wss"):
        raise UrlError(
            say("An Origin is the address of the page, not of the socket: https://app.example.com.")
        )
    parts = _split(text, known or PAGE_SCHEMES)
    if parts.path not in ("", "/") or parts.query:
        raise UrlError(
            say(
                "An Origin has no path: browsers send only {origin}.",
                origin=f"{parts.scheme}://{parts.netloc}",
            )
        )
    return f"{parts.scheme}://{parts.netloc}"


def parse_proxy(text: str) -> str:
    """Read the address of an HTTP proxy, `http://host:port`. Raises UrlError."""
    parts = _split(text, PAGE_SCHEMES)
    if parts.path not in ("", "/") or parts.query:
        raise UrlError(say("The address of a proxy has no path: http://proxy.example.com:3128."))
    return f"{parts.scheme}://{parts.netloc}"


def parse_mount(text: str) -> str:
    """Read the path that Engine.IO is mounted under; socket.io-client adds the slash at its end."""
    text = text.strip()
    if _UNPRINTABLE.search(text) or not text.startswith("/") or re.search(r"[?#]|//", text):
        raise UrlError(
            say("Write the path with a slash in front and nothing after it, like /socket.io/.")
        )
    return text if text.endswith("/") else f"{text}/"


def parse_health_path(text: str) -> str:
    """Read the path of the health check on the backend's own host (a query is allowed)."""
    text = text.strip()
    if _UNPRINTABLE.search(text) or not text.startswith("/") or text.startswith("//"):
        raise UrlError(say("Write only the path on the same host, like /health."))
    return text


def parse_namespace(text: str) -> str:
    """Read a Socket.IO namespace. A comma would end it in the packet."""
    text = text.strip()
    if _UNPRINTABLE.search(text) or not text.startswith("/") or re.search(r"[,?#]", text):
        raise UrlError(say("A namespace starts with a slash and holds no comma, like /admin."))
    return text


def parse_host_pattern(text: str) -> str:
    """Read a pattern of host names: `status.example.com`, `*.example.com`, or `*` for any."""
    text = text.strip().lower()
    if text == "*":
        return text
    if "://" in text or "/" in text or re.search(r":\d+\Z", text):
        raise UrlError(say("Write host names only, without scheme, port or path: *.example.com."))
    wildcard, host = (True, text[2:]) if text.startswith("*.") else (False, text)
    if "*" in host:
        raise UrlError(say("A star stands only at the front, before a dot: *.example.com."))
    host = _host(host.strip("[]"))
    return f"*.{host}" if wildcard else host


def host_matches(host: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a host (as in `SocketUrl.host`) is named by one of the patterns.

    `*.example.com` names every host below example.com, at any depth, and not example.com itself.
    """
    return any(
        pattern in ("*", host) or (pattern.startswith("*.") and host.endswith(pattern[1:]))
        for pattern in patterns
    )


def without_secrets(url: str) -> str:
    """Any URL as it may be shown: no user info, no query, no fragment, printable."""
    try:
        parts = urlsplit(url.strip()[:MAX_LENGTH])
        host = parts.netloc.rpartition("@")[2]
        shown = f"{parts.scheme}://{host}{parts.path}" if parts.scheme else f"{host}{parts.path}"
    except ValueError:
        shown = url.partition("?")[0].rpartition("@")[2][:200]
    return "".join(c if c.isprintable() else "?" for c in shown)


def _split(text: str, schemes: tuple[str, ...]) -> _Parts:
    text = text.strip()
    _refuse_what_is_no_address(text, schemes)
    try:
        split = urlsplit(text)
    except ValueError:  # brackets that do not close, and the like
        raise UrlError(
            say("The address is malformed; write it like {example}.", example=_example(schemes))
        ) from None
    if split.scheme not in schemes:
        raise UrlError(
            say(
                "The address starts with {scheme}://; only {schemes} can be used here.",
                scheme=split.scheme,
                schemes=", ".join(f"{s}://" for s in schemes),
            )
        )
    if "@" in split.netloc:
        raise UrlError(
            say(
                "The address holds a user name or a password before the @. Take it out and give it "
                "as a secret instead: a header Authorization with the value env:NAME or @file."
            )
        )
    if not split.hostname:
        raise UrlError(
            say("The address has no host; write it like {example}.", example=_example(schemes))
        )
    if split.fragment or text.endswith("#"):
        raise UrlError(say("Take the part from # on out of the address: it is never sent."))
    return _Parts(split.scheme, _host(split.hostname), _port(split), split.path, split.query)


def _refuse_what_is_no_address(text: str, schemes: tuple[str, ...]) -> None:
    if not text:
        raise UrlError(
            say("The address is empty; write it like {example}.", example=_example(schemes))
        )
    if len(text) > MAX_LENGTH:
        raise UrlError(
            say("The address is longer than {limit} characters.", limit=MAX_LENGTH),
        )
    if text.strip("\"'`") != text:
        raise UrlError(say("Take the quotation marks around the address away."))
    host = text.partition("://")[2].partition("/")[0] or text.partition("/")[0]
    bare = host.rpartition("@")[2].partition(":")[0].lower()
    if bare in _PLACEHOLDERS or text.lower() in _PLACEHOLDERS or _TEMPLATE.search(text):
        raise UrlError(
            say(
                "The address is a placeholder, not an address: the variable it was to come from "
                "was not set. Write the real one, like {example}.",
                example=_example(schemes),
            )
        )
    if _UNPRINTABLE.search(text) or "\\" in text:
        raise UrlError(
            say("The address holds spaces, backslashes or invisible characters; type it again.")
        )
    scheme, separator, rest = text.partition("://")
    if not separator or not _SCHEME.match(scheme.lower()):
        if (bare_host := _BARE_HOST.match(text)) and "@" not in text:
            host = bare_host[0].rstrip("/?#")
            local = re.match(r"localhost\b|127\.|\[::1\]", host, re.IGNORECASE)
            scheme = "http" if local and "http" in schemes else next(iter(schemes))
            raise UrlError(
                say("The scheme is missing: write {example}.", example=f"{scheme}://{host}")
            )
        raise UrlError(
            say("This is no address; write it like {example}.", example=_example(schemes))
        )
    if not rest:
        raise UrlError(
            say("The address has no host; write it like {example}.", example=_example(schemes))
        )


def _port(split: SplitResult) -> int:
    try:
        port = split.port
    except ValueError:
        port = 0
    if split.netloc.rpartition("]")[2].endswith(":"):
        port = 0
    if port == 0:
        raise UrlError(say("The port in the address is not a number from 1 to 65535."))
    return DEFAULT_PORTS.get(split.scheme, 0) if port is None else port


def _host(text: str) -> str:
    """Normalise a host: an IP literal, or a name in lower-case ASCII (IDNA 2008)."""
    if ":" in text:
        return _ipv6(text)
    name = text.removesuffix(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError):
            raise UrlError(
                say("The host name {host} cannot exist in DNS.", host=_shown(text))
            ) from None
    name = name.lower()
    labels = name.split(".")
    if _NUMBER.match(labels[-1]):
        # WHATWG URL: a host that ends in a number is an IPv4 address. Short, octal and hexadecimal
        # forms mean different things to different programs, so that only the plain one is taken.
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise UrlError(
                say(
                    "{host} is not a plain IPv4 address; write four numbers, like 192.0.2.10.",
                    host=_shown(text),
                )
            ) from None
    if len(name) > 253 or not all(_LABEL.match(label) for label in labels):
        raise UrlError(say("The host name {host} cannot exist in DNS.", host=_shown(text)))
    return name


def _ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise UrlError(
            say("{host} is not an IPv6 address, like [2001:db8::1].", host=_shown(text))
        ) from None
    if address.scope_id:
        raise UrlError(
            say("An address with a zone (%eth0) works on one machine only; leave it out.")
        )
    return str(address)


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _example(schemes: tuple[str, ...]) -> str:
    return f"{next(iter(schemes), 'https')}://backend.example.com"
