"""Everything that a target is sent as a secret, read from where it is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from bot import credentials
from bot.model import Target
from bot.net import endpoint, proxy, secrecy
from bot.urls import UrlError


def secrets_of(target: Target) -> tuple[str, ...]:
    """For masking a text that is about to leave. What cannot be read is not sent either."""
    headers: list[tuple[str, str]] = []
    for name, ref in target.headers.items():
        with contextlib.suppress(credentials.CredentialError):
            headers.append((name, credentials.read(ref).get_secret_value()))
    auth = None
    if target.auth is not None:
        with contextlib.suppress(credentials.CredentialError):
            auth = credentials.read_json(target.auth)
    query = list(target.query.items())
    others: list[str] = []
    for url in (target.url, *target.fallback_urls):
        with contextlib.suppress(UrlError):
            to = endpoint.parse(url)
            query += to.query
            through = proxy.choose(target.proxy, to.host, to.port, secure=to.secure)
            others += through.secrets if through else ()
    return secrecy.sent(headers=headers, query=query, auth=auth, others=others)


def masked(text: str, targets: Iterable[Target]) -> str:
    """Text of any length without what these targets are sent, in whatever shape it stands there."""
    found = secrecy.pattern({secret for target in targets for secret in secrets_of(target)})
    return found.sub("***", text) if found else text
