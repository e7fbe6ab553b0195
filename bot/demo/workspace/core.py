"""What the methods, the deliveries and the page share: one workspace's working parts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from bot.demo.workspace.changes import Changes
from bot.demo.workspace.clock import Clock
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.limits import Limits
from bot.demo.workspace.records import Json
from bot.demo.workspace.sockets import SocketHub
from bot.demo.workspace.state import State
from bot.demo.workspace.tickets import ResponseUrls, Tokens, Triggers


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One Web API call as it was answered. Tokens are not kept."""

    method: str
    arguments: Json
    answer: Json
    status: int
    at: float


@dataclass(slots=True)
class Core:
    """One workspace's working parts."""

    state: State
    clock: Clock
    changes: Changes
    limits: Limits
    sockets: SocketHub
    triggers: Triggers
    response_urls: ResponseUrls
    tokens: Tokens = field(default_factory=Tokens)
    faults: Faults = field(default_factory=Faults)
    calls: deque[ApiCall] = field(default_factory=lambda: deque(maxlen=5_000))
