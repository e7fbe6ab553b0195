"""All that the workspace knows, and the questions asked of it. No network here."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from bot.demo.workspace.changes import Changes
from bot.demo.workspace.clock import Clock
from bot.demo.workspace.records import (
    AppConfig,
    Channel,
    File,
    Message,
    StepRun,
    User,
    UserGroup,
    View,
)

_ID_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


def new_id(prefix: str) -> str:
    """A Slack-like identifier: a letter for the kind, then ten random characters."""
    return prefix + "".join(secrets.choice(_ID_ALPHABET) for _ in range(10))


class State:
    """People, channels, messages and views of one workspace with one app installed."""

    def __init__(self, name: str, app: AppConfig, clock: Clock, changes: Changes) -> None:
        self.name = name
        self.domain = "".join(c for c in name.lower() if c.isalnum()) or "workspace"
        self.app = app
        self.clock = clock
        self.changes = changes
        self.team_id = new_id("T")
        self.app_id = new_id("A")
        self.bot_id = new_id("B")
        self.scopes: set[str] = set(app.scopes)
        self.users: dict[str, User] = {}
        self.groups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, dict[str, Message]] = {}  # channel → ts → message, in order
        self.ephemerals: list[Message] = []
        self.views: dict[str, View] = {}
        self.stacks: dict[str, list[str]] = {}  # user → ids of the open modals, topmost last
        self.homes: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.runs: dict[str, StepRun] = {}
        self.refused_blocks: set[str] = set()  # kinds of blocks that Slack does not take here
        self.base_url = ""  # set when the server listens
        self._last_ts = 0
        self.bot = self._add(
            User(new_id("U"), app.name.lower().replace(" ", "-"), app.name, is_bot=True)
        )

    def _add(self, user: User) -> User:
        user.team_id = user.team_id or self.team_id
        self.users[user.id] = user
        return user

    # ---------------------------------------------------------------- people and places

    def add_user(self, user: User) -> User:
        """Let a person in."""
        self._add(user)
        self.changes.publish("roster")
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Open a channel."""
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.changes.publish("roster")
        return channel

    def user(self, name_or_id: str) -> User | None:
        """A person by id or name."""
        found = self.users.get(name_or_id)
        name = name_or_id.removeprefix("@")
        return found or next((u for u in self.users.values() if u.name == name), None)

    def channel(self, name_or_id: str) -> Channel | None:
        """A channel by id or name (`#general` or `general`)."""
        found = self.channels.get(name_or_id)
        name = name_or_id.removeprefix("#")
        return found or next(
            (c for c in self.channels.values() if not c.is_im and c.name == name), None
        )

    def direct_channel(self, user: User) -> Channel:
        """The direct message between a person and the app, opened when first needed."""
        for channel in self.channels.values():
            if channel.is_im and channel.user == user.id:
                return channel
        return self.add_channel(
            Channel(
                new_id("D"),
                "directmessage",
                {user.id, self.bot.id},
                is_im=True,
                user=user.id,
                created=int(self.clock.now()),
            )
        )

    # ---------------------------------------------------------------- messages

    def new_ts(self) -> str:
        """A timestamp that no other message has."""
        micros = max(int(self.clock.now() * 1_000_000), self._last_ts + 1)
        self._last_ts = micros
        return f"{micros // 1_000_000}.{micros % 1_000_000:06d}"

    def message(self, channel: str, ts: str) -> Message | None:
        """The message of a channel with this timestamp; ephemerals are in no channel."""
        return self.messages.get(channel, {}).get(ts)

    def ephemeral(self, channel: str, ts: str) -> Message | None:
        """An ephemeral message by its timestamp."""
        return next((m for m in self.ephemerals if m.channel == channel and m.ts == ts), None)

    def replies(self, parent: Message) -> list[Message]:
        """The replies below a message, oldest first."""
        return [
            m
            for m in self.messages[parent.channel].values()
            if m.thread_ts == parent.ts and m.ts != parent.ts
        ]

    def timeline(self, channel: str) -> Iterator[Message]:
        """What the channel itself shows, oldest first: no replies unless broadcast."""
        return (
            m
            for m in self.messages.get(channel, {}).values()
            if not m.is_reply or m.reply_broadcast
        )

    def post(self, message: Message) -> Message:
        """Put a message where its fields say, and tell everyone."""
        if message.ephemeral_to is not None:
            self.ephemerals.append(message)
        else:
            self.messages[message.channel][message.ts] = message
        self.touch(message)
        return message

    def touch(self, message: Message) -> None:
        """Tell everyone that a message is new or changed (its thread's parent with it)."""
        self.changes.publish("message", channel=message.channel, ts=message.ts)
        if message.is_reply and message.thread_ts:
            self.changes.publish("message", channel=message.channel, ts=message.thread_ts)

    def remove(self, message: Message) -> None:
        """Delete a message; a parent with replies stays as a tombstone, as in Slack."""
        if message.ephemeral_to is not None:
            if message in self.ephemerals:
                self.ephemerals.remove(message)
        elif not message.is_reply and self.replies(message):
            message.subtype = "tombstone"
            message.text = "This message was deleted."
            message.blocks, message.attachments = [], []
            message.metadata = None
        else:
            self.messages[message.channel].pop(message.ts, None)
        self.touch(message)

    def file_url(self, file: File) -> str:
        """`url_private` and permalink of a file."""
        return f"{self.base_url}{file.path()}"

    # ---------------------------------------------------------------- views

    def open_modals(self, user: str) -> list[View]:
        """A user's stack of modals, topmost last."""
        return [self.views[view_id] for view_id in self.stacks.get(user, [])]

    def view_changed(self, view: View) -> None:
        """Tell everyone that a user's modal stack or Home tab changed."""
        self.changes.publish("home" if view.is_home else "modals", user=view.user)

    def close_modals(self, user: str, *, keep: int = 0) -> list[View]:
        """Take views off a user's stack until `keep` are left; returns them, topmost first."""
        stack = self.stacks.get(user, [])
        closed = [self.views.pop(view_id) for view_id in reversed(stack[keep:])]
        self.stacks[user] = stack[:keep]
        if closed:
            self.changes.publish("modals", user=user)
        return closed
