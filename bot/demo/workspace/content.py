"""The content of a message as the app gave it: checked, and made safe as Slack does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.blockkit import (
    Surface,
    blocks_problems,
    fallback_text,
    too_long,
    with_ids,
)
from bot.demo.workspace.errors import SlackError, explained
from bot.demo.workspace.records import Json
from bot.demo.workspace.references import reference_problems
from bot.demo.workspace.state import State

LONGEST_POST = 40_000  # chat.postMessage: beyond, msg_too_long
LONGEST_UPDATE = 4_000  # chat.update: "text field cannot exceed 4,000 characters"
LARGEST_METADATA = 16_384
MOST_ATTACHMENTS = 100

_ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")
# What Slack keeps between angle brackets; any other `<` is a plain character.
_CONTROL = re.compile(r"<(?:[@#!][^<>\s]|https?://|mailto:|tel:|slack://)[^<>]*>")
_BARE_LINK = re.compile(r"(?<![<|\w])https?://[^\s<>|]+")
_PING = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^[A-Z0-9]+|!channel|!here|!everyone)(?:[|^][^>]*)?>")


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says."""

    text: str
    blocks: list[Json]
    attachments: list[Json]


def slack_text(raw: str) -> str:
    """Text as Slack keeps it: stray `&`, `<` and `>` escaped, control sequences kept.

    https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    escaped: list[str] = []
    position = 0
    for match in _CONTROL.finditer(raw):
        escaped.append(_escape(raw[position : match.start()]))
        escaped.append(match.group())
        position = match.end()
    escaped.append(_escape(raw[position:]))
    return "".join(escaped)


def _escape(text: str) -> str:
    return _ENTITY.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def command_text(state: State, text: str, *, escape: bool) -> str:
    """The text of a slash command as the app gets it.

    https://docs.slack.dev/interactivity/implementing-slash-commands ("Escape channels, users, and
    links"): with `escape`, `<@U1|mira>` and `<https://…>`; without, `@mira` and the bare link.
    """

    def shown(match: re.Match[str]) -> str:
        inside = match.group()[1:-1].partition("|")[0]
        if inside.startswith("@") and (user := state.users.get(inside[1:])):
            return f"<@{user.id}|{user.name}>" if escape else f"@{user.name}"
        if inside.startswith("#") and (channel := state.channels.get(inside[1:])):
            return f"<#{channel.id}|{channel.name}>" if escape else f"#{channel.name}"
        if inside.startswith("!subteam^") and (group := state.groups.get(inside[9:])):
            return f"<!subteam^{group.id}|@{group.handle}>" if escape else f"@{group.handle}"
        return match.group() if escape or inside.startswith("!") else inside

    text = _CONTROL.sub(shown, text)
    return _BARE_LINK.sub(r"<\g<0>>", text) if escape else text


def pings(value: Any) -> list[str]:
    """Whom this text, blocks or whole message would notify: `@U…`, `!channel`, `!subteam^S…`.

    A plain_text object notifies nobody, and neither does escaped text.
    """
    if isinstance(value, str):
        return [match.group(1) for match in _PING.finditer(value)]
    if isinstance(value, list):
        return [ping for entry in value for ping in pings(entry)]
    if not isinstance(value, dict) or value.get("type") in {"plain_text", "raw_text"}:
        return []
    found: list[str] = []
    if value.get("type") == "broadcast":
        found.append(f"!{value.get('range')}")
    elif value.get("type") == "user":
        found.append(f"@{value.get('user_id')}")
    elif value.get("type") == "usergroup":
        found.append(f"!subteam^{value.get('usergroup_id')}")
    elif value.get("type") in {"mrkdwn", "markdown"}:
        found += pings(value.get("text"))
    return found + [
        p for entry in value.values() if not isinstance(entry, str) for p in pings(entry)
    ]


def read_blocks(state: State, arguments: Arguments) -> list[Json] | None:
    """The `blocks` argument, checked; None when absent.

    Raises:
        SlackError: invalid_blocks_format, invalid_blocks, msg_blocks_too_long.
    """
    if "blocks" not in arguments:
        return None
    blocks = arguments.json("blocks", malformed="invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = blocks_problems(blocks, Surface.MESSAGE)
    if problems := problems or reference_problems(state, blocks, "/blocks"):
        raise explained("invalid_blocks", problems, errors=True)
    if too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def _read_attachments(state: State, arguments: Arguments) -> list[Json]:
    attachments = arguments.json("attachments", malformed="invalid_attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > MOST_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    for index, attachment in enumerate(attachments):
        blocks, at = attachment.get("blocks") or [], f"/attachments/{index}/blocks"
        problems = blocks_problems(blocks, Surface.MESSAGE, at)
        if problems := problems or reference_problems(state, blocks, at):
            raise explained("invalid_attachments", problems, errors=True)
    return attachments


def read_content(state: State, arguments: Arguments, *, longest: int = LONGEST_POST) -> Content:
    """Text, blocks and attachments of a new message.

    Raises:
        SlackError: no_text, msg_too_long, and what `read_blocks` raises.
    """
    text = arguments.text("text") or ""
    if "markdown_text" in arguments:
        markdown = arguments.text("markdown_text") or ""
        if text or "blocks" in arguments:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > 12_000:
            raise SlackError("msg_too_long")
        return Content("", with_ids([{"type": "markdown", "text": markdown}]), [])
    blocks = read_blocks(state, arguments) or []
    attachments = _read_attachments(state, arguments)
    if not text.strip() and not blocks and not attachments:
        raise SlackError("no_text")
    if len(text) > longest:
        raise SlackError("msg_too_long")
    return Content(slack_text(text) if text else fallback_text(blocks), blocks, attachments)


def read_metadata(arguments: Arguments) -> Json | None:
    """The `metadata` argument (https://docs.slack.dev/messaging/message-metadata).

    Raises:
        SlackError: invalid_metadata_format, metadata_too_large.
    """
    metadata = arguments.json("metadata", malformed="invalid_metadata_format")
    if metadata is None:
        return None
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not re.fullmatch(r"[A-Za-z0-9_.:-]{1,255}", metadata["event_type"])
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata)) > LARGEST_METADATA:
        raise SlackError("metadata_too_large")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}
