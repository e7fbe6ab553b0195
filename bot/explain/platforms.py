"""Wordings of hosting platforms and meshes: routers that tell in codes what became of a request."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.explain import answers, backend, network
from bot.explain.reading import Pattern, Reading

_HEROKU = "devcenter.heroku.com/articles/error-codes"
_ALB = "docs.aws.amazon.com: load-balancer-access-logs, load-balancer-troubleshooting"
_ENVOY = "envoy: docs/root/configuration/observability/access_log/usage.rst (%RESPONSE_FLAGS%)"

_ROUTER: Mapping[str, Reading] = {
    "h10": backend.CRASHED,
    "h11": answers.UNAVAILABLE,
    "h12": backend.UPSTREAM_SILENT,
    "h13": backend.UPSTREAM_HUNG_UP,
    "h14": backend.NO_UPSTREAM,
    "h15": backend.UPGRADED_IDLE,
    "h17": backend.UPSTREAM_ODD,
    "h18": backend.UPSTREAM_HUNG_UP,
    "h19": backend.UPSTREAM_UNREACHED,
    "h20": backend.NOT_STARTED,
    "h21": backend.UPSTREAM_REFUSED,
    "h22": backend.SOCKET_LIMIT,
    "h27": backend.CLIENT_LEFT,
    "h28": backend.UPGRADED_IDLE,
    "h80": answers.UNAVAILABLE,
    "h99": answers.UNAVAILABLE,
    "r10": backend.NOT_STARTED,
    "r14": backend.OUT_OF_MEMORY,
    "r15": backend.OUT_OF_MEMORY,
}
_FLAGS: Mapping[str, Reading] = {
    "uf": backend.UPSTREAM_REFUSED,
    "uh": backend.NO_UPSTREAM,
    "uc": backend.UPSTREAM_HUNG_UP,
    "ur": backend.UPSTREAM_HUNG_UP,
    "lr": backend.UPSTREAM_HUNG_UP,
    "ut": backend.UPSTREAM_SILENT,
    "uo": backend.SOCKET_LIMIT,
    "nr": answers.NOT_THERE,
    "nc": backend.UPSTREAM_NAME,
    "rl": backend.RATE_LIMIT,
    "si": backend.UPGRADED_IDLE,
    "dt": backend.LIFETIME,
    "upe": backend.UPSTREAM_ODD,
    "uaex": answers.FORBIDDEN,
    "dc": backend.CLIENT_LEFT,
}
# Of those that the balancer itself answers: without a status of the target.
_BALANCER: Mapping[str, Reading] = {
    "400": answers.BAD_REQUEST,
    "401": answers.LOGIN,
    "403": answers.FORBIDDEN,
    "460": answers.GAVE_UP,
    "502": backend.UPSTREAM_HUNG_UP,
    "503": backend.NO_UPSTREAM,
    "504": backend.UPSTREAM_SILENT,
}

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "Heroku",
        _HEROKU,
        ("code=h", "error r1", "error h"),
        None,
        shape=re.compile(r"(?:code=|\berror )([hr]\d\d)\b"),
        readings=_ROUTER,
    ),
    Pattern(
        "AWS ALB",
        _ALB,
        (" app/",),
        None,
        shape=re.compile(
            r"\bapp/[\w-]{1,40}/\w{1,24} \S{3,60} \S{1,60} \S{1,12} \S{1,12} \S{1,12} (\d{3}) - "
        ),
        readings=_BALANCER,
    ),
    Pattern(
        "Envoy, Istio",
        _ENVOY,
        (' http/1.1" ', ' http/2" ', ' http/1.0" '),
        None,
        shape=re.compile(
            r"http/[\d.]{1,3}\" \d{1,3} (?!-)(?:urx,)?([a-z]{2,4})(?:,[a-z]{2,4}){0,3} \S"
        ),
        readings=_FLAGS,
    ),
    Pattern(
        "Envoy, Istio",
        "envoy: source/common/http/utility.cc, source/common/router/router.cc",
        ("no healthy upstream",),
        backend.NO_UPSTREAM,
    ),
    Pattern(
        "Envoy, Istio",
        "envoy: source/common/router/router.cc",
        ("upstream request timeout",),
        backend.UPSTREAM_SILENT,
    ),
    Pattern(
        "Apache",
        "apache: modules/proxy/mod_proxy_wstunnel.c, proxy_util.c",
        ("ah02452", "ah01114"),
        backend.UPSTREAM_REFUSED,
    ),
    Pattern(
        "Apache",
        "apache: modules/proxy/mod_proxy_http.c",
        ("ah01102",),
        backend.UPSTREAM_HUNG_UP,
    ),
    # ------------------------------------------------------------ clients beyond the browser
    Pattern(
        "OkHttp",
        "okhttp: okhttp3/internal/ws/RealWebSocket.kt",
        ("expected http 101 response but was",),
        answers.BAD_HANDSHAKE,
        shape=re.compile(r"expected http 101 response but was '?(\d{3})"),
        readings=answers.HANDSHAKE,
    ),
    Pattern(
        "Go",
        "gorilla/websocket: client.go (ErrBadHandshake)",
        ("websocket: bad handshake",),
        answers.BAD_HANDSHAKE,
    ),
    Pattern(
        "JavaScript",
        "V8: src/common/message-template.h (JsonParse…); a page where JSON was expected",
        ("unexpected token '<'", "unexpected token <"),
        answers.PAGE,
        having=("json",),
    ),
    Pattern(
        "Apple",
        "Foundation: NSPOSIXErrorDomain 57 (ENOTCONN)",
        ("nsposixerrordomain code=57", "socket is not connected"),
        network.LOST,
    ),
)
