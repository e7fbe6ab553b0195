"""The app as the demo installs it: what manifest.workflow.yml declares (a test compares them)."""

from __future__ import annotations

from typing import Final

from bot.demo.workspace import AppConfig, CustomStep, Parameter, Shortcut, SlashCommand

APP: Final = AppConfig(
    name="wsdiag",
    description="Watches Socket.IO and WebSocket backends and names the cause when they fail.",
    commands=(
        SlashCommand(
            "/wsdiag",
            "Check a backend and find out why it cannot be reached",
            "[check] [target] | deep | status | targets | chart | history | guide | explain TEXT"
            " | mute | ack | help",
            should_escape=False,
        ),
    ),
    shortcuts=(
        Shortcut(
            "Explain this error",
            "explain_error",
            "message",
            "Say what an error or a log means, to me alone",
        ),
        Shortcut(
            "Diagnose a backend", "diagnose", "global", "Choose a target and find out why it fails"
        ),
    ),
    scopes=(
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
    ),
    bot_events=(
        "app_home_opened",
        "app_mention",
        "function_executed",
    ),
    home_tab=True,
    messages_tab=True,
    messages_tab_read_only=True,
    steps=(
        CustomStep(
            "diagnose_backend",
            "Diagnose a backend",
            "Checks a backend and names the cause when it fails",
            inputs=(
                Parameter(
                    "target",
                    kind="string",
                    title="Target",
                    description="A target by the name it has in wsdiag's settings",
                    required=True,
                ),
                Parameter(
                    "deep",
                    kind="boolean",
                    title="Deep check",
                    description="Hold connections as well, up to two and a half minutes",
                    required=False,
                ),
                Parameter(
                    "user",
                    kind="slack#/types/user_id",
                    title="Person",
                    description="Who runs the workflow; needed where not everybody may check",
                    required=False,
                ),
            ),
            outputs=(
                Parameter(
                    "state",
                    kind="string",
                    title="State",
                    description="up, degraded, down or unknown",
                    required=True,
                ),
                Parameter(
                    "cause",
                    kind="string",
                    title="Cause",
                    description="The code of the cause, where one is named",
                    required=False,
                ),
                Parameter(
                    "summary",
                    kind="string",
                    title="Summary",
                    description="State and cause in a sentence",
                    required=True,
                ),
                Parameter(
                    "fix",
                    kind="string",
                    title="Fix",
                    description="What to do about it, where a cause is named",
                    required=False,
                ),
            ),
        ),
    ),
)
