"""What Slack's refusals mean for us: try again, go elsewhere, or tell someone. One function."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError


class Trouble(StrEnum):
    """The kinds that are treated differently."""

    BUSY = "busy"  # 429: after Retry-After
    PASSING = "passing"  # network, 5xx, timeouts: later
    CHANNEL = "channel"  # this conversation cannot be posted to
    MESSAGE = "message"  # the message (or its thread) is gone or cannot be edited
    TOKEN = "token"  # noqa: S105 — the token is refused, or lacks a scope
    CONTENT = "content"  # what we sent was not accepted: our own mistake


@dataclass(frozen=True, slots=True)
class SlackTrouble:
    """`code` is Slack's own word (or the exception's name), safe to log and to show."""

    kind: Trouble
    code: str
    retry_after_s: float | None = None


# docs.slack.dev/reference/methods/chat.postMessage#errors and its neighbours
_CHANNEL = frozenset(
    {
        "cannot_dm_bot",
        "channel_not_found",
        "channel_type_not_supported",
        "is_archived",
        "is_inactive",
        "messages_tab_disabled",
        "not_in_channel",
        "posting_to_general_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "slack_connect_blocked_file_upload",
        "team_access_not_granted",
        "user_disabled",
        "user_not_found",
        "user_not_in_channel",
        "user_not_visible",
    }
)
_MESSAGE = frozenset(
    {
        "cannot_reply_to_message",
        "cant_update_message",
        "edit_window_closed",
        "message_not_found",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
        "thread_not_found",
    }
)
TOKEN_REFUSALS = frozenset(
    {
        "access_denied",
        "account_inactive",
        "app_not_installed",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
_PASSING = frozenset(
    {
        "accesslimited",
        "fatal_error",
        "internal_error",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
_DEFAULT_RETRY_AFTER_S = 30.0


def understand(error: BaseException) -> SlackTrouble:
    """What an exception of the SDK, of aiohttp or of a deadline means."""
    if isinstance(error, SlackApiError):
        return _refused(error)
    if isinstance(error, TimeoutError | asyncio.TimeoutError | aiohttp.ClientError | OSError):
        return SlackTrouble(Trouble.PASSING, type(error).__name__)
    if isinstance(error, SlackClientError):
        return SlackTrouble(Trouble.CONTENT, type(error).__name__)
    raise error


def raise_if_passing(error: BaseException) -> None:
    """Only what will not get better by itself is a reason to go on without an answer."""
    if understand(error).kind in (Trouble.BUSY, Trouble.PASSING):
        raise error


def _refused(error: SlackApiError) -> SlackTrouble:
    response = error.response
    status = int(getattr(response, "status_code", None) or getattr(response, "status", None) or 0)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, Mapping) else ""
    if status == 429 or code in ("ratelimited", "rate_limited"):
        headers = getattr(response, "headers", None) or {}
        return SlackTrouble(Trouble.BUSY, code or "ratelimited", _retry_after(headers))
    if code in _CHANNEL:
        return SlackTrouble(Trouble.CHANNEL, code)
    if code in _MESSAGE:
        return SlackTrouble(Trouble.MESSAGE, code)
    if code in TOKEN_REFUSALS:
        return SlackTrouble(Trouble.TOKEN, code)
    if code in _PASSING or status >= 500 or not code:
        return SlackTrouble(Trouble.PASSING, code or f"HTTP {status}")
    return SlackTrouble(Trouble.CONTENT, code)


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds that Slack asks to wait; a header that is no number counts as absent."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return max(0.0, float(value[0] if isinstance(value, list) else value))
            except ValueError:
                break
    return _DEFAULT_RETRY_AFTER_S
