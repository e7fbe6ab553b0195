"""`control`: things that work when our own network does. They decide between "they" and "we"."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from bot import __version__
from bot.evidence import ControlEvidence, DnsReply, HttpAnswer, NoEvidence
from bot.model import Finding, Reason, Status
from bot.net import endpoint
from bot.net.dial import Dialer
from bot.net.http import Request
from bot.net.text import Scrubber
from bot.probes import outcome
from bot.probes.look import Look
from bot.urls import UrlError, parse_page_url, without_secrets

CONTROL_S: Final = 4.0
MAX_URLS: Final = 5
_ANSWERED: Final = "ok"


@dataclass(frozen=True, slots=True)
class _Resolved:
    result: str
    addresses: tuple[str, ...] | None
    rcode: str | None


async def probe(look: Look) -> Finding:
    """Ask every control URL and the control resolver at once."""
    started = time.monotonic()
    urls = look.controls.urls[:MAX_URLS]
    resolver = look.controls.resolver
    if not urls and resolver is None:
        evidence = NoEvidence("no control is configured")
        return outcome.found("control", outcome.NOT_CONFIGURED, evidence, started)
    dialer = Dialer(
        look.dialer.resolver, replace(look.dialer.policy, public_only=False), Scrubber()
    )
    try:
        answers = await asyncio.gather(*(_url(look, dialer, url) for url in urls))
        resolved = await _resolve(look, resolver) if resolver is not None else None
    finally:
        await dialer.close_context()
    results = [(without_secrets(u), r) for u, (r, _) in zip(urls, answers, strict=True)]
    if resolved is not None:
        results.append((str(resolver), resolved.result))
    seen = ControlEvidence(
        results=tuple(results),
        resolver_addresses=resolved.addresses if resolved is not None else None,
        resolver_rcode=resolved.rcode if resolved is not None else None,
        clock_offset_s=next((o for _, o in answers if o is not None), None),
    )
    works = any(result == _ANSWERED for _, result in results)
    judged = outcome.OK if works else (Status.FAIL, Reason.CONTROL_FAILED)
    return outcome.found("control", judged, seen, started)


async def _url(look: Look, dialer: Dialer, url: str) -> tuple[str, float | None]:
    """`ok` or a Reason, and how far the control's clock is from ours."""
    try:
        page = urlsplit(parse_page_url(url))
        to = endpoint.parse(f"{page.scheme}://{page.netloc}")
    except UrlError:
        return Reason.SETTING_INVALID.value, None
    path = (page.path or "/") + (f"?{page.query}" if page.query else "")
    headers = (
        ("Host", to.authority),
        ("User-Agent", f"wsdiag/{__version__}"),
        ("Accept", "*/*"),
        ("Connection", "close"),
    )
    request = Request("GET", path, page.path or "/", headers)
    answer = (await look.fetch(request, to=to, timeout_s=CONTROL_S, dialer=dialer)).answer
    if answer.status is None:
        reason = answer.failure.reason if answer.failure is not None else Reason.NOT_HTTP
        return reason.value, None
    offset = _offset(look, answer)
    # In the clear a portal can answer for anybody; it sends people somewhere else.
    elsewhere = urlsplit(answer.header("location") or "").hostname
    if not to.secure and elsewhere not in (None, to.host):
        return Reason.REDIRECT.value, offset
    return (_ANSWERED if answer.status < 500 else Reason.HTTP_STATUS.value), offset


def _offset(look: Look, answer: HttpAnswer) -> float | None:
    try:
        date = parsedate_to_datetime(answer.header("date") or "")
        return round((date - look.clock()).total_seconds())
    except (ValueError, TypeError):
        return None


async def _resolve(look: Look, resolver: str) -> _Resolved:
    from bot.net import nameserver  # noqa: PLC0415  dnspython loads slowly, rarely needed

    host = look.endpoint.host
    try:
        server = nameserver.server_of(resolver)
    except ValueError:
        return _Resolved(Reason.SETTING_INVALID.value, None, None)
    if look.endpoint.literal:
        host = "example.com"  # no name to compare: only whether the resolver answers
    replies = await asyncio.gather(
        *(nameserver.query(server, host, k, timeout_s=CONTROL_S) for k in nameserver.KINDS)
    )
    heard = [r for r in replies if r.rcode is not None]
    if not heard:
        reason = replies[0].failure or Reason.RESOLVER_FAILED
        return _Resolved(reason.value, None, None)
    if look.endpoint.literal:
        return _Resolved(_ANSWERED, None, None)
    return _Resolved(_ANSWERED, _addresses(heard), heard[0].rcode)


def _addresses(replies: list[DnsReply]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(a for r in replies for a in r.addresses))
