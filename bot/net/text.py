"""Wire bytes into evidence: bounded, printable, without the secrets we know of."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

from bot.net import secrecy

BODY_CHARACTERS = 2_048
DETAIL_CHARACTERS = 300
FIRST_BYTES = 64

_MASK = "***"
_SID_JSON = re.compile(r'("sid"\s*:\s*")([^"]{1,256})(")')
_SID_QUERY = re.compile(r"([?&]sid=)([^&\s\"'<>]{1,256})")


def digest(secret: str) -> str:
    """Twelve hex digits that stand for a session id: comparable, not usable."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:12]


def printable(data: bytes | str, limit: int) -> str:
    """Text of at most `limit` characters with every control or invisible character escaped."""
    text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
    text = text[:limit]
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)[: limit * 2]


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class Scrubber:
    """Takes known secrets and session ids out of text before it becomes evidence.

    A secret is found in every shape of `secrecy.forms`, in either letter case, and where the text
    was cut in the middle of it.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = tuple(secrets)
        self._secrets = secrecy.pattern(known)
        found = {form for secret in known for form in secrecy.forms(secret)}
        self._forms: Final = sorted(found, key=len, reverse=True)

    def __call__(self, data: bytes | str, limit: int = DETAIL_CHARACTERS) -> str:
        """Scrub first and cut afterwards, so that a cut never leaves half a secret behind."""
        text = data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else data
        if self._secrets is not None:
            text = self._without_beginning(self._secrets.sub(_MASK, text))
        text = _SID_JSON.sub(lambda m: m[1] + digest(m[2]) + m[3], text)
        text = _SID_QUERY.sub(lambda m: m[1] + digest(m[2]), text)
        return printable(text, limit)

    def _without_beginning(self, text: str) -> str:
        """Mask what stands at the end and begins a secret: the rest was not read."""
        for form in self._forms:
            tail = text[-len(form) :].lower()
            start = form[: secrecy.SHORTEST].lower()
            at = tail.find(start)
            while at >= 0:
                if form.lower().startswith(tail[at:]):
                    return text[: len(text) - len(tail) + at] + _MASK
                at = tail.find(start, at + 1)
        return text

    def header(self, name: str, value: str) -> str:
        """A header's value; cookies lose theirs and keep their name and attributes."""
        if name == "set-cookie":
            pair, _, attributes = value.partition(";")
            cookie = pair.partition("=")[0]
            value = f"{cookie}={_MASK}" + (f";{attributes}" if attributes else "")
        return self(value, 1_024)
