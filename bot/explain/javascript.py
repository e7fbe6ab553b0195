"""Wordings of socket.io-client, engine.io and socket.io, of `ws`, and of Node itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.explain import answers, backend, ending, network, session
from bot.explain.reading import Pattern, Reading

_CLIENT = "socket.io-client"
_ENGINE = "engine.io-client"
_ENGINE_SERVER = "engine.io"
_NODE = "Node"
_XHR = "engine.io-client: build/cjs/transports/polling-xhr.js"
_ENGINE_SOCKET = "engine.io-client: build/cjs/socket.js"
_MANAGER = "socket.io-client: build/cjs/manager.js"
_ERRNO = "Node: util.getSystemErrorMap(), lib/internal/errors.js"
_OPENSSL = "Node: src/crypto/crypto_common.cc (X509_V_ERR_*)"

ERRNO: Mapping[str, Reading] = {
    "econnrefused": network.REFUSED,
    "econnreset": network.RESET,
    "econnaborted": network.LOST,
    "epipe": network.LOST,
    "etimedout": network.TIMEOUT,
    "err_socket_connection_timeout": network.TIMEOUT,
    "ehostunreach": network.UNREACHABLE,
    "ehostdown": network.UNREACHABLE,
    "enetunreach": network.NO_ROUTE,
    "enotfound": network.NAME_UNKNOWN,
    "enodata": network.NAME_EMPTY,
    "eai_again": network.NAME_FAILED,
    "eai_fail": network.NAME_FAILED,
    "eai_noname": network.NAME_UNKNOWN,
    "eai_nodata": network.NAME_EMPTY,
    "eproto": replace(network.TLS_BROKEN, general=True),  # OpenSSL's words beside it say more
    "emfile": backend.SOCKET_LIMIT,
    "enfile": backend.SOCKET_LIMIT,
    "eaddrinuse": backend.PORT_TAKEN,
    "err_tls_cert_altname_invalid": network.CERTIFICATE_NAME,
    "err_tls_handshake_timeout": network.TIMEOUT,
    "err_ssl_wrong_version_number": network.TLS_NOT_SPOKEN,
    "err_ssl_tlsv1_alert_protocol_version": network.TLS_VERSION,
    "err_ssl_unsupported_protocol": network.TLS_VERSION,
    "err_ssl_sslv3_alert_handshake_failure": network.TLS_CIPHER,
    "err_ssl_ssl/tls_alert_handshake_failure": network.TLS_CIPHER,
    "err_ssl_tlsv1_unrecognized_name": network.TLS_NAME,
    "err_ssl_tlsv13_alert_certificate_required": network.CERTIFICATE_WANTED,
    "unable_to_verify_leaf_signature": network.CERTIFICATE_ISSUER,
    "unable_to_get_issuer_cert": network.CERTIFICATE_ISSUER,
    "unable_to_get_issuer_cert_locally": network.CERTIFICATE_ISSUER,
    "depth_zero_self_signed_cert": network.CERTIFICATE_SELF_SIGNED,
    "self_signed_cert_in_chain": network.CERTIFICATE_CHAIN,
    "cert_has_expired": network.CERTIFICATE_EXPIRED,
    "cert_not_yet_valid": network.CERTIFICATE_EARLY,
    "cert_revoked": network.CERTIFICATE_REVOKED,
    "cert_untrusted": network.CERTIFICATE_ISSUER,
    "hostname_mismatch": network.CERTIFICATE_NAME,
    "ee_key_too_small": network.CERTIFICATE_WEAK,
    "hpe_invalid_constant": network.OTHER_PROTOCOL,
    "und_err_connect_timeout": network.TIMEOUT,
    "und_err_headers_timeout": network.TIMEOUT,
    "und_err_socket": network.LOST,
}
# Ports of databases, caches and queues: a server's own error that a client was handed.
DEPENDENCY_PORT = re.compile(
    r"econnrefused[^\n]{0,80}?:(?:6379|6380|5432|3306|27017|5672|9092|11211|1433|9200|2379|2181)\b"
)

PATTERNS: tuple[Pattern, ...] = (
    # ------------------------------------------------------------ connecting
    Pattern(_ENGINE, _XHR, ("xhr poll error",), session.POLL_FAILED),
    Pattern(_ENGINE, _XHR, ("xhr post error",), session.POST_FAILED),
    Pattern(
        _ENGINE,
        "engine.io-client: build/cjs/transport.js (TransportError), as Node's inspect prints it",
        ("description: ",),
        None,
        shape=re.compile(r"(?:^|[{,])\s*description: ([345]\d\d)\s*(?:,|}|$)"),
        readings=answers.REQUEST,
    ),
    Pattern(
        _ENGINE,
        "engine.io-client: build/cjs/transports/polling-fetch.js",
        ("fetch read error",),
        session.POLL_FAILED,
    ),
    Pattern(
        _ENGINE,
        "engine.io-client: build/cjs/transports/polling-fetch.js",
        ("fetch write error",),
        session.POST_FAILED,
    ),
    Pattern(
        _ENGINE,
        "engine.io-client: build/cjs/transports/websocket.js",
        ("websocket error", "webtransport error"),
        session.SOCKET_FAILED,
        without=("expected http 101",),  # React Native says what came instead
    ),
    Pattern(
        _ENGINE,
        _ENGINE_SOCKET,
        ("probe error", "probe transport"),
        session.UPGRADE_FAILED,
        shape=re.compile(r"probe error|probe transport \"\w{1,20}\" failed"),
    ),
    Pattern(_ENGINE, _ENGINE_SOCKET, ("no transports available",), session.NO_TRANSPORT),
    Pattern(_ENGINE, _ENGINE_SOCKET, ("error: server error",), session.SESSION_UNKNOWN),
    Pattern(
        _CLIENT,
        _MANAGER,
        (
            "error: timeout",
            "connect_error: timeout",
            "connect_error timeout",
            "connect attempt timed out",
            "connect_timeout",
        ),
        session.CONNECT_TIMEOUT,
    ),
    Pattern(
        _CLIENT,
        _MANAGER,
        ("reconnect_failed", "reconnect failed"),
        ending.GAVE_UP_RECONNECTING,
    ),
    # ------------------------------------------------------------ Engine.IO's refusals
    Pattern(
        _ENGINE_SERVER,
        "engine.io: build/server.js (errorMessages)",
        ('"code"', "code:", '\\"code\\"'),
        None,
        shape=re.compile(
            r"code\\?\"?: ?([0-5]) ?, ?\\?\"?message\\?\"?: ?\\?[\"']"
            r"(?=transport unknown|session id unknown|bad handshake|bad request|forbidden"
            r"|unsupported protocol|[^\"']{0,80}[\"']\s*\})"
        ),
        readings=session.ENGINE_CODES,
    ),
    Pattern(
        _ENGINE_SERVER,
        "engine.io: build/server.js",
        ("transport unknown", "unknown transport "),
        session.TRANSPORT_UNKNOWN,
    ),
    Pattern(
        _ENGINE_SERVER,
        "engine.io: build/server.js",
        ("session id unknown", "unknown sid "),
        session.SESSION_UNKNOWN,
    ),
    Pattern(
        _ENGINE_SERVER,
        "engine.io: build/server.js",
        ("bad handshake method",),
        session.METHOD_WRONG,
    ),
    Pattern(
        _ENGINE_SERVER,
        "engine.io: build/server.js",
        (
            "bad request: unexpected transport without upgrade",
            "transport_mismatch",
            "transport_handshake_error",
        ),
        session.REQUEST_BAD,
    ),
    Pattern(
        _ENGINE_SERVER,
        "engine.io: build/server.js",
        ("unsupported protocol version",),
        session.VERSION_OLD,
    ),
    # ------------------------------------------------------------ Socket.IO's refusals
    Pattern(
        "socket.io",
        "socket.io: dist/client.js",
        ("invalid namespace",),
        session.NAMESPACE_UNKNOWN,
    ),
    Pattern(
        "jsonwebtoken",
        "jsonwebtoken: verify.js; PyJWT: exceptions.py",
        (
            "jwt expired",
            "tokenexpirederror",
            "token expired",
            "token has expired",
            "signature has expired",
        ),
        session.AUTH_EXPIRED,
    ),
    Pattern(
        "jsonwebtoken",
        "jsonwebtoken: verify.js",
        (
            "jwt malformed",
            "jwt must be provided",
            "jsonwebtokenerror",
            "jwt not active",
            "jwt signature is required",
            "invalid signature",
            "invalid token",
        ),
        session.AUTH_REFUSED,
    ),
    Pattern(
        "socket.io",
        "socket.io docs: server-api, io.use(); faults.md sio_auth_rejected",
        (
            "authentication error",
            "not authorized",
            "connect_error: unauthorized",
            "error: unauthorized",
            '"message":"unauthorized',
            "authentication failed",
        ),
        session.AUTH_REFUSED,
        without=("proxy authentication failed", "http authentication failed"),
    ),
    Pattern(
        "socket.io",
        "socket.io: dist/socket.js (CONNECT_ERROR packet, type 4)",
        ("44{", "44/"),
        session.AUTH_REFUSED,
        without=("jwt expired", "invalid namespace", "econnrefused", "expired"),
        shape=re.compile(r"(?:^|[\s\"'])44(?:/[\w/-]{1,60},)?\{\\?\"message"),
    ),
    Pattern(
        _CLIENT,
        "socket.io-client: build/cjs/socket.js",
        ("operation has timed out",),
        session.NO_ACK,
    ),
    # ------------------------------------------------------------ how connections end
    Pattern(
        "socket.io",
        "engine.io: build/socket.js; engine.io-client: build/cjs/socket.js",
        ("ping timeout",),
        ending.PING_TIMEOUT,
        without=("keepalive ping timeout",),
    ),
    Pattern(
        "socket.io",
        "engine.io: build/socket.js; engine.io-client: build/cjs/socket.js",
        ("transport close", "transport_close"),
        ending.TRANSPORT_CLOSE,
        without=("forcing transport close",),
    ),
    Pattern(
        "socket.io",
        "engine.io: build/socket.js; engine.io-client: build/cjs/socket.js",
        ("transport error", "transport_error"),
        ending.TRANSPORT_ERROR,
    ),
    Pattern(
        "socket.io",
        "socket.io-client: build/cjs/socket.js; socket.io: dist/socket.js",
        ("io server disconnect", "server namespace disconnect", "server disconnect"),
        ending.SERVER_DISCONNECT,
    ),
    Pattern(
        "socket.io",
        "socket.io-client: build/cjs/socket.js; socket.io: dist/socket.js",
        (
            "io client disconnect",
            "client namespace disconnect",
            "client disconnect",
            "forced close",
        ),
        ending.CLIENT_DISCONNECT,
    ),
    Pattern(
        "socket.io",
        "socket.io-client: build/cjs/manager.js; engine.io: build/socket.js",
        ("parse error",),
        ending.PARSE_ERROR,
    ),
    Pattern(
        "socket.io",
        "socket.io: dist/index.js, dist/client.js",
        ("server shutting down", "forced server close"),
        ending.SHUTTING_DOWN,
    ),
    # ------------------------------------------------------------ ws
    Pattern(
        "ws",
        "ws: lib/websocket.js",
        ("unexpected server response: ",),
        answers.ODD_STATUS,
        shape=re.compile(r"unexpected server response: (\d{3})\b"),
        readings=answers.HANDSHAKE,
    ),
    Pattern(
        "ws",
        "ws: lib/websocket.js",
        ("websocket was closed before the connection was established",),
        session.CLOSED_UPGRADE,
        having=("sid=",),
    ),
    Pattern(
        "ws",
        "ws: lib/websocket.js",
        ("websocket was closed before the connection was established",),
        session.CLOSED_CONNECTING,
        without=("sid=",),
    ),
    Pattern("ws", "ws: lib/websocket.js", ("opening handshake has timed out",), network.TIMEOUT),
    Pattern(
        "ws",
        "ws: lib/websocket.js",
        ("invalid sec-websocket-accept header", "invalid upgrade header"),
        session.HANDSHAKE_BROKEN,
    ),
    Pattern(
        "ws",
        "ws: lib/receiver.js",
        ("invalid websocket frame", "ws_err_"),
        session.FRAMES_BROKEN,
        without=("max payload size exceeded", "ws_err_unsupported_message_length"),
    ),
    Pattern(
        "ws",
        "ws: lib/receiver.js",
        ("max payload size exceeded", "ws_err_unsupported_message_length"),
        ending.TOO_BIG,
    ),
    Pattern(
        "ws",
        "ws: lib/websocket.js",
        ("websocket is not open: readystate",),
        session.SENT_TOO_LATE,
    ),
    # ------------------------------------------------------------ Node
    Pattern(_NODE, "Node: lib/_http_client.js", ("socket hang up",), network.CLOSED_SILENTLY),
    Pattern(
        _NODE,
        "Node: lib/_tls_wrap.js",
        ("client network socket disconnected before secure tls connection was established",),
        network.TLS_BROKEN,
    ),
    Pattern(
        _NODE,
        "faults.md sio_dependency_down: the message of a middleware's error",
        ("econnrefused",),
        session.DEPENDENCY,
        shape=DEPENDENCY_PORT,
    ),
    Pattern(
        _NODE,
        f"{_ERRNO}; {_OPENSSL}",
        (
            "econn",
            "epipe",
            "etimedout",
            "ehost",
            "enetunreach",
            "enotfound",
            "enodata",
            "eai_",
            "eproto",
            "emfile",
            "enfile",
            "eaddrinuse",
            "err_tls_",
            "err_ssl_",
            "err_socket_",
            "unable_to_",
            "depth_zero_",
            "self_signed_",
            "cert_",
            "hostname_mismatch",
            "ee_key_too_small",
            "hpe_invalid",
            "und_err_",
        ),
        None,
        shape=re.compile(
            r"(?<![a-z_:])("
            + "|".join(re.escape(code) for code in sorted(ERRNO, key=len, reverse=True))
            + r")(?![a-z_])"
        ),
        readings=ERRNO,
    ),
    Pattern(
        _NODE,
        "Node: lib/_tls_wrap.js, tls.checkServerIdentity",
        ("hostname/ip does not match certificate's altnames",),
        network.CERTIFICATE_NAME,
    ),
)
