"""The words of wsdiag: closed vocabularies and the frozen records that every room passes on.

Nothing here does I/O and nothing here imports another room. What a probe *saw* is typed in
`bot.evidence`; this module holds everything else that has a name in the design.
Durations are milliseconds (`*_ms`) or seconds (`*_s`), moments are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

if TYPE_CHECKING:
    from bot.evidence import Evidence

# ---------------------------------------------------------------- closed vocabularies


class Layer(StrEnum):
    """Where a cause sits. The order is the order of blame: the lowest failing layer is named."""

    CLIENT = "client"
    BROWSER = "browser"
    PROXY = "proxy"
    DNS = "dns"
    TCP = "tcp"
    NET = "net"
    TLS = "tls"
    HTTP = "http"
    SERVER = "server"
    ENGINEIO = "engineio"
    WEBSOCKET = "websocket"
    CORS = "cors"
    SOCKETIO = "socketio"


class Section(StrEnum):
    """A section of the guide. Causes only ever point at 1A to 4."""

    SERVER = "1A"
    NETWORK = "1B"
    BROWSER = "1C"
    TRANSPORTS = "2-transports"
    HEARTBEAT = "2-heartbeat"
    ERRORS = "2-errors"
    DIAGNOSTICS = "3"
    ENVIRONMENT = "4"
    LOGS = "5"
    PREVENTION = "6"
    SUPPORT = "7"
    COMMANDS = "8"


class State(StrEnum):
    """How a target is. `flapping` is a state of an incident, never of a verdict."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"
    UNKNOWN = "unknown"
    FLAPPING = "flapping"


class Confidence(StrEnum):
    """`certain`: every other cause is excluded; `likely`: one fits best; `possible`: layer only."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


class Status(StrEnum):
    """How a finding counts. `skipped` never changes a state, whatever its evidence shows."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


class Transport(StrEnum):
    """Engine.IO transports."""

    WEBSOCKET = "websocket"
    POLLING = "polling"


class Reason(StrEnum):
    """What a probe saw, in one word. A closed list: what fits nothing is `unrecognised`."""

    # the run itself
    NOT_CONFIGURED = "not_configured"
    NOT_NEEDED = "not_needed"
    NOT_REACHED = "not_reached"  # a lower layer failed first
    NOT_POSSIBLE = "not_possible"  # this machine cannot do it (rights, kernel, no resolver file)
    DEADLINE = "deadline"  # the run's own deadline cut it short
    # name resolution (getaddrinfo's words and, from direct queries, DNS's)
    NAME_NOT_FOUND = "name_not_found"
    NO_ADDRESS = "no_address"
    RESOLVER_FAILED = "resolver_failed"  # EAI_AGAIN: servfail, refused or unreachable alike
    RESOLVER_TIMEOUT = "resolver_timeout"
    BOGUS_ADDRESS = "bogus_address"
    SLOW_LOOKUP = "slow_lookup"
    # sockets
    REFUSED = "refused"
    RESET = "reset"
    EOF = "eof"
    TIMEOUT = "timeout"
    HOST_UNREACHABLE = "host_unreachable"
    NO_ROUTE = "no_route"
    SOCKET_ERROR = "socket_error"
    # TLS
    CERTIFICATE_INVALID = "certificate_invalid"
    CERTIFICATE_EXPIRING = "certificate_expiring"
    CERTIFICATE_NAMELESS = "certificate_nameless"  # no subjectAltName
    TLS_ALERT = "tls_alert"
    TLS_NOT_SPOKEN = "tls_not_spoken"
    TLS_ERROR = "tls_error"
    # HTTP
    NOT_HTTP = "not_http"
    HTTP_STATUS = "http_status"
    REDIRECT = "redirect"
    UNEXPECTED_BODY = "unexpected_body"
    SLOW_ANSWER = "slow_answer"
    # Engine.IO and WebSocket
    EIO_ERROR = "eio_error"
    EIO_VERSION = "eio_version"
    NOT_EIO = "not_eio"
    UPGRADE_REFUSED = "upgrade_refused"
    BAD_HANDSHAKE = "bad_handshake"
    BAD_FRAME = "bad_frame"
    CLOSED = "closed"
    NO_PACKET = "no_packet"
    PROBE_UNANSWERED = "probe_unanswered"
    NO_WEBSOCKET_UPGRADE = "no_websocket_upgrade"  # OPEN offers no websocket
    SESSION_UNKNOWN = "session_unknown"
    # CORS
    ORIGIN_NOT_ALLOWED = "origin_not_allowed"
    CORS_HEADER_MISSING = "cors_header_missing"
    CORS_HEADER_INVALID = "cors_header_invalid"
    # Socket.IO
    CONNECT_REFUSED = "connect_refused"
    DISCONNECTED = "disconnected"
    NO_ANSWER = "no_answer"
    # quality
    HIGH_LATENCY = "high_latency"
    UNSTABLE = "unstable"
    LOSSY = "lossy"
    # what the watcher remembers
    RECURRING_DROPS = "recurring_drops"  # held connections end again and again, in one way
    SLOWER_THAN_USUAL = "slower_than_usual"
    # the rest
    SETTING_INVALID = "setting_invalid"
    FALLBACK_DEAD = "fallback_dead"
    CONTROL_FAILED = "control_failed"
    SAME_HOST = "same_host"  # a control that is the target itself
    HIJACKED = "hijacked"  # somebody else answers in a control's place
    UNRECOGNISED = "unrecognised"


class FollowUp(StrEnum):
    """Probes that run only when they separate the causes still possible."""

    DNS_DIRECT = "dns_direct"  # ask the resolvers ourselves: rcode, CNAME, A and AAAA apart
    CONTROL_ADDRESS = "control_address"  # is the backend where the other view of DNS has it?
    EACH_ADDRESS = "each_address"  # several connect: does Engine.IO answer at every one?
    TCP_BURST = "tcp_burst"  # ten quick connections: always reset, or only some?
    TLS_ON_PLAIN_PORT = "tls_on_plain_port"  # http:// URL: does the port speak TLS?
    PLAIN_HTTP = "plain_http"  # https:// URL: does the port answer plain HTTP?
    TLS_HELLOS = "tls_hellos"  # another name, none, small segments, lenient: which is answered?
    OTHER_PORTS = "other_ports"  # does the host answer on other ports, with Engine.IO perhaps?
    VIA_PROXY = "via_proxy"  # does a proxy of the environment lead where we come to nothing?
    RANDOM_PATH = "random_path"  # does a path that cannot exist get the same answer?
    PATH_CANDIDATES = "path_candidates"  # is Engine.IO under another path?
    ORIGIN_VARIANTS = "origin_variants"  # no Origin, the server's own: same refusal?
    USER_AGENT = "user_agent"  # as a browser would ask: is it our User-Agent that is refused?
    HOST_VARIANTS = "host_variants"  # other Host headers: does the front know this name, or others?
    OLDER_VERSION = "older_version"  # EIO=3, and EIO=4 again and again: which versions answer?
    WEBSOCKET_CONTROL = "websocket_control"  # an upgrade elsewhere, and none here: who answers?
    OTHER_PARSER = "other_parser"  # a mute namespace: does it answer in MessagePack or bare JSON?
    FIRST_MESSAGE = "first_message"  # speak first on a mute WebSocket: does anybody answer?
    RECHECK = "recheck"  # the same requests again after a pause: still so?
    STEADINESS = "steadiness"  # the handshake again and again for seconds: late or gone once more?
    LINGER = "linger"  # the sessions left open, watched a little longer: do they hold?
    ALONE = "alone"  # the transport that was turned away, joined again with no session beside it
    ALIKE = "alike"  # the same handshakes, one after another: do some fail and some not?
    AFFINITY = "affinity"  # one session, six fresh sockets: does each find it?
    # only in a deep check: they take as long as the server's timers do
    LADDER = "ladder"  # payloads of 1, 20 and 200 kB: do they all arrive?
    HOLD = "hold"  # a session held for two heartbeats, with the sampler beside it
    TWIN = "twin"  # it was lost: does one that talks more often live longer?
    SAMPLER = "sampler"  # the health path again and again, without any session of ours


# ---------------------------------------------------------------- sentences


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence for people, not yet in any language.

    `text` is the English msgid with `{name}` places, `values` what goes there (plain text from
    outside is allowed: surfaces escape it). With `plural` set, `values["n"]` picks the form.
    """

    text: str
    values: Mapping[str, str | int | float] = field(default_factory=dict)
    plural: str | None = None


def say(text: str, /, **values: str | float) -> Message:
    """Mark an English sentence for translation (a Babel extraction keyword)."""
    return Message(text, values)


def say_n(text: str, plural: str, /, n: int, **values: str | float) -> Message:
    """Mark an English sentence with a plural form; `n` chooses it (a Babel extraction keyword)."""
    return Message(text, {"n": n, **values}, plural)


# ---------------------------------------------------------------- targets


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept: `env:NAME`, `@file`, or a literal held masked.

    `bot.credentials.read` fetches the value, anew each time, so that a rotated token is seen.
    """

    source: str
    literal: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How the team's *browser client* is configured; the defaults are the guide's."""

    transports: tuple[Transport, ...] = (Transport.WEBSOCKET, Transport.POLLING)
    try_all_transports: bool = False
    upgrade: bool = True
    reconnection_attempts: int | None = 20  # None: for ever
    reconnection_delay_ms: int = 1_000
    reconnection_delay_max_ms: int = 10_000
    timeout_ms: int = 30_000
    keep_alive_s: float | None = 25.0  # the app's own 'keep-alive' event; None: not sent
    with_credentials: bool = False


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Files for mutual TLS, PEM."""

    cert_file: str
    key_file: str | None = None
    key_password: SecretRef | None = None


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """How the bot watches a target. `held` keeps a Socket.IO connection, `periodic` only probes."""

    mode: str = "held"  # "held" | "periodic"
    interval_s: float = 60.0  # full check while nothing happens (and the period of `periodic`)
    confirm_s: float = 3.0  # a loss that heals within this is a blip and posts nothing
    keep_alive: bool = True  # send the guide's 'keep-alive' every client.keep_alive_s


@dataclass(frozen=True, slots=True)
class Target:
    """One backend. A `ws(s)://` URL means a client told WebSocket only; `http(s)://` means both."""

    name: str
    url: str
    fallback_urls: tuple[str, ...] = ()
    path: str = "/socket.io/"
    namespace: str = "/"
    origin: str | None = None
    health_path: str | None = None  # None: `/health` is tried and its absence is fine
    auth: SecretRef | None = None  # JSON object sent with the namespace CONNECT
    headers: Mapping[str, SecretRef] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)  # e.g. a marker that presence ignores
    ca_file: str | None = None
    client_certificate: ClientCertificate | None = None
    proxy: str | None = None  # http://host:port; None: as the environment says
    client: ClientSettings = field(default_factory=ClientSettings)
    channel: str | None = None
    watch: WatchSettings = field(default_factory=WatchSettings)
    allow_private: bool = True  # False for URLs typed into Slack or the web
    deadline_s: float = 20.0
    answer_s: float | None = None  # how long one answer may take; None: as a slow, well server does
    objective: float | None = None  # per cent of the time that it shall not be down, e.g. 99.9


@dataclass(frozen=True, slots=True)
class Controls:
    """Things that work when our own network does: decide between "they" and "we" are broken."""

    urls: tuple[str, ...] = ()
    resolver: str | None = None  # IP address of a resolver outside


# ---------------------------------------------------------------- what a check yields


@dataclass(frozen=True, slots=True)
class Finding:
    """What one probe saw. A fault of the target is data here; an exception is our bug."""

    probe: str  # a name of probes.SUITE, or a FollowUp
    status: Status
    reason: Reason | None
    evidence: Evidence
    duration_ms: float
    address: str | None = None  # set where there is one finding per address


@dataclass(frozen=True, slots=True)
class Named:
    """The cause a verdict names. `code` is a row of the catalogue, or `unrecognised`."""

    code: str
    layer: Layer
    section: Section
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Verdict:
    """Pure conclusion from findings (see "What a verdict means" in docs/design)."""

    state: State
    cause: Named | None
    alternatives: tuple[str, ...] = ()  # codes that the evidence does not exclude, best first
    why: tuple[Message, ...] = ()  # the evidence in sentences, most telling first
    advice: tuple[Message, ...] = ()  # lint of the client settings; changes neither state nor cause
    also: tuple[str, ...] = ()  # further causes that hold beside the named one (degraded)


@dataclass(frozen=True, slots=True)
class Report:
    """One diagnosis: target + vantage + findings + verdict. Holds no secret."""

    target_name: str
    target_url: str  # without user info and query
    vantage: str
    findings: tuple[Finding, ...]
    verdict: Verdict
    started_at: datetime
    duration_ms: float


# ---------------------------------------------------------------- watching


class Trouble(StrEnum):
    """Why the watcher suspects a target."""

    CONNECTION_LOST = "connection_lost"
    CONNECT_FAILED = "connect_failed"
    HEARTBEAT_MISSED = "heartbeat_missed"
    POLLING_ONLY = "polling_only"
    ROUTINE = "routine"  # the periodic full check


@dataclass(frozen=True, slots=True)
class Observation:
    """What the watcher learns about a target at one moment: a confirmed look, with its report."""

    target: str
    at: datetime
    state: State
    report: Report | None = None
    trouble: Trouble = Trouble.ROUTINE
    since: datetime | None = None  # when the trouble was first noticed, if before `at`


class TransitionKind(StrEnum):
    OPENED = "opened"
    CHANGED = "changed"  # degraded ↔ down, or another cause, inside one incident
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state, a durable record."""

    kind: TransitionKind
    target: str
    incident_id: str
    at: datetime
    before: State
    after: State
    cause: Named | None
    report: Report | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to tell Slack: that something happened to an incident. What its message shows is
    read when it is sent, so that nobody reads what is over already."""

    id: int
    incident_id: str
    target: str
    channel: str
    kind: TransitionKind
    at: datetime
    state: State
    cause: Named | None = None  # of its incident, as it is known by now
    worse: bool = False  # from degraded or flapping to down, which people must be notified of
    closed: bool = False  # its incident is over by now
    group_id: str | None = None  # whose message it belongs to; None: not decided yet
    begun_at: datetime | None = None  # somebody began to send it: Slack may have it
    attempts: int = 0  # that failed
    retry_at: datetime | None = None  # not before; None: at once


@dataclass(frozen=True, slots=True)
class Member:
    """An incident as the message of its group shows it."""

    incident_id: str
    target: str
    opened_at: datetime
    closed_at: datetime | None
    state: State  # as long as it was open; unknown: nobody watched its end
    cause: Named | None
    report_id: str | None = None  # of the trouble; opaque, for buttons

    @property
    def left(self) -> bool:
        """Whether it ended because its target was taken out of the settings."""
        return self.closed_at is not None and self.state is State.UNKNOWN


@dataclass(frozen=True, slots=True)
class Group:
    """The incidents that share one message in a channel; most often just one.

    id: that of the incident it began with. ts: the message, once accepted. members: in the order
    in which they joined. report: of `lead`, if it is still kept.
    """

    id: str
    channel: str
    ts: str | None
    members: tuple[Member, ...]
    report: Report | None = None

    @property
    def lead(self) -> Member:
        """The member whose trouble stands for all: the first that lasts, or the newest."""
        return next((m for m in self.members if m.closed_at is None), self.members[-1])

    @property
    def open(self) -> bool:
        """Whether one of them lasts."""
        return self.lead.closed_at is None

    @property
    def targets(self) -> frozenset[str]:
        """Whom it is about."""
        return frozenset(member.target for member in self.members)

    @property
    def began(self) -> datetime:
        """When the first of them opened."""
        return min(member.opened_at for member in self.members)


class NoticeKind(StrEnum):
    """What the bot says of itself, and not of a target."""

    BLIND = "blind"  # nothing was watched between `since` and `at`
    UNRECORDED = "unrecorded"  # the database was away between `since` and `at`
    OUR_NETWORK = "our_network"  # since then the controls fail as well
    OUR_NETWORK_BACK = "our_network_back"  # they did between `since` and `at`
    SETTINGS_REFUSED = "settings_refused"  # a changed file is not used; `detail` says why
    SETTINGS_USED = "settings_used"  # … and now one is again


@dataclass(frozen=True, slots=True)
class Notice:
    """News of the bot itself, for the default channel; kept until Slack accepted it."""

    kind: NoticeKind
    at: datetime
    since: datetime | None = None
    detail: str = ""  # plain text from outside is allowed: surfaces escape it
    id: int = 0  # given by the store


# ---------------------------------------------------------------- what is done about it


class ActKind(StrEnum):
    """What somebody did about an incident or a target. The audit of an incident is its acts."""

    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"  # of a target; with `until`, or until the incident given is over
    UNMUTED = "unmuted"
    REMINDED = "reminded"  # by the bot: nobody had acknowledged
    ESCALATED = "escalated"  # by a person, or by the bot's timer: people were mentioned
    CALLED = "called"  # by the bot's timer: the escalation's webhook
    NOTED = "noted"  # how it was resolved, in the person's words (`note`)
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing done, and never changed afterwards: the next act takes it back.

    user: Slack's id; None: the bot itself. `note` is plain text from outside: surfaces escape it.
    Raises ValueError for a mute that has no end.
    """

    kind: ActKind
    target: str
    user: str | None
    at: datetime
    incident_id: str | None = None
    until: datetime | None = None  # of a mute; None: until its incident is over, the target up
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind is ActKind.MUTED and self.until is None and self.incident_id is None:
            msg = "a mute ends at a time or with an incident"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Mute:
    """A mute in force."""

    target: str
    until: datetime | None  # None: until the target is up
    user: str | None
    at: datetime  # when it was muted


class Feed(StrEnum):
    """Which webhook is meant; the settings know its address."""

    TRANSITIONS = "transitions"  # `[webhook]`: everything that happens to incidents
    ESCALATION = "escalation"  # `[escalation] webhook_url`: nobody has acknowledged


@dataclass(frozen=True, slots=True)
class Call:
    """One thing to tell a webhook: facts only, written together with what happened.

    event_id: opaque and unique for ever, by which a receiver knows a repetition. kind: `opened`,
    `changed`, `closed` or `escalated`. state: after it; before: None where nothing changed.
    """

    id: int
    event_id: str
    feed: Feed
    kind: str
    target: str
    incident_id: str
    opened_at: datetime
    at: datetime
    state: State
    before: State | None = None
    cause: Named | None = None
    attempts: int = 0
    retry_at: datetime | None = None


# ---------------------------------------------------------------- the installation


@dataclass(frozen=True, slots=True)
class Check:
    """One point that `wsdiag doctor` looked at. `fix`: what to change, if anything."""

    name: str  # short and stable: "database", "slack bot token", "target prod"
    status: Status
    message: Message
    fix: Message | None = None


Json = dict[str, Any]
