"""What a workspace is made of: people, channels, messages, views, files, the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# Every scope that a method of this workspace asks for.
ALL_BOT_SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "metadata.message:read",
    "reactions:read",
    "reactions:write",
    "team:read",
    "usergroups:read",
    "users:read",
    "users:read.email",
)


@dataclass(slots=True)
class User:
    """A person, or the app's bot user (`is_bot`)."""

    id: str
    name: str
    real_name: str
    locale: str = "en-US"
    tz: str = "Europe/London"
    email: str | None = None
    is_admin: bool = False
    is_owner: bool = False
    is_guest: bool = False  # a multi-channel guest: `is_restricted`
    is_single_channel_guest: bool = False  # `is_ultra_restricted`
    is_external: bool = False  # of another organisation, through a shared channel
    is_bot: bool = False
    deleted: bool = False
    team_id: str = ""


@dataclass(slots=True)
class UserGroup:
    """A group that can be mentioned and holds people, such as @oncall."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...] = ()


@dataclass(slots=True)
class Channel:
    """A channel, or a direct message with the app (`is_im`)."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    is_im: bool = False
    is_shared: bool = False
    user: str | None = None  # the other person of a direct message
    created: int = 0


@dataclass(slots=True)
class Message:
    """A message in a channel, or one that only `ephemeral_to` sees."""

    channel: str
    ts: str
    user: str
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    reply_broadcast: bool = False
    ephemeral_to: str | None = None
    by_app: bool = False
    author_name: str | None = None  # chat:write.customize, or Slackbot's voice
    metadata: Json | None = None
    edited: Json | None = None
    subtype: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    unfurl_links: bool = True
    unfurl_media: bool = True
    revisions: int = 0  # how often it was edited

    @property
    def is_reply(self) -> bool:
        """In a thread, below its parent."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(slots=True)
class View:
    """A modal of one user's stack, or a Home tab."""

    id: str
    user: str
    payload: Json  # what the app gave, block_ids and action_ids filled in
    hash: str
    root_id: str
    previous_id: str | None = None
    state: dict[str, dict[str, Json]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)  # of the last refused submission
    external_id: str | None = None

    @property
    def is_home(self) -> bool:
        """A Home tab, not a modal."""
        return self.payload.get("type") == "home"


@dataclass(slots=True)
class File:
    """An upload, shared once `completed`."""

    id: str
    name: str
    length: int
    ticket: str
    content: bytes | None = None
    title: str | None = None
    completed: bool = False
    content_type: str = "application/octet-stream"
    alt_text: str = ""

    def path(self) -> str:
        """Where the page finds it, below the workspace's address."""
        return f"files/{self.id}/{self.name}"


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """A command of the manifest. `should_escape` makes Slack mark up people, channels and links."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut of the manifest; `kind` is `global` or `message`."""

    name: str
    callback_id: str
    kind: str = "global"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input or output of a custom step; `kind` as in the manifest, such as `string`."""

    name: str
    kind: str = "string"
    title: str = ""
    description: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class CustomStep:
    """A step for Workflow Builder: a function of the manifest."""

    callback_id: str
    title: str
    description: str = ""
    inputs: tuple[Parameter, ...] = ()
    outputs: tuple[Parameter, ...] = ()

    @classmethod
    def from_manifest(cls, callback_id: str, function: Mapping[str, Any]) -> CustomStep:
        """https://docs.slack.dev/reference/app-manifest#functions"""
        return cls(
            callback_id,
            function["title"],
            function.get("description", ""),
            _parameters(function.get("input_parameters") or {}),
            _parameters(function.get("output_parameters") or {}),
        )


def _parameters(declared: Mapping[str, Any]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            name,
            one["type"],
            one.get("title", name),
            one.get("description", ""),
            bool(one.get("is_required")),
        )
        for name, one in declared.items()
    )


@dataclass(slots=True)
class StepRun:
    """A workflow that waits for a step of the app; `token` is good until the step has ended."""

    id: str
    step: CustomStep
    user: str
    inputs: Json
    token: str = field(repr=False)
    status: str = "running"  # then "completed" or "failed"
    outputs: Json = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class AppConfig:
    """What the app's manifest says: only what is declared here reaches the app.

    `request_url` with `socket_mode=False` makes the workspace deliver signed HTTP requests.
    """

    name: str = "wsdiag"
    description: str = "Watches WebSocket backends"
    commands: tuple[SlashCommand, ...] = (
        SlashCommand("/wsdiag", "Check a backend and say why it fails", "[target]"),
    )
    shortcuts: tuple[Shortcut, ...] = ()
    scopes: tuple[str, ...] = ALL_BOT_SCOPES
    bot_events: tuple[str, ...] = (
        "app_mention",
        "app_home_opened",
        "message.channels",
        "message.groups",
        "message.im",
    )
    socket_mode: bool = True
    interactivity: bool = True
    home_tab: bool = True
    messages_tab: bool = True
    messages_tab_read_only: bool = False
    request_url: str | None = None
    steps: tuple[CustomStep, ...] = ()

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any], **overrides: Any) -> AppConfig:
        """Read a manifest (https://docs.slack.dev/reference/app-manifest), already parsed.

        ValueError: it declares functions without what Slack demands for them.
        """
        features = manifest.get("features") or {}
        settings = manifest.get("settings") or {}
        interactivity = settings.get("interactivity") or {}
        display = manifest.get("display_information") or {}
        home = features.get("app_home") or {}
        read: dict[str, Any] = {
            "name": (features.get("bot_user") or {}).get("display_name") or display.get("name"),
            "description": display.get("description", ""),
            "commands": tuple(
                SlashCommand(
                    c["command"],
                    c.get("description", ""),
                    c.get("usage_hint", ""),
                    bool(c.get("should_escape")),
                )
                for c in features.get("slash_commands") or ()
            ),
            "shortcuts": tuple(
                Shortcut(s["name"], s["callback_id"], s["type"], s.get("description", ""))
                for s in features.get("shortcuts") or ()
            ),
            "scopes": tuple(
                ((manifest.get("oauth_config") or {}).get("scopes") or {}).get("bot") or ()
            ),
            "bot_events": tuple(
                (settings.get("event_subscriptions") or {}).get("bot_events") or ()
            ),
            "socket_mode": bool(settings.get("socket_mode_enabled", False)),
            "interactivity": bool(interactivity.get("is_enabled", False)),
            "home_tab": bool(home.get("home_tab_enabled", False)),
            "messages_tab": bool(home.get("messages_tab_enabled", True)),
            "messages_tab_read_only": bool(home.get("messages_tab_read_only_enabled", False)),
            "request_url": interactivity.get("request_url"),
            "steps": tuple(
                CustomStep.from_manifest(callback_id, function)
                for callback_id, function in (manifest.get("functions") or {}).items()
            ),
        }
        if read["steps"] and not (
            settings.get("function_runtime") == "remote" and settings.get("org_deploy_enabled")
        ):
            raise ValueError("functions need function_runtime: remote and org_deploy_enabled: true")
        return cls(**{**read, **overrides})
