"""Secrets that a server made up, taken out of a report by their looks. Pure.

What *we* send a target is known and never becomes evidence (`bot.net.secrecy`). What a server says
of its own accord is not known: a redirect with a login code, a debug page with somebody's token, a
header of a gateway. A file that people pass on holds none of those either. Masking changes values
and never names, so that the causes read the same from a scrubbed report.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

MASK: Final = "***"
_SHORTEST: Final = 4  # characters: `v=3` in a link is no secret
_LONG: Final = 16  # characters: a word of a sentence is shorter

_SECRET_HEADER: Final = re.compile(
    r"(?:^|-)(?:authorization|cookie2?|token|secret|api-?key|session(?:-id)?|signature|password)$"
)
_OURS: Final = frozenset({"eio", "transport", "t", "b64"})  # Engine.IO's own parameters

_USER_INFO: Final = re.compile(r"\b([a-z][a-z0-9+.-]{1,15}://)[^\s/?#@\"'<>\\]+@", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"([?&;]|&amp;|%26)([\w.\[\]%-]{1,64})=([^&\s\"'<>#;,\\]+)")
_SCHEME: Final = re.compile(
    r"\b(Bearer|Basic|Token|Digest|Negotiate)(\s+|%20|\+)(?=\S*\d)[\w.~+/-]{8,}+=*+(?![\"'=])",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"(?P<name>[\w-]{0,32}?(?:token|secret|password|passwd|pwd|api[_-]?key|signature|credential"
    r"|session[_-]?id|sessid|\bsid|auth(?:orization)?))"
    r"(?P<sign>(?:\\{0,3}[\"'])?\s{0,4}(?:=|:)\s{0,4}(?:\\{0,3}[\"'])?)"
    r"(?P<value>[^\s\"'&<>;,\\{}\[\]]{4,})",
    re.IGNORECASE,
)
_LOOKS: Final = re.compile(
    r"eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?"  # a JSON web token
    r"|xox[abeprs]-[\w-]{6,}|xapp-[\w-]{6,}"  # Slack
    r"|gh[oprsu]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|[rs]k_(?:live|test)_\w{10,}|sk-[\w-]{20,}"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,20}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
_DIGEST: Final = re.compile(r"[0-9a-f]{12}\Z")  # what stands for a session id in evidence


def scrubbed(value: Any) -> Any:
    """JSON data with everything masked that looks like a secret."""
    if isinstance(value, str):
        return text(value)
    if isinstance(value, Mapping):
        return {
            key: [_header(line) for line in item]
            if key == "headers" and isinstance(item, list)
            else scrubbed(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [scrubbed(item) for item in value]
    return value


def text(value: str) -> str:
    """One text, masked. Masking twice is masking once."""
    value = _LOOKS.sub(MASK, value)
    value = _USER_INFO.sub(rf"\g<1>{MASK}@", value)
    value = _SCHEME.sub(rf"\g<1>\g<2>{MASK}", value)
    value = _NAMED.sub(_named, value)
    return _PARAMETER.sub(_parameter, value)


def _header(line: Any) -> Any:
    if not isinstance(line, list) or len(line) != 2 or not all(isinstance(x, str) for x in line):
        return scrubbed(line)
    name, value = line
    if name.lower() == "set-cookie":
        pair, mark, attributes = value.partition(";")
        cookie, equals, _ = pair.partition("=")
        kept = f"{text(cookie)}={MASK}" if equals else MASK
        return [name, f"{kept}{mark}{text(attributes)}"]
    if _SECRET_HEADER.search(name.lower()):
        return [name, MASK]
    return [name, text(value)]


def _parameter(match: re.Match[str]) -> str:
    sign, name, value = match.groups()
    harmless = (
        name.lower() in _OURS
        or len(value) < _SHORTEST
        or value.startswith("/")  # where to go after a login
        or _DIGEST.match(value)
    )
    return match[0] if harmless else f"{sign}{name}={MASK}"


def _named(match: re.Match[str]) -> str:
    value, sign = match["value"], match["sign"]
    if _DIGEST.match(value) or value.lower() in ("null", "true", "false", "none", "undefined"):
        return match[0]
    # `token: expired` is a sentence, `token: 9f2c…` and `token="…"` are not.
    spoken = "=" not in sign and '"' not in sign and "'" not in sign
    if spoken and len(value) < _LONG and not any(c.isdigit() for c in value):
        return match[0]
    return f"{match['name']}{sign}{MASK}"
