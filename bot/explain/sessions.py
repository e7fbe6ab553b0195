"""How long connections lived, from the lines of a log that say that one began or ended.

Ages that agree are the strongest evidence a log can hold: nothing but a timer makes them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from bot.explain.moments import Moment
from bot.patterns.statistics import densest

_KEYS_KEPT: Final = 20_000  # connections that are open at the same time in a server's log
_ENOUGH: Final = 3  # drops that must agree before anything is concluded
_SHARE: Final = 0.6  # and the part of all drops that they must be
_CLOSE_S: Final = 1.0  # half the width in which ages count as the same, at least
_CLOSE_SHARE: Final = 0.01  # and as part of the age
_SHORTEST_S: Final = 1.0  # younger ones failed while connecting; that is no timer's work

_ENDED: Final = re.compile(
    r"⚠|\bdisconnected\b|\bdisconnect\b(?!\()|\bdisconnection\b|\bconnection closed\b"
    r"|\bsocket closed\b|\bclosed due to\b|\bsocket close with reason\b|\bclosing socket - reason\b"
    r"|\bclient close with reason\b|\bconnection dropped\b|\bws closed\b|\bwebsocket closed\b"
    r"|\bonclose\b|\bотключ[её]н|\bсоединение (?:разорвано|потеряно|закрыто)|\bразрыв соединения"
)
_BEGAN: Final = re.compile(
    r"✅|\bconnected\b|\bconnection established\b|\breconnect success|\breconnection successful\b"
    r"|\bconnection accepted\b|\bupgrade was successful\b|\bnew connection\b|\bhandshaking client\b"
    r"|\bonopen\b|\bws open(?:ed)?\b|\bwebsocket open(?:ed)?\b|\bsocket open\b|\breconnected\b"
    r"|\bподключ[её]н|\bсоединение (?:установлено|восстановлено)"
)
_NOT_BEGAN: Final = re.compile(
    r"disconnected|not connected|\bconnected['\"]? ?[:=?] ?(?:true|false|undefined|null)\b"
    r"|cannot connect|could not be connected|failed|не подключ"
)
_RETRY: Final = re.compile(
    r"🔄|\breconnect_attempt\b|\breconnecting\b|\battempting reconnect\b|\bbefore reconnect attempt"
    r"|\bnew attempt in\b|\bretrying in\b|\bпереподключ"
)
# Whatever the patterns above can match has one of these in it; most lines of a log have not.
_WORTH: Final = re.compile(
    r"connect|clos|open|handshak|upgrade|retry|attempt|latency|⚠|✅|🔄|подключ|отключ|соедин|разрыв"
)
_STATED_AGE: Final = re.compile(
    r"disconnected after (?P<s>\d{1,8}(?:\.\d{1,6})?) s\b"
    r"|\"latency\" ?: ?\"(?P<latency>\d{1,8}(?:\.\d{1,9})?)s\""
)
_UPGRADED: Final = re.compile(r"\"status\" ?: ?\"?101\b")  # a platform's log line of a WebSocket
# A session's id, to tell the clients of a server's log apart: Engine.IO makes 20 characters.
_SESSION: Final = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{20}(?![A-Za-z0-9_-])")


@dataclass(frozen=True, slots=True)
class Timer:
    """Drops that happened at the same age: `count` of `total` at `age_s` ± `spread_s`."""

    count: int
    total: int
    age_s: float
    spread_s: float


@dataclass(frozen=True, slots=True)
class Sessions:
    """What a log says of connections. ages_s: of the drops, in order, where both ends are dated."""

    connects: int = 0
    disconnects: int = 0
    retries: int = 0
    ages_s: tuple[float, ...] = ()
    timer: Timer | None = None


@dataclass(slots=True)
class SessionReader:
    """Takes lines from top to bottom and pairs beginnings with ends."""

    connects: int = 0
    disconnects: int = 0
    retries: int = 0
    _ages: list[float] = field(default_factory=list)
    _open: dict[str, Moment] = field(default_factory=dict)
    _down: set[str] = field(default_factory=set)
    _last: tuple[str, Moment] | None = None

    def read(self, line: str, plain: str, at: Moment | None) -> None:
        """`line` as pasted (ids are case-sensitive), `plain` as `text.plain` gives it."""
        if not _WORTH.search(plain):
            return
        stated = _STATED_AGE.search(plain)
        if _RETRY.search(plain):
            self.retries += 1
        elif _ENDED.search(plain):
            self._ended(_key(line), at, float(stated["s"]) if stated and stated["s"] else None)
        elif stated and stated["latency"] and _UPGRADED.search(plain):
            self.connects += 1
            self.disconnects += 1
            self._ages.append(float(stated["latency"]))
        elif _BEGAN.search(plain) and not _NOT_BEGAN.search(plain):
            self._began(_key(line), at)

    def result(self) -> Sessions:
        """Everything that was read so far."""
        ages = tuple(self._ages)
        return Sessions(self.connects, self.disconnects, self.retries, ages, timer_of(ages))

    def _began(self, key: str, at: Moment | None) -> None:
        if at is not None and self._told_already(key, at):
            return
        self.connects += 1
        self._down -= {key, ""}
        if at is not None and (key in self._open or len(self._open) < _KEYS_KEPT):
            self._open[key] = at
            self._last = (key, at)

    def _told_already(self, key: str, at: Moment) -> bool:
        """Several layers tell of the same connection within moments, some without its id."""
        if self._last is None:
            return False
        last_key, last = self._last
        same = key == last_key or "" in (key, last_key)
        return same and last_key in self._open and 0 <= at.at - last.at < _SHORTEST_S

    def _ended(self, key: str, at: Moment | None, stated_s: float | None) -> None:
        if key in self._down and stated_s is None:
            return  # several layers tell of the same end
        self.disconnects += 1
        if len(self._down) < _KEYS_KEPT:
            self._down.add(key)
        began = self._opened(key)
        if stated_s is not None:
            self._ages.append(stated_s)
        elif began is not None and at is not None and began.kind == at.kind and at.at >= began.at:
            self._ages.append(at.at - began.at)

    def _opened(self, key: str) -> Moment | None:
        """When the connection that ended began. The only one that is open needs no id."""
        if key not in self._open and len(self._open) == 1:
            only = next(iter(self._open))
            if "" in (key, only):
                key = only
        return self._open.pop(key, None)


def timer_of(ages_s: tuple[float, ...]) -> Timer | None:
    """The age at which most drops happened; None where they do not agree."""
    ages = [age for age in ages_s if age >= _SHORTEST_S]
    alike = densest(ages, 2 * _CLOSE_SHARE, 2 * _CLOSE_S)
    if len(alike) < _ENOUGH or len(alike) < _SHARE * len(ages):
        return None
    low, high = alike[0], alike[-1]
    return Timer(len(alike), len(ages), (low + high) / 2, (high - low) / 2)


def _key(line: str) -> str:
    """Whose connection a line is about; the log of one client names nobody."""
    match = _SESSION.search(line)
    if match and re.search(r"\d", match[0]) and re.search(r"[A-Z]", match[0]):
        return match[0]
    return ""
