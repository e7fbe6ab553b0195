"""Which secrets a target is sent, and in what shapes a server may send them back. Pure.

A server that echoes a request (a debug page, `Invalid token …`, a redirect to a login page) rarely
repeats it byte for byte: it arrives percent-encoded, as JSON in JSON, as HTML or in base64.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

SHORTEST: Final = 4  # characters: masking "1" everywhere would destroy the evidence
_SHORTEST_NUMBER: Final = 6  # digits: shorter ones are ports, statuses and milliseconds
_SHORTEST_BASE64: Final = 8  # characters that depend on nothing but the secret
_UNRESERVED_IN_JS: Final = "!'()*"  # what encodeURIComponent leaves alone beside RFC 3986's own
# JSON in JSON in JSON doubles the backslashes every time. Bounded: a server may send nothing else.
_BACKSLASHES: Final = r"(?:\\|%(?:25){0,4}5c){0,15}"


def sent(
    *,
    headers: Iterable[tuple[str, str]] = (),
    query: Iterable[tuple[str, str]] = (),
    auth: Any = None,
    others: Iterable[str] = (),
) -> tuple[str, ...]:
    """Every secret in what a target is sent, and each part of it that is one by itself.

    Of `Authorization: Bearer x` also `x`, of Basic also the password, of a cookie also its value.
    """
    found: list[str] = [value for _, value in query]
    for name, value in headers:
        found += _of_header(name, value)
    for value in others:
        found += _of_header("authorization", value)
    found += _of_payload(auth)
    return tuple(dict.fromkeys(found))


def pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds every secret in every shape, in either letter case; None without a secret."""
    known = [secret for secret in secrets if len(secret) >= SHORTEST]
    found = {form: re.escape(form) for secret in known for form in forms(secret)}
    # Per character, so that escapes may be mixed and nested however a server likes.
    found |= {secret: "".join(map(_character, secret)) for secret in known}
    longest_first = [found[form] for form in sorted(found, key=len, reverse=True)]
    return re.compile("|".join(longest_first), re.IGNORECASE) if found else None


def forms(secret: str) -> frozenset[str]:
    """The plain shapes in which a secret may come back; letter case is left to the caller."""
    if len(secret) < SHORTEST:
        return frozenset()
    data = secret.encode("utf-8", "replace")
    found = {
        secret,
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        quote(secret, safe=_UNRESERVED_IN_JS, errors="replace"),
        quote_plus(secret, errors="replace"),
        html.escape(secret),
        html.escape(secret, quote=False),
        data.decode("latin-1"),
        data.hex(),
        *_in_json(secret),
        *_in_base64(data),
    }
    return frozenset(form for form in found if len(form) >= SHORTEST)


def _character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    shapes = [
        re.escape(character),
        re.escape(html.escape(character)),
        "".join(f"%(?:25){{0,4}}{byte:02x}" for byte in character.encode("utf-8", "replace")),
        _BACKSLASHES.join(f"u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2)),
        f"&#{ord(character)};",
        f"&#x{ord(character):x};",
    ]
    if character == " ":
        shapes.append(r"\+")
    if not character.isprintable():
        shapes.append(re.escape(json.dumps(character)[2:-1]))  # the n of a line break
    return f"{_BACKSLASHES}(?:{'|'.join(dict.fromkeys(shapes))})"


def _in_json(secret: str) -> Iterator[str]:
    for ascii_only in (False, True):
        once = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield once
        yield once.replace("/", "\\/")
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]


def _in_base64(data: bytes) -> Iterator[str]:
    """What base64 makes of the secret wherever in a longer text it stands, and by itself."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data)
        # Characters at the edges hold bits of the neighbours too.
        begin = (before * 8 + 5) // 6
        inner = encoded.decode("ascii")[begin : (before + len(data)) * 8 // 6]
        if len(inner) >= _SHORTEST_BASE64:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")
    whole = base64.b64encode(data).decode("ascii").rstrip("=")
    yield whole
    yield whole.replace("+", "-").replace("/", "_")


def _of_header(name: str, value: str) -> Iterator[str]:
    yield value
    if name.lower() == "cookie":
        for pair in value.split(";"):
            yield pair.strip()
            yield pair.partition("=")[2].strip().strip('"')
        return
    scheme, _, rest = value.partition(" ")
    if rest.strip():
        yield rest.strip()
        if scheme.lower() == "basic":
            yield from _of_basic(rest.strip())


def _of_basic(credentials: str) -> Iterator[str]:
    try:
        pair = base64.b64decode(credentials, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return
    yield pair
    yield pair.partition(":")[2]


def _of_payload(value: Any) -> list[str]:
    """Every text in an auth payload: each may be the secret. So may a long number."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        text = str(value)
        return [text] if len(text) >= _SHORTEST_NUMBER else []
    if isinstance(value, dict):
        return [s for v in value.values() for s in _of_payload(v)]
    if isinstance(value, list):
        return [s for v in value for s in _of_payload(v)]
    return []
