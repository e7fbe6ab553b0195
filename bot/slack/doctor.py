"""`wsdiag doctor` for Slack: tokens, scopes, channels, the clock, and a test alert on request.

Each point ends in a `Check`, never in an exception, and every call has a deadline.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.locales import translate
from bot.model import Check, Message, Status, say
from bot.slack.way.client import REACHING, Mode, SlackAccess, SlackClient, TokenRefused
from bot.slack.way.errors import Trouble, understand
from bot.slack.way.scopes import BOT_SCOPES

CALL_S = 10.0
_PAGES = 20  # of 200 channels, when one is configured by name
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]+")
_SKEW_WARN_S = 30.0
_SKEW_FAIL_S = 300.0  # the replay window of Slack's signatures


@dataclass(frozen=True, slots=True)
class _Bot:
    """What auth.test told."""

    name: str
    team: str
    scopes: frozenset[str]
    skew_s: float | None  # our clock minus Slack's


async def examine(
    access: SlackAccess, channels: Sequence[str], *, post: bool = False, lang: str = "en"
) -> tuple[Check, ...]:
    """Look at everything that concerns Slack.

    `channels` are the IDs or #names that alerts go to. `post` sends a test alert to each of them,
    in `lang`.
    """
    try:
        access.check()
    except TokenRefused as error:
        return (Check("slack tokens", Status.FAIL, say("{problem}", problem=str(error))),)
    async with SlackClient(access) as client:
        checks: list[Check] = []
        bot = await _bot_token(client, checks)
        if access.mode is Mode.SOCKET:
            checks.append(await _app_token(client))
        if bot is None:
            return tuple(checks)
        checks += [_scopes(bot.scopes), _clock(bot.skew_s)]
        if not channels:
            checks.append(
                Check(
                    "slack channel",
                    Status.WARN,
                    say("No channel is configured: nobody is told of an outage."),
                    say("Set WSDIAG_CHANNEL."),
                )
            )
        for channel in dict.fromkeys(channels):
            checks += await _channel(client.brisk, channel, bot, post=post, lang=lang)
        return tuple(checks)


# ---------------------------------------------------------------- tokens


async def _bot_token(client: SlackClient, checks: list[Check]) -> _Bot | None:
    name = "slack bot token"
    try:
        # Once through `identity`, which knows the fix for each refusal.
        await _bounded(client.identity())
        answer = await _bounded(client.brisk.auth_test())
    except TokenRefused as error:
        checks.append(Check(name, Status.FAIL, say("{problem}", problem=str(error))))
        return None
    except REACHING as error:
        checks.append(_out_of_reach(name, error))
        return None
    bot = _Bot(
        name=str(answer.get("user", "")),
        team=str(answer.get("team", "")),
        scopes=frozenset(s.strip() for s in _header(answer, "x-oauth-scopes").split(",") if s),
        skew_s=_skew(_header(answer, "date"), datetime.now(UTC)),
    )
    accepted = say("Slack knows the bot as @{name} in {team}.", name=bot.name, team=bot.team)
    checks.append(Check(name, Status.OK, accepted))
    return bot


async def _app_token(client: SlackClient) -> Check:
    name = "slack app token"
    try:
        await _bounded(client.socket_url())
    except TokenRefused as error:
        return Check(name, Status.FAIL, say("{problem}", problem=str(error)))
    except REACHING as error:
        return _out_of_reach(name, error)
    return Check(name, Status.OK, say("Slack opens Socket Mode for it."))


def _scopes(granted: frozenset[str]) -> Check:
    name = "slack scopes"
    missing = sorted(set(BOT_SCOPES) - granted)
    if missing:
        return Check(
            name,
            Status.FAIL,
            say("The bot token lacks scopes: {scopes}.", scopes=", ".join(missing)),
            say(
                "Put manifest.yml into your Slack app (App Manifest), then reinstall the app to "
                "the workspace."
            ),
        )
    extra = sorted(granted - set(BOT_SCOPES))
    if extra:
        return Check(
            name,
            Status.WARN,
            say("The bot token may do more than it needs: {scopes}.", scopes=", ".join(extra)),
            say("Remove these scopes from your Slack app and reinstall it."),
        )
    return Check(name, Status.OK, say("They are those of manifest.yml."))


def _clock(skew_s: float | None) -> Check:
    name = "clock"
    if skew_s is None:
        return Check(name, Status.SKIPPED, say("Slack did not say what time it is."))
    seconds = round(abs(skew_s))
    if seconds < _SKEW_WARN_S:
        return Check(name, Status.OK, say("It agrees with Slack's."))
    status = Status.FAIL if seconds >= _SKEW_FAIL_S else Status.WARN
    fix = say("Switch time synchronisation on: timedatectl set-ntp true.")
    if skew_s > 0:
        return Check(name, status, say("It is {seconds} s ahead of Slack's.", seconds=seconds), fix)
    return Check(name, status, say("It is {seconds} s behind Slack's.", seconds=seconds), fix)


def _skew(date: str, now: datetime) -> float | None:
    try:
        return (now - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return None


# ---------------------------------------------------------------- channels


async def _channel(
    web: AsyncWebClient, channel: str, bot: _Bot, *, post: bool, lang: str
) -> list[Check]:
    name = f"slack channel {channel}"
    try:
        channel_id = await _id_of(web, channel)
        if channel_id is None:
            return [Check(name, Status.FAIL, _NO_CHANNEL, _invitation(bot))]
        await _bounded(web.conversations_history(channel=channel_id, limit=1))
    except REACHING as error:
        return [_channel_trouble(name, error, bot)]
    checks = [Check(name, Status.OK, say("The bot is a member and can read what it posted."))]
    if post:
        checks.append(await _test_alert(web, name, channel_id, bot, lang))
    return checks


async def _test_alert(
    web: AsyncWebClient, name: str, channel_id: str, bot: _Bot, lang: str
) -> Check:
    words = translate(
        say("This is a test alert of wsdiag: alerts arrive here. Nothing is broken."), lang
    )
    try:
        await _bounded(
            web.chat_postMessage(
                channel=channel_id, text=f"🔔 {words}", unfurl_links=False, unfurl_media=False
            )
        )
    except REACHING as error:
        return replace(_channel_trouble(name, error, bot), name=f"test alert {name}")
    return Check(f"test alert {name}", Status.OK, say("It was posted."))


async def _id_of(web: AsyncWebClient, channel: str) -> str | None:
    """The ID of a channel; None if the bot sees none with that name."""
    if _CHANNEL_ID.fullmatch(channel):
        return channel
    cursor: str | None = None
    for _ in range(_PAGES):
        answer = await _bounded(
            web.conversations_list(
                types="public_channel,private_channel",
                exclude_archived=True,
                limit=200,
                cursor=cursor,
            )
        )
        for found in answer.get("channels") or ():
            if found.get("name") == channel.lstrip("#"):
                return str(found["id"])
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            break
    return None


_NO_CHANNEL = say("The bot sees no such channel.")


def _invitation(bot: _Bot) -> Message:
    return say(
        "Check WSDIAG_CHANNEL, and type /invite @{name} in the channel.", name=bot.name or "wsdiag"
    )


def _channel_trouble(name: str, error: BaseException, bot: _Bot) -> Check:
    trouble = understand(error)
    if trouble.kind is Trouble.TOKEN:
        return Check(
            name,
            Status.FAIL,
            say("Slack refuses: {code}.", code=trouble.code),
            say("Put manifest.yml into your Slack app (App Manifest), then reinstall it."),
        )
    if trouble.code == "not_in_channel":
        return Check(name, Status.FAIL, say("The bot is not in the channel."), _invitation(bot))
    if trouble.code == "channel_not_found":
        return Check(name, Status.FAIL, _NO_CHANNEL, _invitation(bot))
    if trouble.code == "is_archived":
        return Check(
            name,
            Status.FAIL,
            say("The channel is archived."),
            say("Unarchive it, or set WSDIAG_CHANNEL to another one."),
        )
    if trouble.kind in (Trouble.PASSING, Trouble.BUSY):
        return _out_of_reach(name, error)
    return Check(name, Status.FAIL, say("Slack refuses: {code}.", code=trouble.code))


def _out_of_reach(name: str, error: BaseException) -> Check:
    return Check(
        name,
        Status.FAIL,
        say("Slack does not answer: {problem}.", problem=understand(error).code),
        say(
            "Check this machine's way out (DNS, firewall, HTTPS_PROXY) and WSDIAG_SLACK_API_URL; "
            "Slack's own state is on slack-status.com."
        ),
    )


async def _bounded(call: Awaitable[Any]) -> Any:
    async with asyncio.timeout(CALL_S):
        return await call


def _header(answer: AsyncSlackResponse, name: str) -> str:
    headers: Mapping[str, Any] = answer.headers or {}
    return next((str(v) for k, v in headers.items() if k.lower() == name), "")
