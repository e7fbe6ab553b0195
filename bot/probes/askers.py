"""Follow-ups that ask the same as somebody else, or of somebody else: a browser, another host."""

from __future__ import annotations

import secrets
from typing import Final
from urllib.parse import urlsplit

from bot.model import Finding, FollowUp
from bot.net import addresses, certificates
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.net.http import HeaderLines
from bot.probes.asking import ask_all
from bot.probes.look import Look

NOBODY: Final = "nobody"  # label of a name that no front can know
_MAX_NAMES: Final = 6

_CHROME: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36"
)
# What Chromium on Windows sends with an XMLHttpRequest; the version only has to look current.
_BROWSER: Final = (
    ("User-Agent", _CHROME),
    ("Accept", "*/*"),
    ("Accept-Language", "en-US,en;q=0.9"),
    ("Sec-Fetch-Mode", "cors"),
    ("Sec-Fetch-Dest", "empty"),
)


async def user_agent(look: Look) -> Finding:
    """Repeat the polling handshake as a browser, and once more as ourselves to compare."""
    own = look.headers(origin=True)
    names = {name.lower() for name, _ in _BROWSER}
    browser = (*(line for line in own if line[0].lower() not in names), *_BROWSER)
    requests = [
        ("browser", look.engine_request("GET", headers=browser)),
        ("ours", look.engine_request("GET", headers=own)),
    ]
    return await ask_all(look, FollowUp.USER_AGENT, requests)


async def host_variants(look: Look) -> Finding:
    """Repeat the polling handshake under other Host headers, at the same address.

    `ours` and a name that nobody can know stand beside the names to compare: where these two get
    different answers, the front knows our name.
    """
    to = look.polling_endpoint
    requests = [("ours", look.engine_request("GET"))]
    unknown = f"{NOBODY}-{secrets.token_hex(4)}.invalid"
    for label, host in ((NOBODY, unknown), *((name, name) for name in await _names(look))):
        lines = _with_host(look.headers(origin=True), to, host)
        requests.append((label, look.engine_request("GET", headers=lines)))
    return await ask_all(look, FollowUp.HOST_VARIANTS, requests)


def _with_host(lines: HeaderLines, to: Endpoint, host: str) -> HeaderLines:
    shown = f"[{host}]" if ":" in host else host
    port = to.authority.removeprefix(f"[{to.host}]" if ":" in to.host else to.host)
    return (("Host", shown + port), *(line for line in lines if line[0].lower() != "host"))


async def _names(look: Look) -> tuple[str, ...]:
    """Names under which this address may be known: certificate, fallbacks, the page, siblings."""
    host = look.endpoint.host
    lookup = await look.dialer.resolver.addresses(host)
    names = [*await _certified(look)]
    names += [urlsplit(url).hostname or "" for url in look.target.fallback_urls]
    names.append(urlsplit(look.target.origin or "").hostname or "")
    if not look.endpoint.literal:
        names.append(host.removeprefix("www.") if host.startswith("www.") else f"www.{host}")
        if host.count(".") > 1:
            names.append(host.partition(".")[2])
    names += ["localhost", *lookup.addresses[:1]]
    known = dict.fromkeys(n.lower() for n in names if n and n.lower() != host and n.isascii())
    return tuple(known)[:_MAX_NAMES]


async def _certified(look: Look) -> tuple[str, ...]:
    """The names of the certificate that the address shows for our name."""
    if not look.endpoint.secure:
        return ()
    try:
        with await look.dialer.dial(look.endpoint) as connection:
            engine = connection.tls
            leaf = certificates.read(engine.chain(), look.clock()) if engine else None
    except WireError:
        return ()
    names = leaf.names if leaf else ()
    plain = (name.replace("*.", "www.", 1) for name in names)
    return tuple(n for n in plain if "*" not in n and addresses.parse(n) is None)
