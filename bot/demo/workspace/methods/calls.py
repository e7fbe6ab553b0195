"""What a method of the Web API is: its handler, and what Slack demands before it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.demo.workspace.arguments import Arguments
from bot.demo.workspace.core import Core
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.limits import Tier
from bot.demo.workspace.records import Channel, Json

Handler = Callable[[Core, Arguments], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the method table.

    Slack's reference page of each method names tier, scopes and accepted content types.
    """

    handler: Handler
    tier: Tier
    scope: str | None = None  # the bot scope needed, whatever the arguments
    json: bool = True  # takes JSON bodies; the others know forms only
    app_level: bool = False  # wants the xapp- token
    per_channel: bool = False  # also counted per channel


def need_scope(core: Core, *scopes: str) -> None:
    """Require one of the scopes.

    Raises:
        SlackError: missing_scope, with `needed` and `provided`.
    """
    if not core.state.scopes.intersection(scopes):
        raise SlackError(
            "missing_scope", needed=",".join(scopes), provided=",".join(sorted(core.state.scopes))
        )


def visible_channel(core: Core, name_or_id: str | None, *, by_name: bool = False) -> Channel:
    """A channel the bot may know of: private ones only as a member.

    Raises:
        SlackError: channel_not_found.
    """
    state = core.state
    channel = None
    if name_or_id:
        channel = state.channel(name_or_id) if by_name else state.channels.get(name_or_id)
    if channel is None or (channel.is_private and state.bot.id not in channel.members):
        raise SlackError("channel_not_found")
    return channel


def scoped(channel: Channel, right: str) -> str:
    """The scope for a kind of channel: `channels:read`, `groups:history`, `im:write`…"""
    kind = "im" if channel.is_im else "groups" if channel.is_private else "channels"
    return f"{kind}:{right}"
