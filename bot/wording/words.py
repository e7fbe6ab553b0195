"""Tables of words: states, confidences, reasons, and what each probe is called."""

from __future__ import annotations

from collections.abc import Mapping

from bot.evidence import Outcome
from bot.model import Confidence, FollowUp, Layer, Message, Reason, State, say

REASONS: Mapping[Reason, Message] = {
    Reason.NOT_CONFIGURED: say("not configured"),
    Reason.NOT_NEEDED: say("not needed"),
    Reason.NOT_REACHED: say("a lower layer failed first"),
    Reason.NOT_POSSIBLE: say("this machine cannot look"),
    Reason.DEADLINE: say("the time for this check ran out"),
    Reason.NAME_NOT_FOUND: say("the name does not exist"),
    Reason.NO_ADDRESS: say("the name has no address"),
    Reason.RESOLVER_FAILED: say("the resolver failed"),
    Reason.RESOLVER_TIMEOUT: say("the resolver did not answer"),
    Reason.BOGUS_ADDRESS: say("a private or reserved address"),
    Reason.SLOW_LOOKUP: say("the lookup is slow"),
    Reason.REFUSED: say("connection refused"),
    Reason.RESET: say("connection reset"),
    Reason.EOF: say("closed by the other side"),
    Reason.TIMEOUT: say("no answer in time"),
    Reason.HOST_UNREACHABLE: say("host unreachable"),
    Reason.NO_ROUTE: say("no route"),
    Reason.SOCKET_ERROR: say("socket error"),
    Reason.CERTIFICATE_INVALID: say("the certificate is not valid"),
    Reason.CERTIFICATE_EXPIRING: say("the certificate is about to expire"),
    Reason.CERTIFICATE_NAMELESS: say("the certificate names no host"),
    Reason.TLS_ALERT: say("the server ended the TLS handshake"),
    Reason.TLS_NOT_SPOKEN: say("what answers does not speak TLS"),
    Reason.TLS_ERROR: say("the TLS handshake failed"),
    Reason.NOT_HTTP: say("what answers does not speak HTTP"),
    Reason.HTTP_STATUS: say("refused by its HTTP status"),
    Reason.REDIRECT: say("redirected elsewhere"),
    Reason.UNEXPECTED_BODY: say("the answer is not what was asked for"),
    Reason.SLOW_ANSWER: say("the answer is slow"),
    Reason.EIO_ERROR: say("Engine.IO refused"),
    Reason.EIO_VERSION: say("another Engine.IO version"),
    Reason.NOT_EIO: say("no Engine.IO here"),
    Reason.UPGRADE_REFUSED: say("the WebSocket handshake was refused"),
    Reason.BAD_HANDSHAKE: say("the WebSocket handshake is broken"),
    Reason.BAD_FRAME: say("a broken WebSocket frame"),
    Reason.CLOSED: say("closed again at once"),
    Reason.NO_PACKET: say("connected, but not a packet came"),
    Reason.PROBE_UNANSWERED: say("the upgrade was not confirmed"),
    Reason.NO_WEBSOCKET_UPGRADE: say("the server offers no WebSocket"),
    Reason.SESSION_UNKNOWN: say("the session was not found again"),
    Reason.ORIGIN_NOT_ALLOWED: say("another Origin is allowed"),
    Reason.CORS_HEADER_MISSING: say("the CORS header is missing"),
    Reason.CORS_HEADER_INVALID: say("the CORS header is not valid"),
    Reason.CONNECT_REFUSED: say("refused"),
    Reason.DISCONNECTED: say("connected and disconnected at once"),
    Reason.NO_ANSWER: say("no answer"),
    Reason.HIGH_LATENCY: say("round trips are long"),
    Reason.UNSTABLE: say("round trips vary widely"),
    Reason.LOSSY: say("packets are lost"),
    Reason.RECURRING_DROPS: say("connections keep ending in the same way"),
    Reason.SLOWER_THAN_USUAL: say("slower than usual"),
    Reason.SETTING_INVALID: say("a setting is not valid"),
    Reason.FALLBACK_DEAD: say("does not answer"),
    Reason.CONTROL_FAILED: say("a control fails too: our own network is in doubt"),
    Reason.SAME_HOST: say("is the target itself, so it is no control"),
    Reason.HIJACKED: say("somebody else answers in its place"),
    Reason.UNRECOGNISED: say("nothing that is known"),
}

LABELS: Mapping[str, Message] = {
    "config": say("Settings"),
    "control": say("Control"),
    "dns": say("DNS"),
    "tcp": say("TCP"),
    "tls": say("TLS"),
    "http": say("Health"),
    "polling": say("Polling"),
    "cors": say("CORS"),
    "websocket": say("WebSocket"),
    "upgrade": say("Upgrade"),
    "namespace": say("Socket.IO"),
    "rtt": say("Round trip"),
    "fallback": say("Fallback"),
    "history": say("History"),
    FollowUp.DNS_DIRECT: say("Resolvers asked directly"),
    FollowUp.CONTROL_ADDRESS: say("Where the name leads elsewhere"),
    FollowUp.EACH_ADDRESS: say("Each of the addresses"),
    FollowUp.TCP_BURST: say("Ten quick connections"),
    FollowUp.TLS_ON_PLAIN_PORT: say("TLS on this port"),
    FollowUp.PLAIN_HTTP: say("Plain HTTP on this port"),
    FollowUp.TLS_HELLOS: say("Other TLS hellos"),
    FollowUp.OTHER_PORTS: say("Other ports"),
    FollowUp.VIA_PROXY: say("Through a proxy"),
    FollowUp.RANDOM_PATH: say("A path that cannot exist"),
    FollowUp.PATH_CANDIDATES: say("Other paths"),
    FollowUp.ORIGIN_VARIANTS: say("Other Origins"),
    FollowUp.USER_AGENT: say("Asked as a browser"),
    FollowUp.HOST_VARIANTS: say("Other host names"),
    FollowUp.OLDER_VERSION: say("Engine.IO versions"),
    FollowUp.WEBSOCKET_CONTROL: say("An upgrade elsewhere"),
    FollowUp.OTHER_PARSER: say("Other parsers"),
    FollowUp.FIRST_MESSAGE: say("Spoken to first"),
    FollowUp.STEADINESS: say("Again and again"),
    FollowUp.RECHECK: say("Again after a pause"),
    FollowUp.LINGER: say("A moment later"),
    FollowUp.ALONE: say("Joined once more, alone"),
    FollowUp.ALIKE: say("Asked alike, one by one"),
    FollowUp.AFFINITY: say("Session affinity"),
    FollowUp.LADDER: say("Growing payloads"),
    FollowUp.HOLD: say("Holding the connection"),
    FollowUp.TWIN: say("Held again, with keep-alives"),
    FollowUp.SAMPLER: say("Health, watched alone"),
}

LAYERS: Mapping[Layer, Message] = {
    Layer.CLIENT: say("Client settings"),
    Layer.BROWSER: say("Browser"),
    Layer.PROXY: say("Outgoing proxy"),
    Layer.DNS: say("DNS"),
    Layer.TCP: say("TCP"),
    Layer.NET: say("Network quality"),
    Layer.TLS: say("TLS and certificates"),
    Layer.HTTP: say("HTTP, proxies and load balancers"),
    Layer.SERVER: say("The server itself"),
    Layer.ENGINEIO: say("Engine.IO"),
    Layer.WEBSOCKET: say("WebSocket"),
    Layer.CORS: say("CORS"),
    Layer.SOCKETIO: say("Socket.IO"),
}

_STATE_OF_TARGET: Mapping[State, Message] = {
    State.UP: say("{target} is up"),
    State.DEGRADED: say("{target} is degraded"),
    State.DOWN: say("{target} is down"),
    State.UNKNOWN: say("{target}: no verdict"),
    State.FLAPPING: say("{target} is flapping"),
}

STATES: Mapping[State, Message] = {
    State.UP: say("up"),
    State.DEGRADED: say("degraded"),
    State.DOWN: say("down"),
    State.UNKNOWN: say("unknown"),
    State.FLAPPING: say("flapping"),
}

CONFIDENCES: Mapping[Confidence, Message] = {
    Confidence.CERTAIN: say("certain"),
    Confidence.LIKELY: say("likely"),
    Confidence.POSSIBLE: say("only the layer is sure"),
}

OUTCOMES: Mapping[Outcome, Message] = {
    Outcome.CONNECTED: say("connected"),
    Outcome.REFUSED: say("refused"),
    Outcome.DISCONNECTED: say("connected and disconnected at once"),
    Outcome.SILENT: say("no answer"),
    Outcome.CLOSED: say("closed before an answer"),
    Outcome.NOT_TRIED: say("not tried"),
}


def headline(target: str, state: State) -> Message:
    """The verdict in one short sentence without a full stop: `prod is down`."""
    return Message(_STATE_OF_TARGET[state].text, {"target": target})


def label(probe: str) -> Message:
    """What a probe or follow-up is called; an unknown one keeps its own name."""
    return LABELS.get(probe, Message("{probe}", {"probe": probe}))


def reason(value: Reason | None) -> Message | None:
    """A reason in words; None stays None."""
    return None if value is None else REASONS[value]
