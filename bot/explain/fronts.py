"""Wordings of what stands in front of a backend, and of what runs it, in the servers' own logs."""

from __future__ import annotations

import re

from bot.explain import answers, backend, network
from bot.explain.reading import Pattern

_UPSTREAM = "nginx: src/http/ngx_http_upstream.c"
_HAPROXY = "haproxy: doc/configuration.txt 8.5 (session state at disconnection)"
_RUN = "cloud.google.com/run/docs/troubleshooting"

PATTERNS: tuple[Pattern, ...] = (
    # ------------------------------------------------------------ nginx, error log
    Pattern(
        "nginx",
        _UPSTREAM,
        ("refused) while connecting to upstream",),
        backend.UPSTREAM_REFUSED,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        ("upstream prematurely closed connection",),
        backend.UPSTREAM_HUNG_UP,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        (
            "reset by peer) while reading response header from upstream",
            "reset by peer) while reading upstream",
            "reset by peer) while sending to",
        ),
        backend.UPSTREAM_HUNG_UP,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        (
            "timed out) while reading response header from upstream",
            "timed out) while reading upstream",
            "timed out) while sending request to upstream",
        ),
        backend.UPSTREAM_SILENT,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        (
            "timed out) while connecting to upstream",
            "no route to host) while connecting to upstream",
            "unreachable) while connecting to upstream",
        ),
        backend.UPSTREAM_UNREACHED,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        ("denied) while connecting to upstream",),
        backend.UPSTREAM_DENIED,
    ),
    Pattern("nginx", _UPSTREAM, ("no live upstreams",), backend.NO_UPSTREAM),
    Pattern(
        "nginx",
        _UPSTREAM,
        ("timed out) while proxying upgraded connection",),
        backend.UPGRADED_IDLE,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        (
            "reset by peer) while proxying upgraded connection",
            "broken pipe) while proxying upgraded connection",
        ),
        backend.UPGRADED_LOST,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        ("client closed connection while", "client prematurely closed connection"),
        backend.CLIENT_LEFT,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        ("host not found in upstream", "could not be resolved ("),
        backend.UPSTREAM_NAME,
    ),
    Pattern(
        "nginx",
        "nginx: src/http/modules/ngx_http_proxy_module.c",
        ("upstream sent no valid http/1.0 header", "upstream sent invalid header"),
        backend.UPSTREAM_ODD,
    ),
    Pattern(
        "nginx",
        _UPSTREAM,
        ("while ssl handshaking to upstream",),
        backend.UPSTREAM_TLS,
    ),
    Pattern(
        "nginx",
        "nginx: src/http/modules/ngx_http_limit_req_module.c",
        ("limiting requests, excess",),
        backend.RATE_LIMIT,
    ),
    Pattern(
        "nginx",
        "nginx: ngx_http_limit_conn_module.c; src/core/ngx_connection.c",
        (
            "limiting connections by zone",
            "worker_connections are not enough",
            "too many open files",
        ),
        backend.SOCKET_LIMIT,
    ),
    Pattern(
        "nginx",
        "nginx: src/http/ngx_http_core_module.c",
        ("client intended to send too large body",),
        backend.BODY_LIMIT,
    ),
    Pattern(
        "nginx",
        "nginx: src/http/ngx_http_special_response.c",
        ("plain http request was sent to https port",),
        network.PLAIN_ON_TLS,
    ),
    Pattern(
        "nginx",
        "nginx: src/http/ngx_http_special_response.c",
        ("no required ssl certificate was sent",),
        network.CERTIFICATE_WANTED,
    ),
    # ------------------------------------------------------------ access logs
    Pattern(
        "access log",
        "nginx: ngx_http_log_module (combined); Apache: mod_log_config (common, combined)",
        ("transport=websocket",),
        None,
        having=('" ',),
        without=("sid=",),
        shape=re.compile(r'transport=websocket[^"\s]{0,300} http/[\d.]{1,3}" ([345]\d\d) '),
        readings=answers.HANDSHAKE,
    ),
    Pattern(
        "access log",
        "nginx: ngx_http_log_module (combined); Apache: mod_log_config (common, combined)",
        ("transport=websocket",),
        None,
        having=('" ', "sid="),
        shape=re.compile(r'transport=websocket[^"\s]{0,300} http/[\d.]{1,3}" ([345]\d\d) '),
        readings=answers.UPGRADE,
    ),
    Pattern(
        "access log",
        "nginx: ngx_http_log_module (combined); Apache: mod_log_config (common, combined)",
        ("transport=polling",),
        None,
        shape=re.compile(r'transport=polling[^"\s]{0,300} http/[\d.]{1,3}" ([345]\d\d) '),
        readings=answers.REQUEST,
    ),
    # ------------------------------------------------------------ haproxy
    Pattern(
        "haproxy",
        "haproxy: src/server.c, src/backend.c",
        ("has no server available!",),
        backend.NO_UPSTREAM,
    ),
    Pattern(
        "haproxy",
        "haproxy: src/server.c",
        ("is down, reason:",),
        backend.UNHEALTHY,
    ),
    Pattern(
        "haproxy",
        _HAPROXY,
        (" sc--", " sc-", " sq-"),
        backend.NO_UPSTREAM,
        shape=re.compile(r" (?:5\d\d|-1) \d{1,12} \S{1,40} \S{1,40} s[cq][a-z-]{2} "),
    ),
    Pattern(
        "haproxy",
        _HAPROXY,
        (" sh-",),
        backend.UPSTREAM_HUNG_UP,
        shape=re.compile(r" 502 \d{1,12} \S{1,40} \S{1,40} sh[a-z-]{2} "),
    ),
    Pattern(
        "haproxy",
        _HAPROXY,
        (" sh-",),
        backend.UPSTREAM_SILENT,
        shape=re.compile(r" 504 \d{1,12} \S{1,40} \S{1,40} sh[a-z-]{2} "),
    ),
    Pattern(
        "haproxy",
        _HAPROXY,
        (" cd-", " sd-"),
        backend.UPGRADED_IDLE,
        shape=re.compile(r" 101 \d{1,12} \S{1,40} \S{1,40} [cs]d[a-z-]{2} "),
    ),
    Pattern(
        "haproxy",
        _HAPROXY,
        (" ^sd-",),
        backend.UPGRADED_LOST,
        shape=re.compile(r" 101 \d{1,12} \S{1,40} \S{1,40} \^sd[a-z-]{2} "),
    ),
    # ------------------------------------------------------------ Apache, Caddy, Traefik
    Pattern(
        "Apache",
        "httpd: modules/proxy/proxy_util.c",
        ("ah00957:", "ah01114:", "ah02454:"),
        backend.UPSTREAM_REFUSED,
    ),
    Pattern(
        "Apache",
        "httpd: modules/proxy/mod_proxy_http.c",
        ("ah01102:", "ah01110:"),
        backend.UPSTREAM_HUNG_UP,
    ),
    Pattern(
        "Apache",
        "httpd: modules/proxy/mod_proxy.c",
        ("ah01144:",),
        backend.NO_WEBSOCKET_MODULE,
    ),
    Pattern(
        "Caddy, Traefik",
        "Go: net/net.go (OpError); caddy: reverseproxy.go",
        ("dial tcp", "dial unix"),
        backend.UPSTREAM_REFUSED,
        having=("connection refused",),
    ),
    Pattern(
        "Caddy, Traefik",
        "Go: net/net.go (OpError)",
        ("dial tcp",),
        backend.UPSTREAM_UNREACHED,
        shape=re.compile(r"dial tcp [^\n]{1,200}(?:i/o timeout|no route to host|unreachable)"),
    ),
    Pattern(
        "Caddy, Traefik",
        "Go: net/dnsclient.go",
        ("no such host",),
        backend.UPSTREAM_NAME,
        having=("lookup ",),
    ),
    Pattern(
        "Caddy, Traefik",
        "Go: net/http/httputil/reverseproxy.go; net/http/transport.go",
        ("context deadline exceeded", "timeout awaiting response headers"),
        backend.UPSTREAM_SILENT,
    ),
    # ------------------------------------------------------------ Cloud Run
    Pattern(
        "Cloud Run",
        _RUN,
        ("the request was aborted because there was no available instance", "rate exceeded."),
        backend.NO_INSTANCE,
    ),
    Pattern(
        "Cloud Run",
        _RUN,
        (
            "has reached the maximum request timeout",
            "truncated response body. usually implies that the request timed out",
        ),
        backend.LIFETIME,
    ),
    Pattern(
        "Cloud Run",
        _RUN,
        (
            "the request was not authenticated",
            "your client does not have permission to get url",
            "does not have permission to get url",
        ),
        backend.NOT_PUBLIC,
    ),
    Pattern(
        "Cloud Run",
        _RUN,
        (
            "malformed response or connection to the instance had an error",
            "http response was malformed or connection to the instance had an error",
            "upstream connect error or disconnect/reset before headers",
        ),
        backend.BROKEN_INSTANCE,
    ),
    Pattern(
        "Cloud Run",
        _RUN,
        ("failed to start and listen on the port", "failed to start and then listen on the port"),
        backend.NOT_STARTED,
    ),
    Pattern(
        "Cloud Run",
        _RUN,
        ("memory limit of ",),
        backend.OUT_OF_MEMORY,
        having=("exceeded",),
    ),
    Pattern(
        "Cloud Run",
        _RUN,
        ("container called exit(", "uncaught signal:"),
        backend.CRASHED,
    ),
    # ------------------------------------------------------------ the process and its keeper
    Pattern(
        "Kubernetes",
        "kubernetes: pkg/kubelet (container statuses, events)",
        ("crashloopbackoff", "back-off restarting failed container"),
        backend.CRASHED,
    ),
    Pattern(
        "Kubernetes, Linux",
        "kubernetes: pkg/kubelet; Linux: mm/oom_kill.c; V8: src/api/api.cc",
        ("oomkilled", "out of memory: killed process", "javascript heap out of memory"),
        backend.OUT_OF_MEMORY,
    ),
    Pattern(
        "Kubernetes",
        "kubernetes: pkg/kubelet/prober",
        ("readiness probe failed", "liveness probe failed"),
        backend.UNHEALTHY,
    ),
    Pattern(
        "systemd",
        "systemd: src/core/service.c",
        (
            "main process exited, code=",
            "failed with result 'exit-code'",
            "failed with result 'core-dump'",
            "failed with result 'signal'",
        ),
        backend.CRASHED,
        without=("status=0/success",),
    ),
    Pattern(
        "Node",
        "Node: lib/internal/process/promises.js, execution.js",
        (
            "throw er; // unhandled 'error' event",
            "unhandledpromiserejection",
            "uncaught exception",
            "uncaughtexception",
        ),
        backend.CRASHED,
    ),
    Pattern(
        "Node, systemd",
        "npm, pm2, systemd, docker: the signal of an orderly stop",
        ("received sigterm", "sigterm received", "signal sigterm"),
        backend.STOPPED,
    ),
)
