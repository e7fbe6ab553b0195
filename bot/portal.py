"""What a network's sign-in page looks like, on the wire and on the screen. Pure.

A captive portal answers in the clear for every host: with its own page, with a redirect to it, or
with a page that does nothing but send the browser there (RFC 8952 §1, RFC 6585 §6).
"""

from __future__ import annotations

import re
from typing import Final

AUTHENTICATE_TO_NETWORK: Final = 511  # RFC 6585 §6

_SIGN_IN = re.compile(
    r"type=[\"']?password|wi-?fi|hotspot|captive|sign.?in to|log.?in to (the )?network|"
    r"accept (the )?terms|guest access|network login|<form[^>]+(login|auth|portal)",
    re.IGNORECASE,
)
_NETWORK = re.compile(
    r"\bwi-?fi\b|hotspot|captive|guest access|network login|(sign|log).?in to (the |this )?network|"
    r"accept (the )?terms|internet access",
    re.IGNORECASE,
)
# A page that only sends the browser elsewhere, to an absolute address.
_BOUNCE = re.compile(
    r"http-equiv=[\"']?refresh[^>]{0,80}url=[\"']?https?://|"
    r"location(?:\.href)?\s*=\s*[\"']https?://|location\.(?:replace|assign)\(\s*[\"']https?://",
    re.IGNORECASE,
)
_BOUNCE_BYTES = 1_500
_TITLE = re.compile(r"<title[^>]*>\s*([^<]{1,120})", re.IGNORECASE)


def asks_to_sign_in(text: str) -> bool:
    """Whether a page asks for a password, or speaks of Wi-Fi, terms or a network's login."""
    return bool(_SIGN_IN.search(text))


def speaks_of_a_network(text: str) -> bool:
    """Whether a page is about access to a network, and not just any page with a password field."""
    return bool(_NETWORK.search(text))


def bounces(text: str, size: int) -> bool:
    """Whether a page of `size` bytes does little but send the browser to an absolute address."""
    return size <= _BOUNCE_BYTES and bool(_BOUNCE.search(text))


def title_of(text: str) -> str:
    """The title of an HTML page; empty without one."""
    found = _TITLE.search(text)
    return " ".join(found[1].split()) if found else ""


def same_site(one: str, other: str) -> bool:
    """Whether two host names are one, or one is under the other (`www.` and the like)."""
    one, other = one.rstrip(".").lower(), other.rstrip(".").lower()
    shorter, longer = sorted((one, other), key=len)
    return one == other or ("." in shorter and longer.endswith("." + shorter))
