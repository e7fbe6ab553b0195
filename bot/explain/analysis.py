"""Reads a paste as a whole: which wordings, how often, from when to when, and what they add up to.

A cause's weight is the sum over the lines that speak for it, a wording's first cause counting in
full, its second half, its third a third. Ages of drops that agree count as much as all other lines
together: a timer leaves no other explanation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bot import causes
from bot.explain import ending, page, text
from bot.explain.address import Address, Addresses
from bot.explain.moments import Clock, Moment
from bot.explain.reading import Pattern, Reading, Step
from bot.explain.scan import Scanner
from bot.explain.sessions import SessionReader, Sessions, Timer
from bot.explain.steps import Action, actions
from bot.explain.table import PATTERNS
from bot.model import Layer

_SUSPECTS: Final = 6
_GENERAL: Final = 0.1  # what a wording weighs that only says that something failed
_OURS: Final = frozenset({Layer.BROWSER, Layer.CLIENT})  # what stays when the backend is healthy
_BARE_CODE: Final = re.compile(r"\W{0,4}(1\d{3}|[34]\d{3})\W{0,4}")


@dataclass(frozen=True, slots=True)
class Told:
    """A reading and how often it was met; first and last where the lines are dated."""

    reading: Reading
    who: str
    source: str
    count: int
    first: Moment | None
    last: Moment | None


@dataclass(frozen=True, slots=True)
class Suspect:
    """A code of the catalogue; lines: how many speak for it."""

    code: str
    lines: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a paste says.

    told: the readings, most frequent first. suspects: likeliest first. actions: what to run next.
    cut: more was pasted than is read (`LONGEST` characters).
    """

    told: tuple[Told, ...]
    suspects: tuple[Suspect, ...]
    actions: tuple[Action, ...]
    sessions: Sessions
    address: Address | None
    origin: str | None
    lines: int
    recognised_lines: int
    first: Moment | None
    last: Moment | None
    cut: bool

    @property
    def recognised(self) -> bool:
        """Whether anything was understood."""
        return bool(self.told) or self.sessions.timer is not None


def explain(pasted: str, *, healthy: bool = False) -> Explanation:
    """Explain what was pasted. Never raises; linear in the length, which is bounded.

    healthy: a check of the backend from elsewhere finds nothing wrong, so that the fault is in the
    page, in the browser, or on the user's way.
    """
    paste = _Paste()
    for line in text.lines(pasted):
        paste.read(line)
    return paste.explanation(healthy=healthy, cut=len(pasted) > text.LONGEST)


@dataclass(slots=True)
class _Count:
    reading: Reading
    pattern: Pattern
    count: int = 0
    first: Moment | None = None
    last: Moment | None = None


@dataclass(slots=True)
class _Paste:
    """What has been read so far."""

    lines: int = 0
    recognised: int = 0
    _counts: dict[str, _Count] = field(default_factory=dict)
    _scan: Scanner = field(default_factory=lambda: Scanner(PATTERNS))
    _clock: Clock = field(default_factory=Clock)
    _sessions: SessionReader = field(default_factory=SessionReader)
    _addresses: Addresses = field(default_factory=Addresses)
    _first: Moment | None = None
    _last: Moment | None = None

    def read(self, line: str) -> None:
        if not line.strip():
            return
        self.lines += 1
        plain = text.plain(line)
        at = self._clock.read(plain)
        if at is not None:
            self._first, self._last = self._first or at, at
        understood = False
        for piece in text.pieces(plain):
            for reading, pattern in self._scan(piece):
                self._note(reading, pattern, at)
                understood = True
        for piece in text.pieces(line):
            self._addresses.read(piece.replace("&amp;", "&"))
            self._sessions.read(piece, text.plain(piece), at)
        if not understood and self.lines == 1 and (bare := _BARE_CODE.fullmatch(plain.strip())):
            understood = self._note_code(bare[1])
        self.recognised += understood

    def _note(self, reading: Reading, pattern: Pattern, at: Moment | None) -> None:
        count = self._counts.setdefault(reading.key, _Count(reading, pattern))
        count.count += 1
        if at is not None:
            count.first, count.last = count.first or at, at

    def _note_code(self, code: str) -> bool:
        """A close code and nothing else."""
        reading = ending.CLOSE_CODES.get(code) or ending.CLOSE_CODES.get(f"{code[0]}xxx")
        if reading is None:
            return False
        self._note(reading, Pattern("WebSocket", "RFC 6455 7.4.1", (code,), reading), None)
        return True

    def explanation(self, *, healthy: bool, cut: bool) -> Explanation:
        counts = sorted(
            self._counts.values(), key=lambda c: (c.reading.general, -c.count)
        )  # stable: what came first stays first
        sessions = self._sessions.result()
        suspects = _suspects(counts, sessions.timer, healthy=healthy)
        address, origin = self._addresses.backend(), self._addresses.origin
        understood = bool(counts) or sessions.timer is not None
        return Explanation(
            told=tuple(
                Told(c.reading, c.pattern.who, c.pattern.source, c.count, c.first, c.last)
                for c in counts
            ),
            suspects=suspects,
            actions=_actions(counts, sessions.timer, address, origin) if understood else (),
            sessions=sessions,
            address=address,
            origin=origin,
            lines=self.lines,
            recognised_lines=self.recognised,
            first=self._first,
            last=self._last,
            cut=cut,
        )


def _suspects(
    counts: Iterable[_Count], timer: Timer | None, *, healthy: bool
) -> tuple[Suspect, ...]:
    weights: dict[str, float] = {}
    lines: dict[str, int] = {}
    ended: set[str] = set()
    for count in counts:
        ended.add(count.reading.key)
        share = _GENERAL if count.reading.general else 1.0
        for place, code in enumerate(count.reading.causes, 1):
            weights[code] = weights.get(code, 0.0) + share * count.count / place
            lines[code] = lines.get(code, 0) + count.count
    if timer is not None:
        total = sum(weights.values()) + 1.0
        for place, code in enumerate(_timed(timer, ended), 1):
            weights[code] = weights.get(code, 0.0) + total / place
            lines[code] = max(lines.get(code, 0), timer.count)
    ranked = sorted(weights, key=lambda code: -weights[code])
    if healthy:
        ranked.sort(key=lambda code: not _beside_the_backend(code))
    return tuple(Suspect(code, lines[code]) for code in ranked[:_SUSPECTS])


def _beside_the_backend(code: str) -> bool:
    """Whether a backend can be healthy, as seen from elsewhere, while this cause holds."""
    return causes.describe(code).layer in _OURS or code in ("user_firewall", "ws_blocked_drop")


def _timed(timer: Timer, ended: set[str]) -> tuple[str, ...]:
    """What ends connections at a constant age, given how they ended (faults.md 2)."""
    if ending.SERVER_DISCONNECT.key in ended:
        return ("sio_kicked_no_keepalive", "sio_kicked_later", "ws_lifetime_cap")
    if ending.PING_TIMEOUT.key in ended:
        return ("cli_no_pong", "ws_frames_blocked_up", "srv_ping_timeout_too_small")
    if timer.age_s > _PING_SUM_S:
        # Socket.IO pings every 25 s by default: what is older was not cut for being silent.
        return ("ws_lifetime_cap", "ws_proxy_idle", "sio_kicked_later")
    return ("ws_proxy_idle", "ws_lifetime_cap", "http_poll_read_timeout")


_PING_SUM_S: Final = 100.0  # beyond it no usual idle timeout is (faults.md: Cloudflare about 100 s)


def _actions(
    counts: Iterable[_Count], timer: Timer | None, address: Address | None, origin: str | None
) -> tuple[Action, ...]:
    found = [count.reading for count in counts]
    steps = [reading.step for reading in found if not reading.general]
    steps = steps or [reading.step for reading in found]
    if timer is not None:
        steps.append(Step.DEEP)
    return actions(steps, address, origin, cors=any(_is_cors(reading) for reading in found))


def _is_cors(reading: Reading) -> bool:
    return reading.key.startswith(page.CORS_ANY.key.partition("_")[0])
