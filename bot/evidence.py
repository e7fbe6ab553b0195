"""What probes saw, one frozen record per kind of look: the contract between probes and causes.

Probes fill these and judge nothing; causes read these and touch nothing else. Text that came from
the wire is bounded and has its control characters escaped, secrets and session ids never get in.
`None` always means "not seen" and never "no".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model import Confidence, Message, Reason, Transport


class Phase(StrEnum):
    """How far an exchange got before it ended."""

    RESOLVE = "resolve"  # the name gave no address, or none that may be dialled
    PROXY = "proxy"  # the HTTP proxy could not be reached, or refused the tunnel
    CONNECT = "connect"  # TCP not established
    TLS = "tls"  # TCP up, TLS handshake not finished
    REQUEST = "request"  # request written, not one byte came back
    RESPONSE = "response"  # bytes came, no complete response head (or body)
    OPEN = "open"  # 101 or 200 arrived, Engine.IO OPEN did not
    SESSION = "session"  # OPEN arrived; ended later


@dataclass(frozen=True, slots=True)
class TcpInfo:
    """From Linux TCP_INFO when waiting ended: tells a silent peer from a lost path."""

    unacked: int
    retransmits: int  # total_retrans over the connection's life
    rtt_ms: float


@dataclass(frozen=True, slots=True)
class Failure:
    """How an exchange ended without what it waited for."""

    phase: Phase
    reason: Reason
    detail: str = ""  # the exception in words, scrubbed
    elapsed_ms: float = 0.0  # since this phase began
    bytes_received: int = 0  # in this phase
    first_bytes: str = ""  # printable form of the first 64 bytes received, if any
    tcp: TcpInfo | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One request on one fresh socket; redirects are never followed."""

    method: str
    path: str  # path and query as sent, without secrets
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()  # names in lower case, order and duplicates kept
    body: str = ""  # first 2 KiB
    body_bytes: int = 0  # received, at most the cap
    body_complete: bool = False
    address: str | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    ttfb_ms: float | None = None  # request written → first byte
    failure: Failure | None = None
    lower_case: bool = False  # every header's name came in lower case: who wrote it is a proxy

    def header(self, name: str) -> str | None:
        """First value of a header, or None."""
        return next((v for k, v in self.headers if k == name), None)

    def header_lines(self, name: str) -> tuple[str, ...]:
        """Every line of a header: a proxy that adds a second one breaks CORS."""
        return tuple(v for k, v in self.headers if k == name)


@dataclass(frozen=True, slots=True)
class EioOpen:
    """The Engine.IO OPEN packet."""

    sid_digest: str  # short hash: sessions are compared, never kept
    protocol: int  # 4, or 3 where the packet is a Socket.IO v2 server's
    ping_interval_ms: int | None
    ping_timeout_ms: int | None
    upgrades: tuple[str, ...]
    max_payload: int | None
    extra: str = ""  # what followed in the same payload (v2 servers send `40` unasked)


@dataclass(frozen=True, slots=True)
class EioError:
    """Engine.IO's JSON refusal: 0 transport unknown, 1 session unknown, 2 bad handshake method,
    3 bad request, 4 forbidden, 5 unsupported protocol version."""

    code: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One WebSocket frame as received."""

    opcode: int  # 1 text, 2 binary, 8 close, 9 ping, 10 pong
    text: str  # at most 256 characters; for close: the reason
    at_ms: float  # since the 101
    reserved_bits: int = 0
    close_code: int | None = None


# ---------------------------------------------------------------- the base suite


@dataclass(frozen=True, slots=True)
class ConfigEvidence:
    """Lint of URL and client settings. `advice` pairs a `cli_*` code with the sentence."""

    url: str
    problem: str | None = None  # why the URL cannot be used at all
    advice: tuple[tuple[str, Message], ...] = ()


@dataclass(frozen=True, slots=True)
class ControlLook:
    """One control URL, as far as it says more than whether it works."""

    url: str  # without secrets
    connected: bool  # a TCP connection came about, whatever became of it
    status: int | None = None
    elsewhere: str | None = None  # host that it sends people to
    title: str = ""  # of the page that answered, if it was one
    clock_offset_s: float | None = None  # its Date minus our clock
    out_of_date: bool = False  # its certificate is outside its dates, by our clock
    untrusted_issuer: str | None = None  # of its certificate, if that was refused


@dataclass(frozen=True, slots=True)
class ControlEvidence:
    """Controls, each with what it answered: `ok`, or the Reason it failed with.

    A URL has `://` in its name, the resolver has not. `slack_connected` is a hint from the bot: a
    connection that was made long ago, to somebody else's service.
    """

    results: tuple[tuple[str, str], ...] = ()
    resolver_addresses: tuple[str, ...] | None = None  # the host as the control resolver sees it
    resolver_rcode: str | None = None
    clock_offset_s: float | None = None  # the controls' Date minus our clock, whole seconds
    looks: tuple[ControlLook, ...] = ()
    slack_connected: bool | None = None


@dataclass(frozen=True, slots=True)
class DnsEvidence:
    host: str
    literal: bool  # the URL holds an address: nothing was looked up
    addresses: tuple[str, ...] = ()
    error: str | None = None  # EAI_* name
    lookup_ms: float = 0.0
    special: tuple[str, ...] = ()  # addresses that are loopback, private, unspecified, link-local
    hedged: bool = False  # getaddrinfo hung: the run went on with addresses of direct queries
    again_ms: float | None = None  # a second lookup, begun when the first was late
    hosts_file: tuple[str, ...] = ()  # what this machine's hosts file says of the name


@dataclass(frozen=True, slots=True)
class TcpEvidence:
    """One address."""

    address: str
    port: int
    family: int  # 4 or 6
    connect_ms: float | None = None
    errno: str | None = None  # ECONNREFUSED …
    icmp: tuple[int, int] | None = None  # (type, code) from the socket's error queue, if any


@dataclass(frozen=True, slots=True)
class ProxyEvidence:
    """The run goes through an HTTP proxy: what it said to CONNECT. Stands in the `tcp` finding."""

    proxy: str  # without credentials
    answer: HttpAnswer | None = None  # the last answer to CONNECT: 200, 403, 407 …
    failure: Failure | None = None  # phase PROXY when the tunnel was not to be had


@dataclass(frozen=True, slots=True)
class Certificate:
    """The leaf, and what was sent with it."""

    subject: str
    issuer: str
    names: tuple[str, ...]  # subjectAltName: DNS names and addresses
    not_before: datetime
    not_after: datetime
    days_left: float
    lifetime_days: float
    chain_length: int  # certificates that the server sent
    self_signed: bool
    issuer_url: bool  # AIA caIssuers present: a browser could fetch the intermediate
    key: str  # "RSA-2048", "EC-P-256"
    issuer_sent: bool | None = None  # the issuer's certificate was sent too; None: nobody looked


@dataclass(frozen=True, slots=True)
class TlsEvidence:
    """One address: the verified handshake and, where it failed, an unverified one."""

    server_name: str
    version: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    handshake_ms: float | None = None
    verify_code: int | None = None  # OpenSSL X509_V_ERR_*; 0 or None when verified
    verify_message: str = ""
    alert: str | None = None  # OpenSSL's reason, e.g. WRONG_VERSION_NUMBER, TLSV1_UNRECOGNIZED_NAME
    certificate: Certificate | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class HttpEvidence:
    """`/health`."""

    answer: HttpAnswer
    configured: bool  # the path was set by someone, not tried by default


@dataclass(frozen=True, slots=True)
class PollingEvidence:
    """The polling handshake (GET, EIO=4)."""

    answer: HttpAnswer
    open: EioOpen | None = None
    error: EioError | None = None


@dataclass(frozen=True, slots=True)
class CorsEvidence:
    """The polling handshake's CORS answer to the configured Origin, and a preflight."""

    origin: str
    allow_origin: tuple[str, ...] = ()  # every Access-Control-Allow-Origin line
    allow_credentials: tuple[str, ...] = ()
    vary: str | None = None
    with_credentials: bool = False  # the client sends cookies
    answer: HttpAnswer | None = None
    preflight: HttpAnswer | None = None
    custom_headers: tuple[str, ...] = ()  # of the client: with them a browser asks leave first


@dataclass(frozen=True, slots=True)
class WebSocketEvidence:
    """A handshake on a fresh socket (`websocket`), or one with a polling sid (`upgrade`)."""

    answer: HttpAnswer  # status, headers, and the body when it was not 101
    accept_ok: bool | None = None  # Sec-WebSocket-Accept fits our key
    wrong_headers: tuple[str, ...] = ()  # of the 101, for whose sake a browser refuses it
    unasked_extensions: tuple[str, ...] = ()
    open: EioOpen | None = None
    error: EioError | None = None  # JSON body of a refusal
    frames: tuple[Frame, ...] = ()  # the first few
    probe_ms: float | None = None  # upgrade only: `2probe` → `3probe`
    closed: Failure | None = None  # how the stream ended, if it did
    close_code: int | None = None
    close_reason: str = ""

    @property
    def switched(self) -> bool:
        """A 101 that a browser would accept."""
        broken = self.accept_ok is False or self.wrong_headers or self.unasked_extensions
        return self.answer.status == 101 and not broken


class Outcome(StrEnum):
    """How a namespace CONNECT ended on one transport."""

    CONNECTED = "connected"
    REFUSED = "refused"  # 44
    DISCONNECTED = "disconnected"  # 40, and at once 41 or a close
    SILENT = "silent"  # the session lives, neither 40 nor 44 came
    CLOSED = "closed"  # the session ended before an answer
    NOT_TRIED = "not_tried"  # the transport never got that far


@dataclass(frozen=True, slots=True)
class NamespaceAttempt:
    transport: Transport
    outcome: Outcome
    elapsed_ms: float = 0.0
    message: str = ""  # from 44
    data: str = ""
    close_code: int | None = None
    close_reason: str = ""
    pings: int = 0  # server pings seen (and answered) while waiting
    asked: int = 0  # WebSocket pings that we sent
    pongs: int = 0  # … and how many came back: our frames arrive, whatever the namespace does
    answer: HttpAnswer | None = None  # polling: the exchange that failed
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class NamespaceEvidence:
    namespace: str
    auth_sent: bool
    attempts: tuple[NamespaceAttempt, ...] = ()


@dataclass(frozen=True, slots=True)
class RttEvidence:
    """Round trips over the open session."""

    transport: Transport | None
    samples_ms: tuple[float, ...] = ()
    median_ms: float | None = None
    worst_ms: float | None = None
    connect_ms: tuple[float, ...] = ()  # TCP connects to one address: latency without the server
    retransmits: int = 0  # TCP segments sent again, over all connections of the run
    resent_ms: tuple[
        float, ...
    ] = ()  # those of `connect_ms` whose SYN the kernel had to send again
    unanswered: int = 0  # connects made to measure that came to nothing, while others succeeded
    measured: int = 0  # of `connect_ms`, how many were made only to measure


@dataclass(frozen=True, slots=True)
class FallbackEvidence:
    """One fallback URL: does it complete an Engine.IO handshake?"""

    url: str
    same_host: bool  # the fallback is the primary's host: no fallback at all
    answer: HttpAnswer | None = None
    open: EioOpen | None = None
    failure: Failure | None = None


# ---------------------------------------------------------------- follow-ups


@dataclass(frozen=True, slots=True)
class DnsReply:
    """One direct query."""

    server: str
    kind: str  # "A" | "AAAA"
    rcode: str | None = None  # NOERROR, NXDOMAIN, SERVFAIL, REFUSED …
    addresses: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()  # CNAME chain in the answer
    truncated: bool = False
    failure: Reason | None = None  # TIMEOUT, REFUSED (port unreachable) …
    elapsed_ms: float = 0.0  # until the kernel had the answer
    name: str = ""  # as asked, a search domain included
    unchecked: str | None = None  # after SERVFAIL: the rcode with DNSSEC validation switched off


@dataclass(frozen=True, slots=True)
class DnsDirectEvidence:
    replies: tuple[DnsReply, ...] = ()


@dataclass(frozen=True, slots=True)
class BurstEvidence:
    """Quick connections one after another; each entry is `answered`, `open` or a Reason.

    `outcomes`: a GET was sent. `silent`: nothing was sent for a while, so an end is no reaction to
    our bytes (a connection limit or a middlebox, and not a server that dislikes what it read).
    """

    outcomes: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherSchemeEvidence:
    """The port addressed the other way: a TLS hello on an http URL, a plain GET on an https one."""

    spoken: bool
    answer: HttpAnswer | None = None
    tls: TlsEvidence | None = None


class HelloAnswer(StrEnum):
    """What the first bytes after a TLS hello were."""

    HELLO = "hello"  # a handshake record: the server goes on
    ALERT = "alert"  # an alert record: TLS is spoken, and refused
    ALIEN = "alien"  # something else than TLS


@dataclass(frozen=True, slots=True)
class TlsHello:
    """One TLS hello on a connection of its own, whatever the certificate.

    `kind`: `own` as the client sends it; `other` and `none` with another server name or without
    one; `small` with small TCP segments; `lenient` with old versions, all ciphers and HTTP/2.
    """

    kind: str
    server_name: str | None = None  # as sent: none for an address, which is no server name
    answer: HelloAnswer | None = None  # None: not one byte
    completed: bool = False
    version: str | None = None
    cipher: str | None = None
    alpn: str | None = None
    asks_certificate: bool | None = None  # the server sent a CertificateRequest
    failure: Failure | None = None
    after: Failure | None = None  # how it ended after the handshake although we said nothing


@dataclass(frozen=True, slots=True)
class TlsHellosEvidence:
    hellos: tuple[TlsHello, ...] = ()


@dataclass(frozen=True, slots=True)
class PortTry:
    """One other port of the host. `outcome`: `ok` (it connects) or a Reason."""

    port: int
    outcome: str
    scheme: str | None = None  # under which an Engine.IO OPEN came
    icmp: bool = False  # the outcome came by an ICMP message and not from the port itself


@dataclass(frozen=True, slots=True)
class OtherPortsEvidence:
    address: str
    ports: tuple[PortTry, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyTry:
    """The polling handshake through a proxy that the environment knows."""

    proxy: str  # without credentials
    tunnel: HttpAnswer | None = None  # what it said to CONNECT
    answer: HttpAnswer | None = None  # the backend's, through the tunnel
    open: bool = False  # an Engine.IO OPEN


@dataclass(frozen=True, slots=True)
class ViaProxyEvidence:
    tries: tuple[ProxyTry, ...] = ()


@dataclass(frozen=True, slots=True)
class ProbedPathsEvidence:
    """Further requests of one kind: random path, candidate paths, Origin variants."""

    answers: tuple[tuple[str, HttpAnswer], ...] = ()  # label → answer
    opens: tuple[str, ...] = ()  # labels under which an Engine.IO OPEN came


@dataclass(frozen=True, slots=True)
class EachAddressEvidence:
    """A polling handshake with every address that connects."""

    answers: tuple[tuple[str, HttpAnswer], ...] = ()  # address → its last answer
    opens: tuple[str, ...] = ()  # Engine.IO answers there
    mute: tuple[str, ...] = ()  # nothing like it comes from there, twice, although others answer
    joins: tuple[str, ...] = ()  # with one mute: where the namespace could be joined over polling


@dataclass(frozen=True, slots=True)
class VersionTry:
    """One polling handshake with `EIO=asked`."""

    asked: int
    status: int | None = None
    open: EioOpen | None = None
    error: EioError | None = None


@dataclass(frozen=True, slots=True)
class VersionsEvidence:
    """Polling handshakes one after another: our version several times, and the older one."""

    tries: tuple[VersionTry, ...] = ()


@dataclass(frozen=True, slots=True)
class SpokenToEvidence:
    """A fresh WebSocket on which we spoke first: a ping of the protocol, and a text."""

    answer: HttpAnswer
    ponged: bool = False  # our ping came back: a WebSocket server lives there
    frames: tuple[Frame, ...] = ()
    closed: Failure | None = None
    close_code: int | None = None


@dataclass(frozen=True, slots=True)
class AlikeEvidence:
    """The same handshakes one after another, with nothing of ours beside them.

    `opens`: which of the answers over `polling` was an OPEN. `websocket`: joins until one gets in.
    """

    polling: tuple[HttpAnswer, ...] = ()
    opens: tuple[bool, ...] = ()
    websocket: tuple[NamespaceAttempt, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsersEvidence:
    """The namespace CONNECT in other parsers' forms, and which of them got any answer."""

    tried: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SteadinessEvidence:
    """The polling handshake and the health page again and again, and nothing that connects.

    `outcomes`: `answered` (a status below 500) or a Reason, one per round. Times are the server's
    own, the way there and back not counted; an unanswered one is None.
    """

    outcomes: tuple[str, ...] = ()
    handshakes_ms: tuple[float | None, ...] = ()
    health_ms: tuple[float | None, ...] = ()
    lag_ms: float = 0.0  # how late this machine let us work, at worst, since the check began


@dataclass(frozen=True, slots=True)
class RecheckEvidence:
    """Again after a pause."""

    pause_ms: float
    connects: tuple[str, ...] = ()  # "ok" or a Reason, each try
    polling: HttpAnswer | None = None
    polling_open: bool = False
    open: EioOpen | None = None  # compare its digest: equal sids mean a cache
    health: HttpAnswer | None = None


@dataclass(frozen=True, slots=True)
class AffinityEvidence:
    """One polling session, then sequential POSTs, each on a fresh socket.

    `unreadable`: the first POST answered 200 that a page on the configured Origin may not read,
    although it may read the handshake; None: there was none, or no Origin is configured.
    """

    open: EioOpen | None = None
    statuses: tuple[int | None, ...] = ()
    errors: tuple[EioError | None, ...] = ()
    ages_ms: tuple[float, ...] = ()  # since OPEN
    failures: tuple[Reason | None, ...] = ()
    unreadable: HttpAnswer | None = None


# ---------------------------------------------------------------- what the watcher remembers


class Ending(StrEnum):
    """How a held connection ended."""

    CUT = "cut"  # FIN or RST without a close frame
    CLOSED = "closed"  # a close frame, or Engine.IO's close
    KICKED = "kicked"  # Socket.IO's DISCONNECT
    SILENT = "silent"  # nothing came any more, not even to a heartbeat
    FAILED = "failed"  # an exchange of polling failed, or what came made no sense
    OURS = "ours"  # we let go of it
    OPEN = "open"  # it has not ended


class PatternKind(StrEnum):
    """What recurs."""

    CONSTANT_AGE = "constant_age"  # connections end at one age
    CONSTANT_IDLE = "constant_idle"  # connections end after one span without a message
    CRASH_LOOP = "crash_loop"  # the server goes away again and again
    CLUSTER = "cluster"  # several drops within minutes, calm before and after
    POLLING_SINCE = "polling_since"  # WebSocket until a moment, polling since
    SLOWER = "slower"  # against the target's own past, for a while now
    RISING = "rising"  # round trips grow from day to day


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something that recurs in a target's history. `patterns.telling` puts it into sentences.

    count, of: how many of how many (drops, or measurements) show it.
    value, spread, before: seconds for ages and spans, milliseconds for round trips; the spread is
        a robust standard deviation, `before` what was usual.
    hurts: users feel it often enough that the target counts as degraded.
    """

    kind: PatternKind
    since: datetime
    last: datetime
    count: int
    of: int
    code: str | None = None  # a cause of the catalogue, where one fits
    confidence: Confidence = Confidence.LIKELY
    rivals: tuple[str, ...] = ()
    hurts: bool = False
    ending: Ending | None = None
    value: float | None = None
    spread: float | None = None
    before: float | None = None
    kept_alive: bool | None = None  # the app's keep-alive went over these connections
    examples: tuple[str, ...] = ()  # well-known limits of this size, as a hint only


@dataclass(frozen=True, slots=True)
class HistoryEvidence:
    """What held connections and earlier measurements of the target show, up to now."""

    patterns: tuple[Pattern, ...] = ()
    still_slow_ms: float | None = None  # a slower target stays so while round trips take this long

    def pattern(self, kind: PatternKind) -> Pattern | None:
        """The pattern of a kind, if there is one."""
        return next((p for p in self.patterns if p.kind is kind), None)


# ---------------------------------------------------------------- what only time shows (--deep)


class Keep(StrEnum):
    """What a held session sends beside the answers to the server's pings."""

    NOTHING = "nothing"
    EVENT = "event"  # the app's own `keep-alive` event
    PING = "ping"  # WebSocket pings: traffic, yet nothing that the application sees


class Parted(StrEnum):
    """How a held session ended."""

    HELD = "held"  # it did not: we left
    NOT_OPENED = "not_opened"  # no session, or the namespace was not joined
    KICKED = "kicked"  # Socket.IO's or Engine.IO's own goodbye
    CLOSED = "closed"  # a WebSocket close frame
    CUT = "cut"  # FIN or RST without a word
    SILENT = "silent"  # no ping in its time, or the late echo unanswered
    REFUSED = "refused"  # polling: an exchange was answered with an error, or cut


@dataclass(frozen=True, slots=True)
class HeldSession:
    """One session, held. Times in ms; those inside the session count from its OPEN."""

    transport: Transport
    keep: Keep = Keep.NOTHING
    every_ms: float | None = None  # how often it sent what `keep` says
    parted: Parted = Parted.NOT_OPENED
    open: EioOpen | None = None
    began_ms: float = 0.0  # its OPEN, since the probe began
    joined_ms: float | None = None  # the namespace's answer
    age_ms: float = 0.0
    pings_ms: tuple[float, ...] = ()  # the server's, at most the last 64
    talked_ms: float = 0.0  # the last time that anything was said, by either side
    survived_ms: float = 0.0  # the longest quiet time before the last
    goodbye: str = ""  # `41` or `1`
    close_code: int | None = None
    close_reason: str = ""
    failure: Failure | None = None
    answer: HttpAnswer | None = None  # polling: the exchange that ended it
    first_echo_ms: float | None = None  # a round trip at its beginning
    echo_asked: bool = False
    echo_ms: float | None = None  # a round trip at its end
    tcp: TcpInfo | None = None  # when the wait for the late echo ended

    @property
    def quiet_ms(self) -> float:
        """How long nobody had said anything when it ended."""
        return max(self.age_ms - self.talked_ms, 0.0)

    @property
    def answer_status(self) -> int | None:
        """Of the exchange that ended a polling session, if it was answered."""
        return self.answer.status if self.answer is not None else None

    @property
    def lost(self) -> bool:
        """It was there, and ended without us."""
        return self.parted not in (Parted.HELD, Parted.NOT_OPENED)


@dataclass(frozen=True, slots=True)
class Sample:
    """A fresh connection and one request to the health path."""

    at_ms: float  # since the probe began
    connect_ms: float | None = None
    ttfb_ms: float | None = None
    status: int | None = None
    phase: Phase | None = None  # where it ended without an answer
    reason: Reason | None = None
    busy_ms: float = 0.0  # how late our own event loop was meanwhile: not the server's fault


@dataclass(frozen=True, slots=True)
class SamplerEvidence:
    """Samples without any session of ours."""

    samples: tuple[Sample, ...] = ()
    limited: bool = False  # stopped early: a rate limiter answered


@dataclass(frozen=True, slots=True)
class HoldEvidence:
    """Sessions held side by side, with the sampler beside them."""

    planned_ms: float
    sessions: tuple[HeldSession, ...] = ()
    samples: tuple[Sample, ...] = ()
    limited: bool = False
    cut_short: bool = False  # the run's deadline ended it before its time


@dataclass(frozen=True, slots=True)
class TwinEvidence:
    """After a loss: the same session again, and twins that talk more often than its age."""

    age_ms: float  # of the session that was lost in the hold
    sessions: tuple[HeldSession, ...] = ()


@dataclass(frozen=True, slots=True)
class Rung:
    """One payload of the ladder."""

    size: int  # bytes of payload
    upload: bool  # else the server sent it back
    transport: Transport
    elapsed_ms: float | None = None  # until the answer that follows it
    acked_ms: float | None = None  # until the peer's kernel had all of it
    arrived: int | None = None  # bytes that it has acknowledged, headers included
    status: int | None = None  # of the POST
    close_code: int | None = None
    failure: Failure | None = None
    tcp: TcpInfo | None = None


@dataclass(frozen=True, slots=True)
class LadderEvidence:
    """Payloads of growing size over sessions of their own."""

    announced: int | None = None  # maxPayload of the OPEN
    rungs: tuple[Rung, ...] = ()
    others_ok: bool | None = None  # after one got lost: a fresh connection is still answered
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True)
class NoEvidence:
    """Nothing was looked at; the reason says why. `note` is for people who read the JSON."""

    note: str = ""
    details: dict[str, str] = field(default_factory=dict)


Evidence = (
    ConfigEvidence
    | ControlEvidence
    | DnsEvidence
    | TcpEvidence
    | ProxyEvidence
    | TlsEvidence
    | HttpEvidence
    | PollingEvidence
    | CorsEvidence
    | WebSocketEvidence
    | NamespaceEvidence
    | RttEvidence
    | FallbackEvidence
    | DnsDirectEvidence
    | BurstEvidence
    | OtherSchemeEvidence
    | TlsHellosEvidence
    | OtherPortsEvidence
    | ViaProxyEvidence
    | ProbedPathsEvidence
    | EachAddressEvidence
    | VersionsEvidence
    | SpokenToEvidence
    | ParsersEvidence
    | AlikeEvidence
    | SteadinessEvidence
    | RecheckEvidence
    | AffinityEvidence
    | HistoryEvidence
    | SamplerEvidence
    | HoldEvidence
    | TwinEvidence
    | LadderEvidence
    | NoEvidence
)
