"""Wordings of Chromium: Chrome, Edge, Opera, Yandex, Electron, Android's WebView.

They are the same in every language: consoles are not translated.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.explain import answers, network, page, session
from bot.explain.reading import Pattern, Reading

_WHO = "Chromium"
_NET = "chromium/src: net/base/net_error_list.h"
_HANDSHAKE = "chromium/src: net/websockets/websocket_basic_handshake_stream.cc"
_STREAM = "chromium/src: net/websockets/websocket_stream.cc"
_CHANNEL = "chromium/src: net/websockets/websocket_channel.cc"
_BLINK = "chromium/src: third_party/blink/renderer/modules/websockets/"
_CORS = "chromium/src: third_party/blink/renderer/platform/loader/cors/cors_error_string.cc"
_CSP = "chromium/src: third_party/blink/renderer/core/frame/csp/csp_directive_list.cc"
_MIXED = "chromium/src: third_party/blink/renderer/core/loader/mixed_content_checker.cc"

NET_ERRORS: Mapping[str, Reading] = {
    "connection_refused": network.REFUSED,
    "connection_reset": network.RESET,
    "connection_closed": network.CLOSED_SILENTLY,
    "empty_response": network.CLOSED_SILENTLY,
    "connection_aborted": network.LOST,
    "connection_failed": network.UNREACHABLE,
    "connection_timed_out": network.TIMEOUT,
    "timed_out": network.TIMEOUT,
    "response_headers_truncated": network.CUT_SHORT,
    "incomplete_chunked_encoding": network.CUT_SHORT,
    "content_length_mismatch": network.CUT_SHORT,
    "address_unreachable": network.UNREACHABLE,
    "address_invalid": network.ADDRESS_INVALID,
    "unsafe_port": network.UNSAFE_PORT,
    "unknown_url_scheme": session.URL_BAD,
    "invalid_url": session.URL_BAD,
    "internet_disconnected": network.OFFLINE,
    "network_changed": network.OFFLINE,
    "network_io_suspended": network.OFFLINE,
    "network_access_denied": network.NETWORK_DENIED,
    "name_not_resolved": network.NAME_UNKNOWN,
    "name_resolution_failed": network.NAME_FAILED,
    "dns_timed_out": network.NAME_FAILED,
    "dns_server_failed": network.NAME_FAILED,
    "dns_malformed_response": network.NAME_FAILED,
    "dns_server_requires_tcp": network.NAME_FAILED,
    "icann_name_collision": network.NAME_UNKNOWN,
    "ssl_protocol_error": network.TLS_NOT_SPOKEN,
    "ssl_version_or_cipher_mismatch": network.TLS_VERSION,
    "ssl_obsolete_version": network.TLS_VERSION,
    "ssl_obsolete_cipher": network.TLS_CIPHER,
    "ssl_unrecognized_name_alert": network.TLS_NAME,
    "ssl_client_auth_cert_needed": network.CERTIFICATE_WANTED,
    "bad_ssl_client_auth_cert": network.CERTIFICATE_WANTED,
    "ssl_pinned_key_not_in_cert_chain": network.CERTIFICATE_INTERCEPTED,
    "ssl_server_cert_bad_format": network.CERTIFICATE_BAD,
    "cert_known_interception_blocked": network.CERTIFICATE_INTERCEPTED,
    "cert_date_invalid": network.CERTIFICATE_DATE,
    "cert_common_name_invalid": network.CERTIFICATE_NAME,
    "cert_authority_invalid": network.CERTIFICATE_ISSUER,
    "cert_revoked": network.CERTIFICATE_REVOKED,
    "cert_weak_key": network.CERTIFICATE_WEAK,
    "cert_weak_signature_algorithm": network.CERTIFICATE_WEAK,
    "cert_invalid": network.CERTIFICATE_BAD,
    "cert_contains_errors": network.CERTIFICATE_BAD,
    "cert_validity_too_long": network.CERTIFICATE_BAD,
    "certificate_transparency_required": network.CERTIFICATE_BAD,
    "proxy_connection_failed": network.PROXY_DOWN,
    "socks_connection_failed": network.PROXY_DOWN,
    "mandatory_proxy_configuration_failed": network.PROXY_DOWN,
    "tunnel_connection_failed": network.PROXY_REFUSES,
    "proxy_auth_requested": network.PROXY_WANTS_LOGIN,
    "proxy_auth_unsupported": network.PROXY_WANTS_LOGIN,
    "proxy_certificate_invalid": network.CERTIFICATE_INTERCEPTED,
    "blocked_by_client": page.EXTENSION,
    "blocked_by_administrator": page.POLICY,
    "blocked_by_csp": page.CSP,
    "blocked_by_local_network_access_checks": page.LOCAL_NETWORK,
    "blocked_by_private_network_access_checks": page.LOCAL_NETWORK,
    "insecure_private_network_request": page.LOCAL_NETWORK,
    "cleartext_not_permitted": page.MIXED,
    "invalid_http_response": network.OTHER_PROTOCOL,
    "invalid_response": network.OTHER_PROTOCOL,
    "http_1_1_required": answers.UPGRADE_WANTED,
    "ws_protocol_error": session.FRAMES_BROKEN,
    "too_many_redirects": answers.REDIRECT,
    "insufficient_resources": session.TOO_MANY_SOCKETS,
    "aborted": page.ABORTED,
}
_ANY_NET_ERROR = session.ANY_FAILURE
_OF_SID = ("sid=",)

PATTERNS: tuple[Pattern, ...] = (
    # ------------------------------------------------------------ the WebSocket
    Pattern(
        _WHO,
        f"{_BLINK}websocket_common.cc; observed, faults.md 1",
        ("websocket is closed before the connection is established",),
        session.CLOSED_UPGRADE,
        having=_OF_SID,
    ),
    Pattern(
        "Chromium, Safari",
        f"{_BLINK}websocket_common.cc; WebKit: Source/WebCore/Modules/websockets/WebSocket.cpp",
        ("websocket is closed before the connection is established",),
        session.CLOSED_CONNECTING,
        without=_OF_SID,
    ),
    Pattern(
        _WHO,
        _NET,
        ("err_",),
        _ANY_NET_ERROR,
        shape=re.compile(
            r"\b(?:net::)?err_((?!tls_|ssl_wrong|ssl_tls|http2_|socket_|stream_"
            r"|unhandled|module|invalid_arg|server_)[a-z][a-z0-9_]{2,60})\b"
        ),
        readings=NET_ERRORS,
    ),
    Pattern(
        _WHO,
        "chromium/src: net/base/net_error_list.h",
        ("net::err_http2_", "net::err_quic_"),
        _ANY_NET_ERROR,
    ),
    Pattern(
        _WHO,
        _HANDSHAKE,
        ("unexpected response code: ",),
        answers.ODD_STATUS,
        having=_OF_SID,
        shape=re.compile(r"unexpected response code: (\d{3})\b"),
        readings=answers.UPGRADE,
    ),
    Pattern(
        "Chromium, Safari",
        f"{_HANDSHAKE}; WebKit: WebSocketHandshake.cpp",
        ("unexpected response code: ",),
        answers.ODD_STATUS,
        without=_OF_SID,
        shape=re.compile(r"unexpected response code: (\d{3})\b"),
        readings=answers.HANDSHAKE,
    ),
    Pattern(
        _WHO,
        _HANDSHAKE,
        ("connection closed before receiving a handshake response",),
        network.CLOSED_SILENTLY,
    ),
    Pattern(
        _WHO,
        _HANDSHAKE,
        (
            "incorrect 'sec-websocket-accept' header",
            "'sec-websocket-accept' header is missing",
            "'upgrade' header is missing",
            "'connection' header is missing",
            "'upgrade' header value is not 'websocket'",
            "'connection' header value must contain 'upgrade'",
            "error during websocket handshake: invalid status line",
        ),
        session.HANDSHAKE_BROKEN,
    ),
    Pattern(
        _WHO,
        f"{_HANDSHAKE}; websocket_handshake_stream_base.cc",
        (
            "found an unsupported extension",
            "'sec-websocket-extensions' header",
            "'sec-websocket-protocol' header",
        ),
        session.EXTENSION_BROKEN,
        having=("handshake",),
    ),
    Pattern(
        _WHO,
        f"{_CHANNEL}; websocket_frame_parser.cc",
        (
            "one or more reserved bits are on",
            "invalid frame header",
            "unrecognized frame opcode",
            "could not decode a text frame as utf-8",
            "a server must not mask any frames",
            "received unexpected continuation frame",
            "received start of new message but previous message is unfinished",
            "received a broken close frame",
        ),
        session.FRAMES_BROKEN,
    ),
    Pattern(
        _WHO,
        _STREAM,
        ("websocket opening handshake timed out", "websocket opening handshake was canceled"),
        network.TIMEOUT,
    ),
    Pattern(
        _WHO,
        f"{_STREAM}; websocket_handshake_stream_create_helper.cc",
        ("establishing a tunnel via proxy server failed",),
        network.PROXY_REFUSES,
    ),
    Pattern(_WHO, _STREAM, ("proxy authentication failed",), network.PROXY_WANTS_LOGIN),
    Pattern(
        _WHO,
        _STREAM,
        ("http authentication failed; no valid credentials available",),
        answers.LOGIN,
    ),
    Pattern(
        _WHO,
        f"{_BLINK}websocket_channel_impl.cc",
        ("failed: insufficient resources",),
        session.TOO_MANY_SOCKETS,
    ),
    Pattern(
        _WHO,
        f"{_BLINK}dom_websocket.cc",
        (
            "websocket is already in closing or closed state",
            "failed to execute 'send' on 'websocket'",
        ),
        session.SENT_TOO_LATE,
    ),
    Pattern(
        _WHO,
        f"{_BLINK}websocket_common.cc",
        (
            "the url's scheme must be either 'ws' or 'wss'",
            "the url's scheme must be either 'http', 'https', 'ws', or 'wss'",
            "failed to construct 'websocket': the url '",
            "failed to construct 'url': invalid url",
        ),
        session.URL_BAD,
        without=("insecure websocket connection",),
    ),
    # ------------------------------------------------------------ the page's rules
    Pattern(
        _WHO,
        f"{_BLINK}websocket_common.cc; {_MIXED}; observed, faults.md br_mixed_content",
        (
            "an insecure websocket connection may not be initiated from a page loaded over https",
            "attempted to connect to the insecure websocket endpoint",
        ),
        page.MIXED,
    ),
    Pattern(
        _WHO,
        _MIXED,
        ("mixed content: the page at",),
        page.MIXED,
        shape=re.compile(r"insecure (?:xmlhttprequest endpoint|resource)"),
    ),
    Pattern(
        _WHO,
        _CSP,
        ("refused to connect to '", "connecting to '"),
        page.CSP,
        having=("content security policy",),
        without=("[report only]", "report-only"),
    ),
    # ------------------------------------------------------------ CORS
    Pattern(
        _WHO,
        _CORS,
        ("blocked by cors policy",),
        page.CORS_ANY,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("response to preflight request doesn't pass access control check",),
        page.CORS_PREFLIGHT,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("no 'access-control-allow-origin' header is present",),
        page.CORS_MISSING,
        without=("preflight request",),
    ),
    Pattern(
        _WHO,
        _CORS,
        ("' that is not equal to the supplied origin",),
        page.CORS_MISMATCH,
        without=("preflight request",),
    ),
    Pattern(
        _WHO,
        _CORS,
        ("'access-control-allow-origin' header contains multiple values",),
        page.CORS_SEVERAL,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("'access-control-allow-origin' header contains the invalid value",),
        page.CORS_MISMATCH,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("must not be the wildcard '*' when the request's credentials mode is 'include'",),
        page.CORS_WILDCARD,
    ),
    Pattern(
        _WHO,
        _CORS,
        ("value of the 'access-control-allow-credentials' header in the response is",),
        page.CORS_CREDENTIALS,
    ),
    Pattern(
        _WHO,
        _CORS,
        (
            "redirect is not allowed for a preflight request",
            "has been blocked by cors policy: redirect",
        ),
        page.CORS_REDIRECT,
    ),
    Pattern(
        _WHO,
        _CORS,
        (
            "is not allowed by access-control-allow-headers in preflight response",
            "is not allowed by access-control-allow-methods in preflight response",
        ),
        page.CORS_HEADER,
    ),
    Pattern(
        _WHO,
        f"{_CORS} (kInsecurePrivateNetwork, kLocalNetworkAccessPermissionDenied)",
        ("more-private address space", "permission was denied for this request to access the"),
        page.LOCAL_NETWORK,
        having=("address space",),
    ),
    # ------------------------------------------------------------ requests
    Pattern(
        "Chromium, Safari",
        "chromium/src: third_party/blink/renderer/core/inspector/inspector_network_agent.cc",
        ("the server responded with a status of ",),
        answers.ODD_STATUS,
        shape=re.compile(r"responded with a status of (\d{3})\b"),
        readings=answers.REQUEST,
    ),
    Pattern(
        _WHO,
        "chromium/src: third_party/devtools-frontend (console's line of a failed request)",
        ("get http", "post http", "options http"),
        None,
        having=("(",),
        shape=re.compile(r"\b(?:get|post|options) https?://\S{1,380} ([45]\d\d) \("),
        readings=answers.REQUEST,
    ),
    Pattern(
        _WHO,
        "chromium/src: third_party/blink/renderer/core/fetch/fetch_manager.cc",
        ("typeerror: failed to fetch",),
        page.FETCH_FAILED,
    ),
)
