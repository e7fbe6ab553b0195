"""A call as JSON. Its shape is a promise: docs/webhook.md describes it, a test holds the two
together, and what a reader could trip over makes a new `VERSION`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from bot import causes
from bot.locales import translate
from bot.model import Call, Json, Named, TransitionKind

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Words:
    """What the facts of a call do not hold. Each may be None or give None.

    lang: of the cause's title. url: a target's name → its address, without secrets. guide: a cause
    → where the guide explains it.
    """

    lang: str
    url: Callable[[str], str | None]
    guide: Callable[[Named], str | None]


def body(call: Call, words: Words) -> bytes:
    """UTF-8 JSON; the same bytes for the same facts and words."""
    closed = call.kind == TransitionKind.CLOSED
    content: Json = {
        "version": VERSION,
        "id": call.event_id,
        "type": f"incident.{call.kind}",
        "at": _moment(call.at),
        "target": {"name": call.target, "url": words.url(call.target)},
        "incident": {
            "id": call.incident_id,
            "opened_at": _moment(call.opened_at),
            "closed_at": _moment(call.at) if closed else None,
        },
        "before": call.before.value if call.before else None,
        "after": call.state.value,
        "cause": _cause(call.cause, words.lang),
        "links": {"guide": words.guide(call.cause) if call.cause else None},
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _cause(cause: Named | None, lang: str) -> Json | None:
    if cause is None:
        return None
    return {
        "code": cause.code,
        "layer": cause.layer.value,
        "section": cause.section.value,
        "confidence": cause.confidence.value,
        "title": translate(causes.describe(cause.code).title, lang),
    }


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
