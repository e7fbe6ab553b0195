"""`control`: things that work when our own network does. They decide between "they" and "we".

A control must be somebody else's than the target's, and must answer itself: what a captive portal
says in its place (a redirect to its own host, a sign-in page, 200 where 204 is due) is no answer.
"""

from __future__ import annotations

import asyncio
import ssl
import statistics
import time
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from bot import __version__, portal
from bot.evidence import ControlEvidence, ControlLook, HttpAnswer, NoEvidence
from bot.model import Finding, Reason, Status
from bot.net import addresses, certificates, endpoint, http, tls
from bot.net.dial import Dialer
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.net.http import Request
from bot.net.text import Scrubber
from bot.probes import control_resolver, outcome
from bot.probes.control_resolver import View
from bot.probes.look import Look
from bot.tasks import call_off
from bot.urls import UrlError, parse_page_url, without_secrets

CONTROL_S: Final = 4.0
MAX_URLS: Final = 5
OVERALL_S: Final = 9.0  # a far control needs four round trips, a lost packet a second more
GRACE_S: Final = 1.5  # for the others, once it is known that our network works
_ANSWERED: Final = "ok"
_OUT_OF_DATE: Final = (9, 10)  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED
_EMPTY_PATHS: Final = ("generate_204", "gen_204")  # answers without content, so that portals show


@dataclass(frozen=True, slots=True)
class _Page:
    """A control URL that is ready to be asked."""

    url: str  # without secrets
    to: Endpoint
    request: Request


async def probe(look: Look) -> Finding:
    """Ask every control URL and the control resolver at once."""
    started = time.monotonic()
    urls = look.controls.urls[:MAX_URLS]
    resolver = look.controls.resolver
    if not urls and resolver is None:
        hint = ControlEvidence(slack_connected=look.slack_connected)
        evidence = NoEvidence("no control is configured") if look.slack_connected is None else hint
        return outcome.found("control", outcome.NOT_CONFIGURED, evidence, started)
    asking = asyncio.create_task(control_resolver.view(look, resolver)) if resolver else None
    try:
        pages = await _ask_all(look, urls)
        view = await _opinion(look, asking) if asking is not None else None
    finally:
        if asking is not None:
            await call_off(asking)
    evidence = _evidence(pages, view, resolver, look.slack_connected)
    return outcome.found("control", _judge(evidence), evidence, started)


async def _opinion(look: Look, asking: asyncio.Task[View]) -> View:
    """The resolver's view; a target that answers needs none, so it is not waited for long."""
    joined = asyncio.create_task(look.joined.wait())
    try:
        await asyncio.wait({asking, joined}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({asking}, timeout=GRACE_S)
    finally:
        joined.cancel()
    return asking.result() if asking.done() else View(Reason.DEADLINE.value)


def _judge(evidence: ControlEvidence) -> outcome.Judged:
    said = [result for _, result in evidence.results]
    if _ANSWERED in said:
        return outcome.OK
    if all(result in (Reason.SAME_HOST, Reason.SETTING_INVALID) for result in said):
        return Status.WARN, Reason.SETTING_INVALID
    return Status.FAIL, Reason.CONTROL_FAILED


def _evidence(
    pages: list[tuple[str, str, ControlLook | None]],
    view: View | None,
    resolver: str | None,
    slack_connected: bool | None,
) -> ControlEvidence:
    results = [(url, result) for url, result, _ in pages]
    if view is not None:
        results.append((str(resolver), view.result))
    looks = tuple(seen for _, _, seen in pages if seen is not None)
    offsets = [
        seen.clock_offset_s
        for _, result, seen in pages
        if seen is not None and seen.clock_offset_s is not None and result != Reason.HIJACKED
    ]
    return ControlEvidence(
        results=tuple(results),
        resolver_addresses=view.addresses if view is not None else None,
        resolver_rcode=view.rcode if view is not None else None,
        clock_offset_s=round(statistics.median(offsets)) if offsets else None,
        looks=looks,
        slack_connected=slack_connected,
    )


async def _ask_all(look: Look, urls: tuple[str, ...]) -> list[tuple[str, str, ControlLook | None]]:
    """Each URL's name, result and look. Nobody waits for the rest when our network is proven."""
    dialer = Dialer(
        look.dialer.resolver, replace(look.dialer.policy, public_only=False), Scrubber()
    )
    pages = [_page(url) for url in urls]
    tasks = [
        asyncio.create_task(_url(look, dialer, page)) if page is not None else None
        for page in pages
    ]
    try:
        proven = await _settled(look, [t for t in tasks if t is not None])
        late = (Reason.DEADLINE if proven else Reason.TIMEOUT).value
        return [
            _result(url, page, task, late)
            for url, page, task in zip(urls, pages, tasks, strict=True)
        ]
    finally:
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(t for t in tasks if t is not None), return_exceptions=True)
        await dialer.release()


def _result(
    url: str,
    page: _Page | None,
    task: asyncio.Task[tuple[str, ControlLook]] | None,
    late: str,
) -> tuple[str, str, ControlLook | None]:
    if page is None or task is None:
        return without_secrets(url), Reason.SETTING_INVALID.value, None
    if not task.done():
        return page.url, late, None
    result, seen = task.result()
    return page.url, result, seen


async def _settled(look: Look, tasks: list[asyncio.Task[tuple[str, ControlLook]]]) -> bool:
    """Wait for the controls, for a moment only once one of them or the target answered.

    Returns whether something did, so that those still out were not waited for in earnest.
    """
    joined = asyncio.create_task(look.joined.wait())
    waiting: set[asyncio.Task[tuple[str, ControlLook]]] = set(tasks)
    try:
        async with asyncio.timeout(OVERALL_S):
            while waiting and not joined.done() and not _one_works(tasks):
                await asyncio.wait({joined, *waiting}, return_when=asyncio.FIRST_COMPLETED)
                waiting = {t for t in waiting if not t.done()}
            if waiting:
                await asyncio.wait(waiting, timeout=GRACE_S)
    except TimeoutError:
        return False
    finally:
        joined.cancel()
    return True


def _one_works(tasks: list[asyncio.Task[tuple[str, ControlLook]]]) -> bool:
    return any(t.done() and not t.cancelled() and t.result()[0] == _ANSWERED for t in tasks)


def _page(url: str) -> _Page | None:
    try:
        split = urlsplit(parse_page_url(url))
        to = endpoint.parse(f"{split.scheme}://{split.netloc}")
    except UrlError:
        return None
    path = (split.path or "/") + (f"?{split.query}" if split.query else "")
    headers = (
        ("Host", to.authority),
        ("User-Agent", f"wsdiag/{__version__}"),
        ("Accept", "*/*"),
        ("Connection", "close"),
    )
    shown = split.path or "/"
    return _Page(without_secrets(url), to, Request("GET", path, shown, headers))


async def _url(look: Look, dialer: Dialer, page: _Page) -> tuple[str, ControlLook]:
    """`ok` or a Reason, and what was seen."""
    same = _same_host(look.endpoint, page.to)
    try:
        connection = await dialer.dial(page.to)
    except WireError as exc:
        seen = await _refused(look, dialer, page, exc)
        return (Reason.SAME_HOST if same else exc.failure.reason).value, seen
    with connection:
        answer = (
            await http.exchange(connection, page.request, timeout_s=CONTROL_S, scrub=Scrubber())
        ).answer
    seen = _seen(look, page, answer)
    if answer.status is None:
        reason = answer.failure.reason if answer.failure is not None else Reason.NOT_HTTP
        return (Reason.SAME_HOST if same else reason).value, seen
    if same and page.to.port == look.endpoint.port:
        return Reason.SAME_HOST.value, seen
    return _quality(page, answer, seen), seen


def _quality(page: _Page, answer: HttpAnswer, seen: ControlLook) -> str:
    """Whether it was the control itself that answered. Under TLS nobody else can."""
    status = answer.status or 0
    if page.to.secure:
        return _ANSWERED
    if status == portal.AUTHENTICATE_TO_NETWORK:
        return Reason.HIJACKED.value
    if seen.elsewhere is not None and not portal.same_site(seen.elsewhere, page.to.host):
        return Reason.HIJACKED.value
    empty_due = page.request.path.partition("?")[0].endswith(_EMPTY_PATHS)
    if empty_due and 200 <= status < 300 and status != 204 and answer.body_bytes:
        return Reason.HIJACKED.value
    html = "html" in (answer.header("content-type") or "")
    sends_away = portal.bounces(answer.body, answer.body_bytes)
    if html and (sends_away or portal.speaks_of_a_network(answer.body)):
        return Reason.HIJACKED.value
    # In the clear a proxy of our own network answers 502 to 504 for what it cannot reach.
    return _ANSWERED if status < 500 else Reason.HTTP_STATUS.value


def _seen(look: Look, page: _Page, answer: HttpAnswer) -> ControlLook:
    location = urlsplit(answer.header("location") or "").hostname
    return ControlLook(
        url=page.url,
        connected=True,
        status=answer.status,
        elsewhere=location,
        title=portal.title_of(answer.body),
        clock_offset_s=_offset(look, answer),
    )


async def _refused(look: Look, dialer: Dialer, page: _Page, exc: WireError) -> ControlLook:
    """A control that could not be dialled. Out of date by our clock: perhaps it is our clock."""
    cause = exc.__cause__
    connected = exc.failure.phase not in outcome.BELOW or isinstance(cause, ssl.SSLError)
    seen = ControlLook(url=page.url, connected=connected)
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return seen
    offset, issuer = await _unverified(look, dialer, page)
    invalid = cause.verify_code in _OUT_OF_DATE
    return replace(
        seen,
        out_of_date=invalid,
        clock_offset_s=offset if invalid else None,
        untrusted_issuer=issuer,
    )


async def _unverified(look: Look, dialer: Dialer, page: _Page) -> tuple[float | None, str | None]:
    """The control's clock and who issued its certificate, read without trusting that."""
    context = tls.unverifying(dialer.policy.trust)
    try:
        with await dialer.reach(page.to) as connection:
            await dialer.secure(connection, context, page.to.host)
            chain = connection.tls.chain() if connection.tls is not None else ()
            reply = await http.exchange(
                connection, page.request, timeout_s=CONTROL_S, scrub=Scrubber()
            )
    except WireError:
        return None, None
    leaf = certificates.read(chain, look.clock())
    return _offset(look, reply.answer), leaf.issuer if leaf is not None else None


def _same_host(target: Endpoint, control: Endpoint) -> bool:
    """Whether they share a host, so that one says nothing of the other's network.

    On loopback, where everything shares one, the port decides.
    """
    if addresses.is_loopback(control.host) and control.port != target.port:
        return False
    return target.host.rstrip(".").lower() == control.host.rstrip(".").lower()


def _offset(look: Look, answer: HttpAnswer) -> float | None:
    try:
        date = parsedate_to_datetime(answer.header("date") or "")
        return round((date - look.clock()).total_seconds())
    except (ValueError, TypeError):
        return None
