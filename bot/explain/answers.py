"""What HTTP answers mean, by status, for a WebSocket handshake and for any other request."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.explain.network import PLAIN_ON_TLS, REFUSED, TIMEOUT, UNREACHABLE
from bot.explain.reading import Reading, Step
from bot.model import say

REDIRECT = Reading(
    "redirect",
    say("The request is answered with a redirect, which a WebSocket never follows."),
    ("http_redirect_https", "http_redirect_login", "http_sio_trailing_slash"),
)
PAGE = Reading(
    "page",
    say(
        "An ordinary page answers where a WebSocket was asked for: this is not the backend, "
        "or a cache or filter stands in front of it."
    ),
    ("http_spa_fallback", "ws_200_instead_101", "http_cdn_caches_polling", "http_captive_portal"),
)
BAD_HANDSHAKE = Reading(
    "bad_handshake",
    say(
        "The WebSocket handshake was refused as malformed: mostly a proxy that does not "
        "pass the Upgrade header on."
    ),
    (
        "ws_no_upgrade_header",
        "eio_forbidden_origin",
        "ws_transport_disabled",
        "http_query_stripped",
    ),
)
BAD_UPGRADE = Reading(
    "bad_upgrade",
    say(
        "The upgrade of a polling session was refused: another server instance got it, or a "
        "proxy does not pass the Upgrade header on."
    ),
    ("eio_no_sticky", "ws_no_upgrade_header", "ws_transport_disabled"),
)
BAD_REQUEST = Reading(
    "bad_request",
    say("Socket.IO refused the request; its body says why, with a code from 0 to 5."),
    ("eio_no_sticky", "http_query_stripped", "eio_client_too_old", "poll_transport_disabled"),
)
LOGIN = Reading(
    "login",
    say("Something in front of Socket.IO wants a login."),
    ("http_401_auth",),
    Step.AUTH,
)
FORBIDDEN_HANDSHAKE = Reading(
    "forbidden_handshake",
    say(
        "Something in front of the server forbids the WebSocket handshake: a filter, a "
        "firewall rule or missing permissions. Engine.IO itself would say 400."
    ),
    ("ws_webfilter_403", "cloudrun_403_iam", "http_waf_403", "eio_forbidden_origin"),
)
FORBIDDEN = Reading(
    "forbidden",
    say(
        "The request is forbidden: by the server's list of Origins, or by something in front of it."
    ),
    ("eio_forbidden_origin", "eio_forbidden_all", "cloudrun_403_iam", "http_waf_403"),
)
NOT_THERE = Reading(
    "not_there",
    say("Nothing is served under this path."),
    (
        "http_sio_absent",
        "http_sio_wrong_path",
        "http_wrong_vhost",
        "http_prefix_stripped",
        "cloudrun_404_no_service",
        "http_sio_trailing_slash",
    ),
)
METHOD = Reading(
    "method",
    say("Something in front of the server does not allow this method."),
    ("http_post_blocked", "cors_preflight_blocked"),
)
PROXY_LOGIN = Reading(
    "proxy_login",
    say("A proxy on the way wants a login."),
    ("proxy_auth_required",),
)
TOO_LARGE = Reading(
    "too_large",
    say("A message is larger than a proxy or the server accepts."),
    ("http_body_limit", "sio_max_payload"),
)
UPGRADE_WANTED = Reading(
    "upgrade_wanted",
    say("What answers does not speak WebSocket in this way."),
    ("ws_426", "ws_no_upgrade_header"),
)
TOO_MANY = Reading(
    "too_many",
    say("Too many requests: a limit on the way, or no instance that could take one more."),
    ("http_429_rate_limited", "cloudrun_429_no_instance"),
)
GAVE_UP = Reading(
    "client_gave_up",
    say("The client went away before the answer: it was too slow for the client's timeout."),
    ("cli_timeout_too_short", "srv_overloaded", "http_504_upstream_hang"),
)
FAILED = Reading(
    "server_error",
    say("The application failed while it handled the request."),
    ("srv_crashes_on_connect", "sio_dependency_down", "http_health_500"),
    Step.SERVER,
)
BAD_GATEWAY = Reading(
    "bad_gateway",
    say(
        "The proxy got no usable answer from the backend process: it is down, restarting, "
        "or hung up."
    ),
    (
        "http_502_upstream_down",
        "srv_restarting",
        "srv_crashes_on_connect",
        "http_sio_wrong_path",
        "cloudrun_h2_end_to_end",
    ),
)
UNAVAILABLE = Reading(
    "unavailable",
    say(
        "The front has no instance that could answer: all unhealthy, at a limit, or in maintenance."
    ),
    ("http_503_no_server", "http_503_maintenance", "srv_restarting", "ws_conn_limit"),
)
GATEWAY_TIMEOUT = Reading(
    "gateway_timeout",
    say("The backend process did not answer the proxy in time."),
    ("http_504_upstream_hang", "http_app_hangs", "http_poll_read_timeout"),
)
ORIGIN_TLS = Reading(
    "origin_tls",
    say("The CDN cannot agree on TLS with your server."),
    ("tls_expired", "tls_self_signed", "tls_cipher_mismatch", "tls_hostname_mismatch"),
    Step.CERTIFICATE,
)
ODD_STATUS = Reading(
    "odd_status",
    say("The request is answered with an HTTP status that says it failed."),
    (),
    general=True,
)

_FRONT: Mapping[str, Reading] = {
    "301": REDIRECT,
    "302": REDIRECT,
    "303": REDIRECT,
    "307": REDIRECT,
    "308": REDIRECT,
    "401": LOGIN,
    "404": NOT_THERE,
    "405": METHOD,
    "407": PROXY_LOGIN,
    "408": TIMEOUT,
    "413": TOO_LARGE,
    "426": UPGRADE_WANTED,
    "429": TOO_MANY,
    "497": PLAIN_ON_TLS,
    "499": GAVE_UP,
    "500": FAILED,
    "502": BAD_GATEWAY,
    "503": UNAVAILABLE,
    "504": GATEWAY_TIMEOUT,
    # Cloudflare's own: developers.cloudflare.com/support/troubleshooting/http-status-codes/
    "520": BAD_GATEWAY,
    "521": REFUSED,
    "522": TIMEOUT,
    "523": UNREACHABLE,
    "524": GATEWAY_TIMEOUT,
    "525": ORIGIN_TLS,
    "526": ORIGIN_TLS,
    "4xx": ODD_STATUS,
    "5xx": FAILED,
}

HANDSHAKE: Mapping[str, Reading] = MappingProxyType(
    {**_FRONT, "200": PAGE, "400": BAD_HANDSHAKE, "403": FORBIDDEN_HANDSHAKE}
)
UPGRADE: Mapping[str, Reading] = MappingProxyType({**HANDSHAKE, "400": BAD_UPGRADE})
REQUEST: Mapping[str, Reading] = MappingProxyType({**_FRONT, "400": BAD_REQUEST, "403": FORBIDDEN})
