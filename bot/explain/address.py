"""Which backend and which page a paste is about. Nothing that could be a secret comes out of here.

Queries (`sid`, tokens), user info and fragments are never kept. A path is kept only where the query
shows that Engine.IO sits there, and only if it looks like a path somebody chose.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot import urls

_URL: Final = re.compile(r"\b(?:https?|wss?)://[^\s'\"<>()\[\]{}|\\^]{1,2000}", re.IGNORECASE)
_BRACKETED: Final = re.compile(
    r"\b(?:https?|wss?)://\[[0-9a-fA-F:.]{2,45}\](?::\d{1,5})?[^\s'\"<>()\[\]{}|\\^]{0,2000}",
    re.IGNORECASE,
)
_PER_LINE: Final = 20
_MOUNT: Final = re.compile(r"(?:/(?:[a-z]{1,16}(?:[._-][a-z]{1,16}){0,3}|v\d{1,2})){1,4}/?")
_ORIGIN: Final = re.compile(
    r"(?:from origin|\borigin|the page at)[: ]{1,2}['\"]?(https?://[^\s'\"<>]{1,300})",
    re.IGNORECASE,
)
_PAGES: Final = (  # where explanations are, never the backend
    "developer.mozilla.org", "developer.chrome.com", "socket.io", "cloud.google.com", "github.com",
    "goo.gle", "goo.gl", "nodejs.org", "docs.python.org", "fetch.spec.whatwg.org",
    "wicg.github.io", "react.dev", "reactjs.org",
)  # fmt: skip
_INSIDE: Final = re.compile(r"upstream: \"[^\"]{0,2000}\"")  # nginx names whom it asked itself
# The page that a request of an access log in the combined format came from.
_REFERER: Final = re.compile(
    r"(HTTP/[\d.]{1,3}\" \d{3} \S{1,12} )\"(https?://[^\"\s]{1,300})\"", re.IGNORECASE
)
_ASSETS: Final = re.compile(r"\.(?:m?js|css|map|html?|png|svg|ico|tsx?|jsx|woff2?)(?::\d+)*$")


@dataclass(frozen=True, slots=True)
class Address:
    """url: as `wsdiag check` takes it, without path and query. path: Engine.IO's, if unusual."""

    url: str
    host: str
    port: int
    tls: bool
    path: str | None = None


class Addresses:
    """Gathers what the lines name; the likeliest backend and the page's Origin come out."""

    def __init__(self) -> None:
        self._backends: dict[Address, int] = {}
        self.origin: str | None = None

    def read(self, line: str) -> None:
        """Take in a line (its quotes made plain, its case kept)."""
        if "://" not in line:
            return
        if "upstream: " in line:
            line = _INSIDE.sub("", line)
        if self.origin is None and (match := _ORIGIN.search(line)):
            self.origin = _origin(match[1])
        if match := _REFERER.search(line):
            self.origin = self.origin or _origin(match[2])
            line = _REFERER.sub(r"\1", line)
        for pattern in (_URL, _BRACKETED):
            for count, match in enumerate(pattern.finditer(line)):
                if count >= _PER_LINE:
                    break
                self._note(match[0].rstrip(".,;:"))

    def backend(self) -> Address | None:
        """What is most surely a Socket.IO backend; None if nothing looks like one."""
        if not self._backends:
            return None
        best = max(self._backends, key=lambda address: self._backends[address])
        return best if self._backends[best] > 0 else None

    def _note(self, text: str) -> None:
        address, weight = _backend(text)
        if address is None:
            return
        if self.origin is not None and address.url == self.origin and weight < _SURE:
            return
        known = self._backends.get(address, 0)
        if known or len(self._backends) < 200:
            self._backends[address] = max(known, weight) + (1 if known else 0)


_SURE: Final = 1_000_000


def _backend(text: str) -> tuple[Address | None, int]:
    base, _, query = text.partition("#")[0].partition("?")
    scheme, _, rest = base.partition("://")
    netloc, slash, path = rest.partition("/")
    netloc = netloc.rpartition("@")[2]
    try:
        parsed = urls.parse_socket_url(f"{scheme.lower()}://{netloc}")
    except urls.UrlError:
        return None, 0
    engine = "transport=" in query.lower() or "eio=" in query.lower()
    at_socket_io = "socket.io" in path
    if parsed.host in _PAGES or (_ASSETS.search(path.lower()) and not engine):
        return None, 0
    sure = engine or at_socket_io or scheme.lower() in ("ws", "wss")
    url = parsed.url
    if engine or at_socket_io:
        web = (
            {"ws": "http", "wss": "https"}[scheme.lower()]
            if scheme.lower() in ("ws", "wss")
            else ""
        )
        url = url.replace(f"{parsed.scheme}://", f"{web}://", 1) if web else url
    mount = _mount(slash + path) if engine and not at_socket_io else None
    return Address(url, parsed.host, parsed.port, parsed.tls, mount), _SURE if sure else 1


def _mount(path: str) -> str | None:
    """A path that may be repeated: short lower-case words, nothing that could be a token."""
    if path in ("", "/") or not _MOUNT.fullmatch(path):
        return None
    return path if path.endswith("/") else f"{path}/"


def _origin(text: str) -> str | None:
    scheme, _, rest = text.partition("://")
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2].rstrip(".,;:")
    try:
        return urls.parse_origin(f"{scheme.lower()}://{netloc}")
    except urls.UrlError:
        return None
