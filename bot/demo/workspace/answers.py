"""What comes back from the app: response_url POSTs, acks with a payload, view responses.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

from typing import Any

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.blockkit import elements_of
from bot.demo.workspace.content import read_content, read_metadata
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods.chat import compose
from bot.demo.workspace.methods.views import checked_view, place_modal, replace_view
from bot.demo.workspace.records import Json, Message, View
from bot.demo.workspace.tickets import ResponseUrl

SLACKBOT = "USLACKBOT"


def respond(core: Core, url: ResponseUrl, body: Json) -> Message | None:
    """Carry out a response: a new message, a replacement, or a deletion.

    Works where the bot is no member. A command's response cannot replace anything: there is no
    message it came from.

    Raises:
        SlackError: as chat.postMessage would.
    """
    arguments = Arguments(body)
    channel = core.state.channels[url.channel]
    if channel.is_archived:
        raise SlackError("is_archived")
    origin = _origin(core, url)
    if origin is not None and arguments.flag("delete_original"):
        core.state.remove(origin)
        if not any(name in arguments for name in ("text", "blocks", "attachments")):
            return None
    content = read_content(core.state, arguments)
    metadata = read_metadata(arguments)
    if origin is not None and arguments.flag("replace_original"):
        origin.text, origin.blocks = content.text, content.blocks
        origin.attachments = content.attachments
        origin.metadata = metadata or origin.metadata
        origin.revisions += 1
        if origin.ephemeral_to is None:
            origin.edited = {"user": core.state.bot.id, "ts": core.state.new_ts()}
        core.state.touch(origin)
        return origin
    in_channel = arguments.text("response_type") == "in_channel"
    thread_ts = arguments.text("thread_ts") or (url.thread_ts if url.origin_ts else None)
    if thread_ts and core.state.message(channel.id, thread_ts) is None:
        raise SlackError("invalid_thread_ts")
    return core.state.post(
        compose(
            core,
            channel,
            content,
            ephemeral_to=None if in_channel else url.user,
            thread_ts=thread_ts,
            metadata=metadata,
        )
    )


def _origin(core: Core, url: ResponseUrl) -> Message | None:
    if url.origin_ts is None:
        return None
    if url.origin_ephemeral:
        return core.state.ephemeral(url.channel, url.origin_ts)
    return core.state.message(url.channel, url.origin_ts)


def slackbot_says(core: Core, channel: str, user: str, text: str) -> Message:
    """Slackbot's word to one person, as when a command fails."""
    return core.state.post(
        Message(
            channel,
            core.state.new_ts(),
            SLACKBOT,
            text,
            ephemeral_to=user,
            author_name="Slackbot",
        )
    )


def view_response(core: Core, view: View, payload: Any) -> str | None:
    """Do what the ack of a view_submission says.

    Returns:
        None, or what Slack would show as trouble: the app's answer was wrong.
    """
    if not isinstance(payload, dict) or not payload.get("response_action"):
        core.state.close_modals(view.user, keep=_depth(core, view))
        return None
    action = payload["response_action"]
    try:
        if action == "errors":
            return _show_errors(core, view, payload.get("errors"))
        if action == "update":
            replace_view(core, view, checked_view(core.state, payload.get("view"), "modal"))
        elif action == "push":
            place_modal(core, view.user, checked_view(core.state, payload.get("view"), "modal"))
        elif action == "clear":
            core.state.close_modals(view.user)
        else:
            return "invalid_arguments"
    except SlackError as error:
        return error.code
    return None


def _depth(core: Core, view: View) -> int:
    stack = [v.id for v in core.state.open_modals(view.user)]
    return stack.index(view.id) if view.id in stack else len(stack)


def _show_errors(core: Core, view: View, errors: Any) -> str | None:
    """Errors go to input blocks by block_id; Slack refuses any other place."""
    inputs = {
        b["block_id"]
        for b in view.payload["blocks"]
        if b["type"] == "input" and any(True for _ in elements_of(b))
    }
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        return "invalid_arguments"
    view.errors = {str(block): str(text) for block, text in errors.items()}
    core.state.view_changed(view)
    return None
