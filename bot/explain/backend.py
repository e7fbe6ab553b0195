"""What the servers' own logs mean: proxies, platforms and the process itself."""

from __future__ import annotations

from bot.explain.reading import Reading, Step
from bot.model import say

UPSTREAM_REFUSED = Reading(
    "upstream_refused",
    say("The proxy was refused by the backend process: it is not running, or listens elsewhere."),
    ("http_502_upstream_down", "srv_restarting", "srv_crash_loop"),
    Step.SERVER,
)
UPSTREAM_HUNG_UP = Reading(
    "upstream_hung_up",
    say(
        "The backend process closed the connection instead of answering: it crashed, "
        "restarted, or Engine.IO sits under another path."
    ),
    ("srv_crashes_on_connect", "http_sio_wrong_path", "srv_restarting", "http_prefix_stripped"),
    Step.SERVER,
)
UPSTREAM_SILENT = Reading(
    "upstream_silent",
    say("The backend process did not answer within the proxy's timeout."),
    ("http_504_upstream_hang", "http_poll_read_timeout", "http_app_hangs"),
    Step.SERVER,
)
UPSTREAM_UNREACHED = Reading(
    "upstream_unreached",
    say("The proxy could not connect to the backend's address at all."),
    ("http_504_upstream_hang", "http_502_upstream_down", "http_503_no_server"),
    Step.SERVER,
)
UPSTREAM_NAME = Reading(
    "upstream_name",
    say("The proxy cannot resolve the name of its own backend."),
    ("http_502_upstream_down",),
    Step.SERVER,
)
UPSTREAM_DENIED = Reading(
    "upstream_denied",
    say(
        "The machine forbids the proxy to connect, as SELinux does by default (setsebool -P "
        "httpd_can_network_connect 1)."
    ),
    ("http_502_upstream_down",),
    Step.SERVER,
)
UPSTREAM_ODD = Reading(
    "upstream_odd",
    say("The backend answered the proxy in another protocol than the proxy speaks with it."),
    ("cloudrun_h2_end_to_end", "http_502_upstream_down", "tcp_wrong_service"),
    Step.SERVER,
)
UPSTREAM_TLS = Reading(
    "upstream_tls",
    say("Proxy and backend could not agree on TLS between them."),
    ("http_502_upstream_down",),
    Step.SERVER,
)
NO_UPSTREAM = Reading(
    "no_upstream",
    say("The proxy has no healthy backend left."),
    ("http_503_no_server", "http_502_upstream_down", "srv_crash_loop"),
    Step.SERVER,
)
UPGRADED_IDLE = Reading(
    "upgraded_idle",
    say("The proxy cut an open WebSocket that was silent for longer than its timeout."),
    ("ws_proxy_idle", "cli_keepalive_too_slow"),
    Step.DEEP,
)
UPGRADED_LOST = Reading(
    "upgraded_lost",
    say("The backend dropped an open WebSocket: it crashed, restarted, or closed it hard."),
    ("srv_restarting", "srv_crash_loop", "srv_crashes_on_connect"),
    Step.SERVER,
)
CLIENT_LEFT = Reading(
    "client_left",
    say("The client's side ended the connection."),
    (),
    general=True,
)
RATE_LIMIT = Reading(
    "rate_limit",
    say("The proxy's rate limit turned requests away."),
    ("http_429_rate_limited",),
    Step.SERVER,
)
SOCKET_LIMIT = Reading(
    "socket_limit",
    say("A limit on connections or open files is reached."),
    ("ws_conn_limit", "tcp_conn_limit"),
    Step.SERVER,
)
BODY_LIMIT = Reading(
    "body_limit",
    say("A message was larger than the proxy lets through."),
    ("http_body_limit",),
)
NO_WEBSOCKET_MODULE = Reading(
    "no_websocket_module",
    say("The proxy cannot pass WebSockets on: its module for them is not loaded."),
    ("ws_no_upgrade_header", "ws_426"),
    Step.SERVER,
)
NO_INSTANCE = Reading(
    "no_instance",
    say("The platform had no instance for the request: all are busy and no more may be started."),
    ("cloudrun_429_no_instance", "srv_cold_start"),
    Step.SERVER,
)
LIFETIME = Reading(
    "lifetime",
    say("The platform ended the request at its request timeout. A WebSocket is one request."),
    ("ws_lifetime_cap", "http_504_upstream_hang"),
    Step.DEEP,
)
NOT_PUBLIC = Reading(
    "not_public",
    say("The platform wants a permission that the caller does not have."),
    ("cloudrun_403_iam",),
    Step.SERVER,
)
BROKEN_INSTANCE = Reading(
    "broken_instance",
    say("The platform lost the connection to the instance, or could not understand its answer."),
    ("srv_crashes_on_connect", "cloudrun_h2_end_to_end", "srv_crash_loop"),
    Step.SERVER,
)
NOT_STARTED = Reading(
    "not_started",
    say("The process did not begin to listen in time on the port it was told."),
    ("srv_crash_loop", "server_bound_loopback_only", "srv_wrong_port"),
    Step.SERVER,
)
OUT_OF_MEMORY = Reading(
    "out_of_memory",
    say("The process was killed because it used too much memory."),
    ("srv_crash_loop", "srv_restarting"),
    Step.SERVER,
)
CRASHED = Reading(
    "crashed",
    say("The process ended by itself; the stack trace is just above this line in its log."),
    ("srv_crash_loop", "srv_crashes_on_connect", "srv_restarting"),
    Step.SERVER,
)
PORT_TAKEN = Reading(
    "port_taken",
    say("The process could not start: its port is already in use."),
    ("srv_crash_loop", "tcp_refused"),
    Step.SERVER,
)
STOPPED = Reading(
    "stopped",
    say("The process was told to stop: a deployment or a restart."),
    ("srv_restarting",),
    Step.SERVER,
)
UNHEALTHY = Reading(
    "unhealthy",
    say("The health check of the platform or the proxy fails."),
    ("http_503_no_server", "http_health_500", "srv_overloaded"),
    Step.SERVER,
)
