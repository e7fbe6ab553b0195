"""Wordings of Python: python-socketio, python-engineio, aiohttp, websockets, the interpreter."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.explain import answers, ending, network, session
from bot.explain.reading import Pattern, Reading

_ENGINEIO = "python-engineio"
_SOCKETIO = "python-socketio"
_ENGINE_CLIENT = "python-engineio: src/engineio/async_client.py"
_ENGINE_SERVER = "python-engineio: src/engineio/async_server.py"
_SOCKET_CLIENT = "python-socketio: src/socketio/async_client.py"
_WEBSOCKETS = "websockets: src/websockets/exceptions.py"
_AIOHTTP = "aiohttp: aiohttp/client_exceptions.py"

# Linux, macOS and Windows number them differently; `errno` and WinError stand in the messages.
_NUMBERS: Mapping[str, Reading] = {
    "errno 111": network.REFUSED,
    "errno 61": network.REFUSED,
    "winerror 10061": network.REFUSED,
    "winerror 1225": network.REFUSED,
    "errno 104": network.RESET,
    "errno 54": network.RESET,
    "winerror 10054": network.RESET,
    "winerror 64": network.RESET,
    "errno 110": network.TIMEOUT,
    "errno 60": network.TIMEOUT,
    "winerror 10060": network.TIMEOUT,
    "winerror 121": network.TIMEOUT,
    "errno 113": network.UNREACHABLE,
    "errno 65": network.UNREACHABLE,
    "winerror 10065": network.UNREACHABLE,
    "errno 101": network.NO_ROUTE,
    "errno 51": network.NO_ROUTE,
    "winerror 10051": network.NO_ROUTE,
    "errno 32": network.LOST,
    "errno -2": network.NAME_UNKNOWN,
    "errno 8": network.NAME_UNKNOWN,
    "errno 11001": network.NAME_UNKNOWN,
    "errno -3": network.NAME_FAILED,
    "errno -5": network.NAME_EMPTY,
}

PATTERNS: tuple[Pattern, ...] = (
    # ------------------------------------------------------------ python-engineio, the client
    Pattern(
        _ENGINEIO,
        f"{_ENGINE_CLIENT}; observed, faults.md 3.1",
        ("connection refused by the server",),
        session.HIDDEN_TIMEOUT,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_CLIENT,
        ("connectionerror: connection error", "websocket upgrade failed: connection error"),
        session.ANY_FAILURE,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_CLIENT,
        ("unexpected status code ",),
        answers.ODD_STATUS,
        shape=re.compile(r"unexpected status code (\d{3}) in server"),
        readings=answers.REQUEST,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_CLIENT,
        (
            "open packet not returned by server",
            "unexpected response from server",
            "connectionerror: no open packet",
        ),
        session.NOT_SOCKETIO,
    ),
    Pattern(_ENGINEIO, _ENGINE_CLIENT, ("websocket upgrade failed: ",), session.UPGRADE_FAILED),
    Pattern(
        _ENGINEIO,
        _ENGINE_CLIENT,
        ("server has stopped communicating, aborting", "packet queue is empty, aborting"),
        ending.NO_MORE_PINGS,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_CLIENT,
        ("websocket connection was closed, aborting",),
        ending.TRANSPORT_ERROR,
    ),
    # ------------------------------------------------------------ python-engineio, the server
    Pattern(
        _ENGINEIO,
        _ENGINE_SERVER,
        (" is not an accepted origin",),
        session.ORIGIN_REFUSED,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_SERVER,
        ("using an unsupported version of the socket.io",),
        session.VERSION_OLD,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_SERVER,
        (
            "invalid session ",
            "invalid transport for session",
            "unexpected http request for session",
        ),
        session.SESSION_UNKNOWN,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_SERVER,
        ("invalid websocket upgrade",),
        session.REQUEST_BAD,
    ),
    Pattern(
        _ENGINEIO,
        _ENGINE_SERVER,
        ("invalid transport (", '"invalid transport"'),
        session.TRANSPORT_UNKNOWN,
    ),
    Pattern(_ENGINEIO, _ENGINE_SERVER, ("application rejected connection",), session.AUTH_REFUSED),
    Pattern(
        _ENGINEIO,
        "python-engineio: src/engineio/async_socket.py",
        ("client is gone, closing socket",),
        ending.PING_TIMEOUT,
    ),
    Pattern(
        _ENGINEIO,
        "python-engineio: src/engineio/async_socket.py",
        ("failed websocket upgrade, ",),
        session.UPGRADE_FAILED,
    ),
    # ------------------------------------------------------------ python-socketio
    Pattern(
        _SOCKETIO,
        _SOCKET_CLIENT,
        ("one or more namespaces failed to connect", "unexpected connection error"),
        session.NAMESPACE_FAILED,
    ),
    Pattern(
        _SOCKETIO,
        _SOCKET_CLIENT,
        ("was rejected",),
        session.AUTH_REFUSED,
        having=("connection to namespace",),
    ),
    Pattern(
        _SOCKETIO,
        _SOCKET_CLIENT,
        ("maximum reconnection attempts reached, giving up",),
        ending.GAVE_UP_RECONNECTING,
    ),
    Pattern(
        _SOCKETIO,
        "python-socketio: src/socketio/base_namespace.py",
        ("is not a connected namespace",),
        session.SENT_TOO_LATE,
    ),
    # ------------------------------------------------------------ aiohttp
    Pattern(
        "aiohttp",
        f"{_AIOHTTP} (WSServerHandshakeError)",
        ("invalid response status",),
        session.BAD_RESPONSE,
        shape=re.compile(r"\b(\d{3}),? message='invalid response status"),
        readings=answers.HANDSHAKE,
    ),
    Pattern(
        "aiohttp",
        f"{_AIOHTTP} (WSServerHandshakeError)",
        ("wsserverhandshakeerror",),
        session.BAD_RESPONSE,
        without=("message='invalid",),
    ),
    Pattern(
        "aiohttp",
        f"{_AIOHTTP} (WSServerHandshakeError)",
        (
            "message='invalid challenge response'",
            "message='invalid upgrade header'",
            "message='invalid connection header'",
        ),
        session.HANDSHAKE_BROKEN,
    ),
    Pattern(
        "aiohttp",
        f"{_AIOHTTP} (ServerDisconnectedError)",
        ("serverdisconnectederror", "server disconnected"),
        network.CLOSED_SILENTLY,
    ),
    Pattern(
        "aiohttp",
        f"{_AIOHTTP} (ClientConnectorError)",
        ("cannot connect to host ",),
        session.ANY_FAILURE,
    ),
    Pattern(
        "aiohttp",
        f"{_AIOHTTP} (ServerTimeoutError)",
        (
            "servertimeouterror",
            "connection timeout to host",
            "sockettimeouterror",
            "timeout on reading data from socket",
        ),
        network.TIMEOUT,
    ),
    # ------------------------------------------------------------ websockets
    Pattern(
        "websockets",
        f"{_WEBSOCKETS} (InvalidStatus)",
        ("server rejected websocket connection: http ",),
        answers.ODD_STATUS,
        shape=re.compile(r"connection: http (\d{3})\b"),
        readings=answers.HANDSHAKE,
    ),
    Pattern(
        "websockets",
        f"{_WEBSOCKETS} (InvalidMessage)",
        ("did not receive a valid http response",),
        network.OTHER_PROTOCOL,
    ),
    Pattern(
        "websockets",
        f"{_WEBSOCKETS} (ConnectionClosed)",
        ("no close frame received or sent",),
        ending.ABNORMAL,
    ),
    Pattern(
        "websockets",
        "websockets: src/websockets/asyncio/connection.py",
        ("keepalive ping timeout",),
        ending.PING_TIMEOUT,
    ),
    Pattern(
        "websockets",
        "websockets: src/websockets/asyncio/client.py",
        ("timed out during opening handshake", "timed out while waiting for handshake response"),
        network.TIMEOUT,
    ),
    # ------------------------------------------------------------ the interpreter
    Pattern(
        "Python",
        "Python: OSError's message; Linux, macOS and Windows numbers",
        ("[errno ", "[winerror "),
        None,
        shape=re.compile(r"\[((?:errno|winerror) -?\d{1,5})\]"),
        readings=_NUMBERS,
    ),
    Pattern(
        "Python",
        "Python: Lib/asyncio/base_events.py; Lib/asyncio/selector_events.py",
        ("connectionrefusederror", "connection refused"),
        network.REFUSED,
        without=(
            "by the server",
            "while connecting to upstream",
            "dial tcp",
            "ah00957",
            "attempt to connect to",
        ),
    ),
    Pattern(
        "Python",
        "Python: exceptions; glibc: strerror",
        ("connectionreseterror", "connection reset by peer"),
        network.RESET,
        without=("upstream",),
    ),
    Pattern(
        "Python",
        "glibc: gai_strerror",
        ("name or service not known", "nodename nor servname provided"),
        network.NAME_UNKNOWN,
    ),
    Pattern(
        "Python",
        "glibc: gai_strerror",
        ("temporary failure in name resolution",),
        network.NAME_FAILED,
    ),
    Pattern(
        "Python",
        "glibc: gai_strerror",
        ("no address associated with hostname",),
        network.NAME_EMPTY,
    ),
    Pattern(
        "Python",
        "glibc: strerror",
        ("no route to host",),
        network.UNREACHABLE,
        without=("upstream",),
    ),
    Pattern("Python", "glibc: strerror", ("network is unreachable",), network.NO_ROUTE),
    Pattern(
        "Python",
        "Python: Lib/asyncio/timeouts.py; Lib/socket.py",
        ("timeouterror", "connection timed out", "connect timed out"),
        network.TIMEOUT,
        without=("upstream", "servertimeouterror", "sockettimeouterror"),
    ),
)
