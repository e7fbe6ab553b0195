"""One look at a target: what its probes share, and nothing of what they conclude.

A `Look` lives for one run. Probes dial through it, and leave in its slots what another probe goes
on with (the polling session, the open WebSocket), so that they need not wait for each other.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

from bot import __version__, credentials
from bot.evidence import EioOpen, HeldSession, HttpAnswer, RttEvidence
from bot.model import Controls, Message, SecretRef, Target, Transport
from bot.net import endpoint, http, packets, proxy, secrecy, tls
from bot.net.connection import Connection
from bot.net.dial import Dialer, Policy
from bot.net.endpoint import Endpoint
from bot.net.errors import WireError
from bot.net.http import HeaderLines, Reply, Request
from bot.net.lag import LagMeter
from bot.net.packets import Opened
from bot.net.resolv_conf import Server
from bot.net.resolve import Resolver
from bot.net.text import Scrubber
from bot.net.websocket import Stream
from bot.tasks import call_off
from bot.urls import UrlError

T = TypeVar("T")

ANSWER_S: Final = 6.0  # a cold start of 3.4 s must still show as an answer (faults.md)
# Above the connect time: reason enough to ask again (`findings.SLOW_MS` is what is called late).
SLOW_ANSWER_MS: Final = 300.0
DEFAULT_HEALTH: Final = "/health"
LEAVE_S: Final = 0.5


class Slot(Generic[T]):
    """One value, handed from the probe that has it to those that wait for it."""

    def __init__(self) -> None:
        self._value: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def put(self, value: T) -> None:
        """The first value stays."""
        if not self._value.done():
            self._value.set_result(value)

    async def get(self) -> T:
        """Wait for the value."""
        return await asyncio.shield(self._value)

    def peek(self) -> T | None:
        """The value if it is there."""
        return self._value.result() if self._value.done() else None


@dataclass(frozen=True, slots=True)
class PollingSession:
    """An open polling session."""

    opened: Opened
    cookies: HeaderLines
    began: float  # time.monotonic() of its OPEN


@dataclass(frozen=True, slots=True)
class Shaken:
    """The polling handshake, for those that build on it."""

    answer: HttpAnswer
    session: PollingSession | None = None


@dataclass(slots=True)
class Samples:
    """Round trips as the probes came by them."""

    transport: Transport | None = None
    round_trips_ms: list[float] = field(default_factory=list)


class SettingsError(Exception):
    """The target cannot be looked at as it is configured; the message says why."""


class AddressError(SettingsError):
    """Its URL leads nowhere: no client could use it either."""


class Ahead:
    """A connection that is dialled before it is needed. Use with `async with`."""

    def __init__(self, dialer: Dialer, to: Endpoint) -> None:
        self._dialer = dialer
        self._to = to
        self._task: asyncio.Task[Connection] | None = None
        self._kept = False

    async def __aenter__(self) -> Ahead:
        self._task = asyncio.create_task(self._dialer.dial(self._to))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task is None or self._kept:
            return
        self._task.add_done_callback(_close_unused)
        self._task.cancel()
        await asyncio.wait({self._task})

    async def take(self) -> Connection:
        """The connection; it is closed when the block ends. Raises WireError."""
        if self._task is None:
            raise RuntimeError("not entered")
        return await asyncio.shield(self._task)

    def keep(self) -> None:
        """Whoever took the connection owns it from now on."""
        self._kept = True


class Look:
    """What the probes of one run share. Close it: it holds connections."""

    def __init__(
        self,
        target: Target,
        controls: Controls,
        to: Endpoint,
        *,
        headers: HeaderLines = (),
        auth: dict[str, Any] | None = None,
        policy: Policy,
        scrub: Scrubber,
        nameservers: tuple[Server, ...] | None = None,
    ) -> None:
        self.target = target
        self.controls = controls
        self.endpoint = to
        self.auth = auth
        self.scrub = scrub
        self.dialer = Dialer(Resolver(nameservers), policy, scrub)
        self.patience_s = math.inf if target.answer_s is None else target.answer_s
        self.samples = Samples()
        self.lag = LagMeter()
        self.shaken: Slot[Shaken] = Slot()
        self.polling_dialled = asyncio.Event()
        self.stream: Slot[Stream | None] = Slot()
        self.upgraded: Stream | None = None
        self.farewell: tuple[Connection, PollingSession] | None = None
        self.rtt: RttEvidence | None = None
        self.turned_away: Transport | None = None  # where a session beside another one did not hold
        self.joined = asyncio.Event()  # the target's namespace answered: it is not our network
        self.sampler: asyncio.Task[None] | None = None  # measures the path beside the run
        self.lookup_late = False  # a packet of a resolver's was lost, or it is slow
        self.second_opinion: list[str] = []  # addresses of the host by other views of DNS
        self.slack_connected: bool | None = None
        self.opened: EioOpen | None = None  # what the server said of its timers
        self.held: HeldSession | None = None  # the session that a hold has lost
        self.ends: float | None = None  # time.monotonic() of the run's deadline
        self.tell: Callable[[Message], None] = lambda _: None  # how far a long probe has got
        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._headers = headers

    @property
    def uses_polling(self) -> bool:
        """Whether the team's client ever polls."""
        return (
            not self.endpoint.websocket_only and Transport.POLLING in self.target.client.transports
        )

    @property
    def uses_websocket(self) -> bool:
        """Whether the team's client ever opens a WebSocket, directly or by upgrade."""
        return self.endpoint.websocket_only or Transport.WEBSOCKET in self.target.client.transports

    @property
    def polling_endpoint(self) -> Endpoint:
        """The endpoint as polling addresses it."""
        schemes = {"ws": "http", "wss": "https"}
        return replace(
            self.endpoint, scheme=schemes.get(self.endpoint.scheme, self.endpoint.scheme)
        )

    def headers(self, to: Endpoint | None = None, *, origin: bool = False) -> HeaderLines:
        """The headers of a request: ours, and the target's own, which win."""
        lines = [
            ("Host", (to or self.endpoint).authority),
            ("User-Agent", f"wsdiag/{__version__}"),
            ("Accept", "*/*"),
        ]
        if origin and self.target.origin:
            lines.append(("Origin", self.target.origin))
        names = {k.lower() for k, _ in self._headers}
        return (*((k, v) for k, v in lines if k.lower() not in names), *self._headers)

    def get(self, path: str, *, origin: bool = False, shown: str | None = None) -> Request:
        """A GET that closes its connection."""
        closing = (("Connection", "close"),)
        shown = shown or path.partition("?")[0]
        return Request("GET", path, shown, (*self.headers(origin=origin), *closing))

    def engine_request(
        self,
        method: str,
        *,
        body: str = "",
        session: PollingSession | None = None,
        to: Endpoint | None = None,
        headers: HeaderLines | None = None,
        close: bool = True,
        version: int = 4,
    ) -> Request:
        """A polling request, as socket.io-client sends it; `t` keeps caches out as there."""
        extra = {"t": secrets.token_hex(4), "EIO": str(version)}
        if session is not None:
            extra["sid"] = session.opened.sid
        sent, shown = (to or self.polling_endpoint).request_path("polling", **extra)
        lines = self.headers(to, origin=True) if headers is None else headers
        if session is not None and self.keeps_cookies:
            lines = (*lines, *session.cookies)
        if body:
            lines = (*lines, ("Content-Type", "text/plain;charset=UTF-8"))
        if close:
            lines = (*lines, ("Connection", "close"))
        return Request(method, sent, shown, lines, body.encode())

    def anonymous_handshake(self, to: Endpoint) -> Request:
        """A polling handshake for whoever may answer: with no header, query or Origin of ours."""
        bare = replace(to, query=())
        sent, shown = bare.request_path("polling", t=secrets.token_hex(4))
        lines = (
            ("Host", to.authority),
            ("User-Agent", f"wsdiag/{__version__}"),
            ("Accept", "*/*"),
            ("Connection", "close"),
        )
        return Request("GET", sent, shown, lines)

    @property
    def keeps_cookies(self) -> bool:
        """Whether a browser would send the session's cookies along with its polling.

        Across origins only with `withCredentials`; without a configured Origin the page may well
        be the backend's own, so that a cookie-based balancer gets the benefit of the doubt.
        """
        origin = self.target.origin
        return self.target.client.with_credentials or origin in (None, self.endpoint.origin)

    async def fetch(
        self,
        request: Request,
        *,
        to: Endpoint | None = None,
        address: str | None = None,
        timeout_s: float = ANSWER_S,
        dialer: Dialer | None = None,
        body_bytes: int = http.BODY_BYTES,
        on_dialled: Callable[[], None] = lambda: None,
    ) -> Reply:
        """One request on one fresh socket. A fault of the target is in `answer.failure`."""
        try:
            connection = await (dialer or self.dialer).dial(to or self.endpoint, address=address)
        except WireError as exc:
            return http.unreached(request, exc.failure, self.scrub)
        with connection:
            on_dialled()
            return await http.exchange(
                connection,
                request,
                timeout_s=min(timeout_s, self.patience_s),
                scrub=self.scrub,
                body_bytes=body_bytes,
            )

    def ahead(self, to: Endpoint) -> Ahead:
        """A connection that is dialled before it is needed."""
        return Ahead(self.dialer, to)

    async def leave(self) -> None:
        """End the sessions of the base suite, so that none haunts the server's presence.

        The upgraded one is moved to its WebSocket first: closing that ends it at once. The one
        that joined over polling ends with a packet on a connection kept for it.
        """
        if self.upgraded is not None:
            await self.upgraded.send_text(packets.UPGRADE)
        for stream in (self.stream.peek(), self.upgraded):
            if stream is not None:
                await stream.leave()
        if self.farewell is not None:
            (connection, session), self.farewell = self.farewell, None
            with connection:
                request = self.engine_request("POST", body=packets.CLOSE, session=session)
                await http.exchange(connection, request, timeout_s=LEAVE_S, scrub=self.scrub)

    async def close(self) -> None:
        """Leave, and end what still runs in the background."""
        self.lag.stop()
        try:
            await self.leave()
        finally:
            if self.sampler is not None:
                await call_off(self.sampler)
            if self.farewell is not None:
                self.farewell[0].close()
            await self.dialer.close()


def _close_unused(dial: asyncio.Task[Connection]) -> None:
    if not dial.cancelled() and dial.exception() is None:
        dial.result().close()


def cookies_of(reply: Reply) -> HeaderLines:
    """The Cookie header that answers a reply's Set-Cookie lines."""
    pairs = [v.partition(";")[0].strip() for k, v in reply.headers if k == "set-cookie"]
    return (("Cookie", "; ".join(pairs)),) if pairs else ()


def prepare(
    target: Target, controls: Controls, *, nameservers: tuple[Server, ...] | None = None
) -> Look:
    """Read the target's settings and secrets. Raises SettingsError; nothing is dialled."""
    try:
        to = endpoint.parse(
            target.url,
            path=target.path,
            namespace=target.namespace,
            query=tuple(target.query.items()),
        )
    except UrlError as exc:
        raise AddressError(str(exc)) from exc
    for text in (to.path, target.health_path or "/", target.origin or "null"):
        if not text.isascii() or not text.isprintable() or " " in text:
            raise SettingsError(f"{text[:80]!r} cannot be sent in a request as it is")
    headers = tuple((name, _secret(ref).strip()) for name, ref in target.headers.items())
    for name, value in headers:
        if not name.isascii() or not name.replace("-", "").isalnum() or not value.isprintable():
            raise SettingsError(f"the header {name} cannot be sent as it is")
    auth = _auth(target)
    policy = Policy(
        trust=_trust(target), proxy=_proxy(target), public_only=not target.allow_private
    )
    through = proxy.choose(policy.proxy, to.host, to.port, secure=to.secure)
    hidden = secrecy.sent(
        headers=headers, query=to.query, auth=auth, others=through.secrets if through else ()
    )
    return Look(
        target,
        controls,
        to,
        headers=headers,
        auth=auth,
        policy=policy,
        scrub=Scrubber(hidden),
        nameservers=nameservers,
    )


def _secret(ref: SecretRef) -> str:
    try:
        return credentials.read(ref).get_secret_value()
    except credentials.CredentialError as exc:
        raise SettingsError(str(exc)) from exc


def _auth(target: Target) -> dict[str, Any] | None:
    if target.auth is None:
        return None
    try:
        return credentials.read_json(target.auth)
    except credentials.CredentialError as exc:
        raise SettingsError(str(exc)) from exc


def _proxy(target: Target) -> str | None:
    if target.proxy and proxy.parse(target.proxy) is None:
        raise SettingsError("the proxy must be an HTTP proxy: http://host:port")
    return target.proxy


def _trust(target: Target) -> tls.Trust:
    certificate = target.client_certificate
    trust = tls.Trust(
        ca_file=target.ca_file,
        cert_file=certificate.cert_file if certificate else None,
        key_file=certificate.key_file if certificate else None,
        key_password=(
            _secret(certificate.key_password) if certificate and certificate.key_password else None
        ),
    )
    try:
        tls.check_files(trust)
    except (OSError, ssl.SSLError, ValueError) as exc:
        words = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        raise SettingsError(f"the certificate files cannot be used: {words}") from exc
    return trust
