"""Engine.IO v4 (and, to recognise it, v3) and Socket.IO packets. Pure.

Engine.IO: https://github.com/socketio/engine.io-protocol, Socket.IO: …/socket.io-protocol.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bot.evidence import EioError, EioOpen
from bot.net.text import digest, printable

SEPARATOR: Final = "\x1e"
PING, PONG, CLOSE, UPGRADE, NOOP = "2", "3", "1", "5", "6"
PROBE_PING, PROBE_PONG = "2probe", "3probe"

_CODES: Final = range(6)  # engine.io's Server.errors
_V3_HEAD: Final = re.compile(r"(\d{1,9}):")
_EXTRA_CHARACTERS: Final = 128
_MAX_UPGRADES: Final = 8
_TRANSPORTS: Final = frozenset({"polling", "websocket", "webtransport"})

# Text of the peer → what may be kept of it, at most so many characters: a Scrubber.
Show = Callable[[str, int], str]


@dataclass(frozen=True, slots=True)
class Opened:
    """An OPEN packet, and the session id that only the next request may use."""

    open: EioOpen
    sid: str


class SioType(StrEnum):
    CONNECT = "0"
    DISCONNECT = "1"
    EVENT = "2"
    ACK = "3"
    CONNECT_ERROR = "4"


@dataclass(frozen=True, slots=True)
class SioPacket:
    """A Socket.IO packet inside an Engine.IO message (`4…`)."""

    type: SioType
    namespace: str
    data: Any = None


def read_open(payload: str, show: Show = printable) -> Opened | None:
    """The OPEN that a polling body or a first frame begins with; None for anything else.

    A length before the packet is Engine.IO v3's framing. A WebSocket frame has none: there, v3 is
    told by the `40` that follows unasked (`maxPayload` is missing in early v4 servers as well).
    """
    packets, framed = split(payload)
    if not packets or not packets[0].startswith("0{"):
        return None
    fields = _object(packets[0][1:])
    sid = fields.get("sid") if fields is not None else None
    if fields is None or not isinstance(sid, str) or not sid:
        return None
    max_payload = _number(fields.get("maxPayload"))
    upgrades = fields.get("upgrades")
    return Opened(
        EioOpen(
            sid_digest=digest(sid),
            protocol=3 if framed else 4,
            ping_interval_ms=_number(fields.get("pingInterval")),
            ping_timeout_ms=_number(fields.get("pingTimeout")),
            upgrades=_words(upgrades, show),
            max_payload=max_payload,
            extra=show(SEPARATOR.join(packets[1:]), _EXTRA_CHARACTERS),
        ),
        sid,
    )


# python-engineio refuses with a JSON string and no code; the code is that of engine.io's sentence.
_SENTENCES: Final = (
    (re.compile(r"Invalid transport"), 0),
    (re.compile(r"Invalid session"), 1),
    (re.compile(r"Invalid websocket upgrade"), 3),
    (re.compile(r"not an accepted origin", re.IGNORECASE), 4),
    (re.compile(r"unsupported version of the Socket\.IO or Engine\.IO protocols"), 5),
)


# What engine.io writes in place of its JSON when it refuses a WebSocket handshake (faults.md §2).
# Its other sentences ("Bad request", "Forbidden") are everybody's.
_PLAIN: Final = {
    "Transport unknown": 0,
    "Session ID unknown": 1,
    "Bad handshake method": 2,
    "Unsupported protocol version": 5,
}


def read_error(body: str, show: Show = printable) -> EioError | None:
    """Engine.IO's refusal: `{"code":1,"message":"Session ID unknown"}`, or python-engineio's.

    The latter is a JSON string (`"Invalid session"`); it gets the code that engine.io would give,
    and so does the bare message by which engine.io refuses a WebSocket handshake.
    Other APIs answer `{"code":404,"message":…}` as well: only engine.io's own codes count.
    """
    plain = _PLAIN.get(body.strip())
    if plain is not None:
        return EioError(plain, body.strip())
    if body.lstrip().startswith('"'):
        return _read_sentence(body, show)
    if not body.lstrip().startswith("{"):
        return None
    fields = _object(body)
    if fields is None or not isinstance(fields.get("message"), str):
        return None
    code = _number(fields.get("code"))
    if code is None or code not in _CODES:
        return None
    return EioError(code, show(fields["message"], 256))


def _read_sentence(body: str, show: Show) -> EioError | None:
    try:
        sentence = json.loads(body)
    except ValueError:
        return None
    for known, code in _SENTENCES:
        if known.search(sentence):
            return EioError(code, show(sentence, 256))
    return None


def split(payload: str) -> tuple[list[str], bool]:
    """Cut a polling body into packets; the flag says that they were framed as v3 does."""
    if _V3_HEAD.match(payload):
        return _split_v3(payload), True
    return (payload.split(SEPARATOR) if payload else []), False


def _split_v3(payload: str) -> list[str]:
    packets: list[str] = []
    at = 0
    while head := _V3_HEAD.match(payload, at):
        size = int(head[1])
        packets.append(payload[head.end() : head.end() + size])
        at = head.end() + size
    return packets


def connect(namespace: str, auth: dict[str, Any] | None) -> str:
    """The message that asks to join a namespace."""
    space = "" if namespace == "/" else f"{namespace},"
    return f"40{space}" + (json.dumps(auth, separators=(",", ":")) if auth is not None else "")


def leave(namespace: str) -> str:
    """The message that leaves a namespace."""
    return "41" if namespace == "/" else f"41{namespace},"


def read_message(packet: str) -> SioPacket | None:
    """A Socket.IO packet out of an Engine.IO message; None for what is none."""
    if len(packet) < 2 or packet[0] != "4" or packet[1] not in tuple(SioType):
        return None
    rest, namespace = packet[2:], "/"
    if rest.startswith("/"):
        namespace, _, rest = rest.partition(",")
        namespace = namespace.partition("?")[0]
    data: Any = None
    if rest:
        try:
            data = json.loads(rest.lstrip("0123456789") if rest[:1].isdigit() else rest)
        except (ValueError, RecursionError):
            data = None
    return SioPacket(SioType(packet[1]), namespace, data)


def _object(text: str) -> dict[str, Any] | None:
    try:
        found, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) < 2**53 else None


def _words(value: object, show: Show) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    # Causes go by the names of transports, which a secret must not mask.
    known = (v if v in _TRANSPORTS else show(v, 32) for v in map(str, value[:_MAX_UPGRADES]))
    return tuple(known)
