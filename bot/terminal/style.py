"""Marks and colours; every mark also differs in shape, for those who see no colour."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import State, Status

MARKS: Mapping[Status, str] = {
    Status.OK: "✔",
    Status.WARN: "▲",
    Status.FAIL: "✘",
    Status.SKIPPED: "–",
}
STYLES: Mapping[Status, str] = {
    Status.OK: "green",
    Status.WARN: "yellow",
    Status.FAIL: "bold red",
    Status.SKIPPED: "dim",
}
LOOK_MARK = "›"  # a follow-up that only looked: what it saw is in its words, not in a mark
LOOK_STYLE = "dim"
STATE_MARKS: Mapping[State, str] = {
    State.UP: "●",
    State.DEGRADED: "▲",
    State.DOWN: "✘",
    State.UNKNOWN: "?",
}
STATE_STYLES: Mapping[State, str] = {
    State.UP: "bold green",
    State.DEGRADED: "bold yellow",
    State.DOWN: "bold red",
    State.UNKNOWN: "bold magenta",
}
