"""What the ends of open connections mean: Socket.IO's reasons and WebSocket's close codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.explain.answers import BAD_GATEWAY
from bot.explain.network import CERTIFICATE_BAD
from bot.explain.reading import Reading, Step
from bot.explain.session import EXTENSION_BROKEN, FRAMES_BROKEN
from bot.model import say

# ------------------------------------------------------------------ how connections end

PING_TIMEOUT = Reading(
    "ping_timeout",
    say(
        "No heartbeat for pingInterval + pingTimeout: the other side froze, or packets no "
        "longer arrive."
    ),
    (
        "ws_flow_dropped",
        "srv_frozen_after_connect",
        "cli_no_pong",
        "srv_loop_stalls",
        "srv_ping_timeout_too_small",
    ),
    Step.DEEP,
)
TRANSPORT_CLOSE = Reading(
    "transport_close",
    say(
        "The connection was closed underneath Socket.IO: a restart, a deployment, a proxy's "
        "timeout, or a lost network. How old it was tells which."
    ),
    ("ws_proxy_idle", "srv_restarting", "ws_lifetime_cap", "net_cut_midway"),
    Step.DEEP,
)
TRANSPORT_ERROR = Reading(
    "transport_error",
    say(
        "The connection broke: a proxy's timeout, a lifetime cap, a crash, or a lost "
        "network. How old it was tells which."
    ),
    ("ws_lifetime_cap", "ws_proxy_idle", "srv_crashes_on_connect", "net_cut_midway"),
    Step.DEEP,
)
SERVER_DISCONNECT = Reading(
    "server_disconnect",
    say("The server called disconnect(). The client does not come back by itself after this one."),
    ("sio_server_disconnects", "sio_kicked_no_keepalive", "sio_kicked_later"),
    Step.DEEP,
)
CLIENT_DISCONNECT = Reading(
    "client_disconnect",
    say("The client's own code called disconnect(): wanted, or a component that unmounts."),
    ("br_closed_while_connecting",),
    Step.BROWSER,
    general=True,
)
PARSE_ERROR = Reading(
    "parse_error",
    say(
        "The two sides do not speak the same protocol: another parser, version, or a "
        "damaged packet."
    ),
    ("sio_parser_mismatch", "eio_server_v2", "ws_frames_corrupted"),
)
SHUTTING_DOWN = Reading(
    "shutting_down",
    say("The server was shutting down: a restart or a deployment."),
    ("srv_restarting", "srv_crash_loop"),
)
GAVE_UP_RECONNECTING = Reading(
    "gave_up_reconnecting",
    say("The client has given up reconnecting; only a reload brings it back."),
    ("cli_reconnect_exhausted",),
    Step.BROWSER,
)
NO_MORE_PINGS = Reading(
    "no_more_pings",
    say("The server stopped sending heartbeats, or they no longer arrive."),
    ("srv_frozen_after_connect", "ws_flow_dropped", "net_cut_midway", "srv_no_pings"),
    Step.DEEP,
)

# ------------------------------------------------------------------ close codes (RFC 6455 7.4.1)

NORMAL = Reading(
    "close_1000",
    say("1000: closed on purpose and in good order."),
    (),
    general=True,
)
GOING_AWAY = Reading(
    "close_1001",
    say("1001: one side went away: the page was left, or the server is shutting down."),
    ("srv_restarting",),
)
PROTOCOL_ERROR = Reading(
    "close_1002",
    say("1002: one side broke the WebSocket protocol."),
    ("ws_frames_corrupted", "ws_bad_extension", "eio_client_too_old"),
)
DATA_TYPE = Reading(
    "close_1003",
    say("1003: the other side does not accept this kind of message."),
    ("sio_parser_mismatch", "eio_plain_ws_server"),
)
NO_CODE = Reading(
    "close_1005",
    say(
        "1005: closed without a code. Engine.IO closes like this when it misses heartbeats "
        "or cannot understand a packet."
    ),
    ("cli_no_pong", "ws_frames_blocked_up", "sio_parser_mismatch", "srv_ping_timeout_too_small"),
    Step.DEEP,
)
ABNORMAL = Reading(
    "close_1006",
    say(
        "1006: cut off without a goodbye. Before the socket was open it can be any failure; "
        "afterwards a proxy, a crash or the network."
    ),
    (
        "srv_restarting",
        "ws_proxy_idle",
        "ws_lifetime_cap",
        "net_cut_midway",
        "srv_crashes_on_connect",
    ),
    Step.DEEP,
)
POLICY = Reading(
    "close_1008",
    say("1008: the server's policy refused this client, such as its Origin or token."),
    ("ws_close_policy", "sio_auth_rejected"),
    Step.AUTH,
)
TOO_BIG = Reading(
    "close_1009",
    say("1009: a message was larger than the other side accepts."),
    ("sio_max_payload",),
    Step.DEEP,
)
SERVER_FAILED = Reading(
    "close_1011",
    say("1011: the server failed, or gave up on a peer that no longer answered its pings."),
    ("srv_crashes_on_connect", "ws_flow_dropped"),
    Step.SERVER,
)
SERVICE_RESTART = Reading(
    "close_1012", say("1012: the service is restarting."), ("ws_close_restart", "srv_restarting")
)
TRY_LATER = Reading(
    "close_1013",
    say("1013: the server is overloaded and asks to try again later."),
    ("ws_close_overload", "srv_overloaded"),
)
OWN_CODE = Reading(
    "close_own",
    say(
        "A close code from 3000 on is the application's own: who wrote the server knows "
        "what it means. Often it is a refused token or a second login."
    ),
    ("ws_close_policy", "eio_plain_ws_server"),
    Step.SERVER,
)
CLOSE_CODES: Mapping[str, Reading] = MappingProxyType(
    {
        "1000": NORMAL,
        "1001": GOING_AWAY,
        "1002": PROTOCOL_ERROR,
        "1003": DATA_TYPE,
        "1005": NO_CODE,
        "1006": ABNORMAL,
        "1007": FRAMES_BROKEN,
        "1008": POLICY,
        "1009": TOO_BIG,
        "1010": EXTENSION_BROKEN,
        "1011": SERVER_FAILED,
        "1012": SERVICE_RESTART,
        "1013": TRY_LATER,
        "1014": BAD_GATEWAY,
        "1015": CERTIFICATE_BAD,
        "3xxx": OWN_CODE,
        "4xxx": OWN_CODE,
    }
)
