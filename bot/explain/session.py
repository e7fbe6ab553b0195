"""What the words of WebSocket, Engine.IO and Socket.IO mean while a client connects."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.explain.reading import Reading, Step
from bot.model import say

# ------------------------------------------------------------------ before it is open

CLOSED_UPGRADE = Reading(
    "closed_upgrade",
    say(
        "The page itself closed the socket while it was connecting. The sid= in the URL "
        "shows that it was the upgrade from polling: it was dropped because the polling "
        "half failed or was refused."
    ),
    ("sio_auth_rejected", "eio_no_sticky", "sio_auth_expired", "br_closed_while_connecting"),
    Step.AUTH,
)
CLOSED_CONNECTING = Reading(
    "closed_connecting",
    say(
        "The page itself closed the socket while it was connecting: the handshake hung "
        "until the client's timeout, or the page's code gave up by itself (a component "
        "unmounted, StrictMode, a click to another page). CORS is no cause of it."
    ),
    (
        "br_closed_while_connecting",
        "ws_blocked_drop",
        "tcp_blackhole",
        "srv_frozen",
        "cli_timeout_too_short",
        "dns_timeout",
        "http_sio_wrong_path",
    ),
)
CONNECT_TIMEOUT = Reading(
    "connect_timeout",
    say(
        "The client gave up after its own timeout: something between it and the application hangs."
    ),
    ("tcp_blackhole", "ws_blocked_drop", "srv_frozen", "cli_timeout_too_short", "br_mixed_content"),
)
HANDSHAKE_BROKEN = Reading(
    "handshake_broken",
    say("The answer to the WebSocket handshake was tampered with or made up on the way."),
    ("ws_bad_accept", "eio_plain_ws_server"),
)
EXTENSION_BROKEN = Reading(
    "extension_broken",
    say("The answer to the handshake names an extension or protocol that was never offered."),
    ("ws_bad_extension", "eio_plain_ws_server"),
)
FRAMES_BROKEN = Reading(
    "frames_broken",
    say(
        "What came over the open WebSocket is no valid frame: a device changes the traffic, "
        "or the server wrote an HTTP answer into it."
    ),
    ("ws_frames_corrupted", "eio_client_too_old", "ws_bad_extension"),
)
POLL_FAILED = Reading(
    "poll_failed",
    say(
        "A polling request failed. The client does not say how: the browser's console or "
        "the status in the Network tab does."
    ),
    (
        "tcp_refused",
        "http_502_upstream_down",
        "cors_missing",
        "cors_origin_mismatch",
        "eio_no_sticky",
        "http_sio_wrong_path",
    ),
)
POST_FAILED = Reading(
    "post_failed",
    say(
        "A polling POST failed although the session had begun: another instance got it, or "
        "POST is blocked on the way."
    ),
    ("eio_no_sticky", "http_post_blocked", "http_body_limit", "srv_restarting"),
)
SOCKET_FAILED = Reading(
    "socket_failed",
    say(
        "The WebSocket failed. Browsers never tell a page why: the console or the Network tab does."
    ),
    (
        "ws_no_upgrade_header",
        "tcp_refused",
        "http_502_upstream_down",
        "ws_blocked_rst",
        "tls_expired",
        "cli_no_fallback",
    ),
)
UPGRADE_FAILED = Reading(
    "upgrade_failed",
    say("The upgrade from polling to WebSocket failed; the client stays on polling and works."),
    ("ws_no_upgrade_header", "ws_blocked_rst", "ws_blocked_drop", "eio_no_sticky"),
)
NO_TRANSPORT = Reading(
    "no_transport",
    say("The client's list of transports is empty, or holds none that it knows."),
    ("cli_no_fallback", "ws_transport_disabled"),
)
NOT_SOCKETIO = Reading(
    "not_socketio",
    say("What answered is not the beginning of a Socket.IO session."),
    ("http_spa_fallback", "eio_server_v2", "eio_plain_ws_server", "http_captive_portal"),
)
ANY_FAILURE = Reading(
    "any_failure",
    say("The connection failed; this wording hides how."),
    ("tcp_refused", "http_502_upstream_down", "ws_no_upgrade_header", "tls_expired"),
    general=True,
)
HIDDEN_TIMEOUT = Reading(
    "hidden_timeout",
    say(
        "The client says “refused”, but it says so for timeouts as well: black holes, "
        "frozen servers, hanging TLS and DNS."
    ),
    ("tcp_refused", "tcp_blackhole", "srv_frozen", "tls_handshake_hang", "dns_aaaa_timeout"),
)
HIDDEN_STATUS = Reading(
    "hidden_status",
    say(
        "The browser says only that the WebSocket could not be opened: refused, a "
        "certificate, or any HTTP status."
    ),
    (
        "tcp_refused",
        "http_502_upstream_down",
        "ws_no_upgrade_header",
        "tls_self_signed",
        "http_sio_wrong_path",
    ),
)
BAD_RESPONSE = Reading(
    "bad_response",
    say("The server answered the WebSocket handshake with something else than 101."),
    ("ws_no_upgrade_header", "http_502_upstream_down", "http_spa_fallback", "http_sio_absent"),
)
INTERRUPTED = Reading(
    "interrupted",
    say("The connection ended while the page was being left or reloaded, or it was cut."),
    ("br_closed_while_connecting", "srv_restarting", "net_cut_midway"),
)
SENT_TOO_LATE = Reading(
    "sent_too_late",
    say("The page's code sends over a socket that is not open; why it is not stands further up."),
    (),
    Step.BROWSER,
    general=True,
)
TOO_MANY_SOCKETS = Reading(
    "too_many_sockets",
    say("The page holds too many sockets: it opens new ones without closing the old ones."),
    (),
    Step.BROWSER,
)
URL_BAD = Reading(
    "url_bad",
    say("The address given to the client is no usable URL."),
    ("cli_url_missing", "cli_scheme_wrong"),
)

# ------------------------------------------------------------------ Engine.IO's own refusals

TRANSPORT_UNKNOWN = Reading(
    "eio_0",
    say(
        "Engine.IO does not know the transport: it is switched off, or the query string was "
        "lost on the way."
    ),
    ("http_query_stripped", "ws_transport_disabled", "poll_transport_disabled"),
)
SESSION_UNKNOWN = Reading(
    "eio_1",
    say(
        "The server instance that got the request does not know the session: no sticky "
        "sessions, or the server restarted, or the session timed out."
    ),
    ("eio_no_sticky", "srv_restarting", "srv_ping_timeout_too_small", "http_cdn_caches_polling"),
)
METHOD_WRONG = Reading(
    "eio_2",
    say("A session was begun with another method than GET: something on the way changes requests."),
    ("http_redirect_https", "http_post_blocked"),
)
REQUEST_BAD = Reading(
    "eio_3",
    say(
        "Engine.IO calls the request bad. On a WebSocket handshake: the Upgrade header was "
        "lost on the way."
    ),
    ("ws_no_upgrade_header", "ws_transport_disabled"),
)
FORBIDDEN_BY_APP = Reading(
    "eio_4",
    say("The server's own check of requests (allowRequest, allowed Origins) said no."),
    ("eio_forbidden_origin", "eio_forbidden_all"),
)
VERSION_OLD = Reading(
    "eio_5",
    say("The client speaks an older Engine.IO than the server accepts."),
    ("eio_client_too_old", "eio_mixed_versions"),
)
ENGINE_CODES: Mapping[str, Reading] = MappingProxyType(
    {
        "0": TRANSPORT_UNKNOWN,
        "1": SESSION_UNKNOWN,
        "2": METHOD_WRONG,
        "3": REQUEST_BAD,
        "4": FORBIDDEN_BY_APP,
        "5": VERSION_OLD,
    }
)
ORIGIN_REFUSED = Reading(
    "origin_refused",
    say("The server does not accept the page's Origin."),
    ("eio_forbidden_origin", "cors_origin_mismatch"),
)

# ------------------------------------------------------------------ Socket.IO's own refusals

NAMESPACE_UNKNOWN = Reading(
    "namespace_unknown",
    say(
        "The server has no such namespace. What follows the host in the client's URL is the "
        "namespace, not a path."
    ),
    ("sio_invalid_namespace", "http_sio_wrong_path"),
)
AUTH_REFUSED = Reading(
    "auth_refused",
    say("The server's authentication refused the client; the connection itself works."),
    ("sio_auth_rejected", "sio_auth_expired"),
    Step.AUTH,
)
AUTH_EXPIRED = Reading(
    "auth_expired",
    say("The client's token has expired; the connection itself works."),
    ("sio_auth_expired", "sio_auth_rejected"),
    Step.AUTH,
)
DEPENDENCY = Reading(
    "dependency",
    say(
        "The server could not reach a service that it needs itself (a database, a cache, a queue)."
    ),
    ("sio_dependency_down",),
    Step.SERVER,
    instead_of=("refused", "auth_refused"),
)
NAMESPACE_FAILED = Reading(
    "namespace_failed",
    say(
        "The transport opened, but the namespace was not joined: refused, or not answered in time."
    ),
    ("sio_middleware_slow", "sio_auth_rejected", "sio_invalid_namespace", "sio_middleware_hang"),
    Step.AUTH,
)
NO_ACK = Reading(
    "no_ack",
    say("The server did not acknowledge an event in time."),
    ("sio_no_ack", "srv_loop_stalls", "srv_frozen_after_connect"),
    Step.DEEP,
)
