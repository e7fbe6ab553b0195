"""Logging for engineers: one handler on stderr, as text or as JSON lines, without secrets.

Every logger of ours is below `wsdiag`. What a call passes as `extra=` becomes a field in JSON.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import IO, Final

FORMATS: Final = ("text", "json")

_MASK: Final = "***"
# What must not reach a log even if a library or an exception carries it: Slack's tokens, its
# socket tickets and hooks, authorisation headers, passwords in URLs.
_SECRETS: Final = re.compile(
    r"(?P<token>\bx(?:ox[a-z]|app)-)[\w.-]+"
    r"|(?P<ticket>\b(?:ticket|token|app_id|sid|password|secret|api_key)=)[^\s&\"'<>]+"
    r"|(?P<hook>hooks\.slack\.com/)[\w/]+"
    r"|(?P<header>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic)?\s*)[^\s\"',}]+"
    r"|(?P<user>[a-z][a-z0-9+.-]*://)[^\s/@\"'<>]+@",
    re.IGNORECASE,
)
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def set_up(style: str = "text", *, level: str = "INFO", stream: IO[str] | None = None) -> None:
    """Log to `stream` (stderr by default). Called once, by the command that was started.

    Raises ValueError for an unknown style or level; the text says which there are.
    """
    if style not in FORMATS:
        raise ValueError(f"unknown log format {style!r}: {' or '.join(FORMATS)}")
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("wsdiag").setLevel(level.upper())


def scrubbed(text: str) -> str:
    """Text with what looks like a secret masked; its kind stays readable."""
    return _SECRETS.sub(_masked, text)


def _masked(match: re.Match[str]) -> str:
    if (user := match["user"]) is not None:
        return f"{user}{_MASK}@"
    kept = next(group for group in match.groups() if group is not None)
    return f"{kept}{_MASK}"


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What the call passed as `extra=`."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


class TextFormatter(logging.Formatter):
    """`2026-03-01T12:00:00.123Z INFO wsdiag.connection ✅ prod: connected …`, always one line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record; a traceback follows on lines of its own, indented."""
        head = f"{_time(record)} {record.levelname} {record.name} "
        text = scrubbed(record.getMessage()).replace("\r", "\\r").replace("\n", "\\n")
        trace = _trace(self, record)
        return head + text + (f"\n{trace}".replace("\n", "\n    ") if trace else "")


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message, the call's fields, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One record. Values that are no JSON are written as their text."""
        found: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields(record),
        }
        if trace := _trace(self, record):
            found["traceback"] = trace
        # Scrubbed value by value: a match must never run across the quotes of the JSON itself.
        return json.dumps(
            {name: _plain(value) for name, value in found.items()}, ensure_ascii=False, default=str
        )


def _plain(value: object) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return scrubbed(str(value))


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return scrubbed("\n".join(parts))


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
