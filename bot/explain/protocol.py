"""Wordings of no single program: close codes as everyone prints them, and the bot's own log."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.explain import answers, ending, network, session
from bot.explain.reading import Pattern, Reading

_CLOSE_CODE = re.compile(
    r"(?:code|status|closed|close|received|sent|with|event)[\"']?\)?[\s:=(,\[]{1,3}"
    r"(?:with )?(?:code[\s:=]{1,2})?(1(?:000|001|002|003|005|006|007|008|009|010|011|012|013|014"
    r"|015)|[34]\d{3})(?![\d.%]| ?(?:ms|s|kb|bytes)\b)"
)

# What `bot.watcher` writes after "cannot connect:" and "disconnected after … s:" (model.Reason).
_OWN_REASONS: Mapping[str, Reading] = {
    "name_not_found": network.NAME_UNKNOWN,
    "no_address": network.NAME_EMPTY,
    "resolver_failed": network.NAME_FAILED,
    "resolver_timeout": network.NAME_FAILED,
    "refused": network.REFUSED,
    "reset": network.RESET,
    "eof": network.CLOSED_SILENTLY,
    "timeout": network.TIMEOUT,
    "host_unreachable": network.UNREACHABLE,
    "no_route": network.NO_ROUTE,
    "certificate_invalid": network.CERTIFICATE_BAD,
    "tls_alert": network.TLS_CIPHER,
    "tls_not_spoken": network.TLS_NOT_SPOKEN,
    "tls_error": network.TLS_BROKEN,
    "not_http": network.OTHER_PROTOCOL,
    "redirect": answers.REDIRECT,
    "http_status": answers.ODD_STATUS,
    "not_eio": session.NOT_SOCKETIO,
    "eio_version": session.VERSION_OLD,
    "session_unknown": session.SESSION_UNKNOWN,
    "bad_handshake": session.HANDSHAKE_BROKEN,
    "bad_frame": session.FRAMES_BROKEN,
    "upgrade_refused": session.BAD_RESPONSE,
    "connect_refused": session.AUTH_REFUSED,
    "disconnected": ending.SERVER_DISCONNECT,
    "no_answer": session.NAMESPACE_FAILED,
    "closed": ending.TRANSPORT_ERROR,
}

PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "WebSocket",
        "RFC 6455 7.4.1; IANA: WebSocket Close Code Number Registry",
        (
            "1000",
            "1001",
            "1002",
            "1003",
            "1005",
            "1006",
            "1007",
            "1008",
            "1009",
            "1010",
            "1011",
            "1012",
            "1013",
            "1014",
            "1015",
        ),
        None,
        shape=_CLOSE_CODE,
        readings=ending.CLOSE_CODES,
    ),
    Pattern(
        "WebSocket",
        "RFC 6455 7.4.2: codes of libraries and applications",
        ("close", "disconnect", "websocket"),
        None,
        having=("code",),
        shape=re.compile(r"code[\"']?[\s:=(]{1,3}([34]\d{3})(?![\d.%]| ?(?:ms|s|kb|bytes)\b)"),
        readings=ending.CLOSE_CODES,
    ),
    Pattern(
        "wsdiag",
        "bot/watcher/log.py",
        ("cannot connect: ",),
        session.ANY_FAILURE,
        shape=re.compile(r"cannot connect: ([a-z_]{2,30})\b"),
        readings=_OWN_REASONS,
    ),
    Pattern(
        "wsdiag",
        "bot/watcher/log.py",
        ("disconnected after ",),
        None,
        shape=re.compile(r"disconnected after [\d.]{1,12} s: ([a-z_]{2,30})\b"),
        readings={
            **_OWN_REASONS,
            "reset": ending.TRANSPORT_ERROR,
            "eof": ending.TRANSPORT_CLOSE,
            "timeout": ending.PING_TIMEOUT,
        },
    ),
)
