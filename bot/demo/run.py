"""`wsdiag demo`: a local Slack workspace, a backend to break, and the very same bot between them.

The bot is handed over as a coroutine function, so that the demo knows nothing of it. Everything
listens on loopback and needs neither token nor internet.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.demo.app import APP
from bot.demo.backend import BreakableBackend
from bot.demo.workspace import AppConfig, Panel, Switch, Workspace
from bot.locales import translate
from bot.model import Message, say

TARGET = "backend"
CHANNEL = "ops"
ORIGIN = "http://localhost:3000"  # where a front end is usually developed
PEOPLE = (("mira", "Mira Holm"), ("jonas", "Jonas Weber"), ("aiko", "Aiko Tanaka"))
_LOCALES = {"en": "en-US", "ru": "ru-RU"}
_INTERVAL_S = 20.0  # seconds between full checks: somebody is watching
_REMIND_MIN = 2.0  # nobody plays for the quarter of an hour that would suit a team
_MENTION_MIN = 5.0

# What each fault of BreakableBackend is called on the page, and what it does.
SWITCHES: dict[str, tuple[Message, Message]] = {
    "none": (say("Healthy"), say("Everything works.")),
    "stop": (say("Stop"), say("The process is killed; its port refuses connections.")),
    "hang": (say("Hang"), say("The process is stopped in its tracks; connections stay open.")),
    "restart": (say("Restart"), say("The process is killed and comes back after a while.")),
    "502": (say("502"), say("A proxy answers, the process behind it is gone.")),
    "no_websocket": (say("No WebSocket"), say("A proxy does not pass the Upgrade header on.")),
    "wrong_cors": (say("Wrong CORS origin"), say("The server allows another page's origin.")),
    "slow": (say("Slow"), say("Each request blocks the server for most of a second.")),
    "auth_refused": (say("Auth refused"), say("The namespace refuses every token.")),
}


@dataclass(frozen=True, slots=True)
class Demo:
    """What the bot is told, as `wsdiag run` is told it by the environment."""

    workspace: Workspace
    backend: BreakableBackend
    channel_id: str
    developers_id: str  # the channel that incidents are handed over to
    group_id: str  # … and who is mentioned there
    folder: Path  # for the database; gone afterwards
    lang: str
    names: int = 1  # of the backend: with several of them a fault is a storm

    def settings(self) -> dict[str, Any]:
        """Settings by their TOML key, secrets as SecretStr.

        Meant for `Settings(**…)` rather than `settings.load`: nothing of the person's own
        environment, `.env.local` or wsdiag.toml belongs into the demo.
        """
        return {
            "slack_api_url": self.workspace.api_url,
            "slack_bot_token": SecretStr(self.workspace.bot_token),
            "slack_app_token": SecretStr(self.workspace.app_token),
            "channel": self.channel_id,
            "lang": self.lang,
            "database_url": SecretStr(f"sqlite+aiosqlite:///{self.folder / 'demo.db'}"),
            "http_port": 0,
            "escalation": {
                "remind_every_min": _REMIND_MIN,
                "after_min": _MENTION_MIN,
                "mention": [self.workspace.user(PEOPLE[0][0]).id],
                "hand_over_channel": self.developers_id,
                "hand_over_mention": [self.group_id],
            },
            "targets": {name: self._target() for name in self._names()},
        }

    def _names(self) -> list[str]:
        return [TARGET, *(f"{TARGET}-{n}" for n in range(2, self.names + 1))]

    def _target(self) -> dict[str, Any]:
        return {
            "url": self.backend.url,
            "origin": ORIGIN,
            "health_path": "/health",
            "watch": {"interval_s": _INTERVAL_S},
        }


Bot = Callable[[Demo], Awaitable[None]]


async def run(
    bot: Bot,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    lang: str = "en",
    app: AppConfig = APP,
    announce: Callable[[str], None] | None = None,
    restart_s: float = 12.0,
    names: int = 1,
) -> None:
    """Start workspace and backend, tell the page's address, run `bot` until it ends.

    `port` is the page's, 0 takes any; `app` is the manifest the workspace installs; `announce`
    gets the address (default: printed); `names`: how many targets the one backend is. However the
    bot ends, by itself, by cancellation or by an exception (which goes on to the caller), nothing
    is left running. OSError: the port is taken; ValueError: `host` is not on loopback.
    """
    panel = _panel(lang)
    workspace = Workspace(panel=panel, app=app)

    def changed(fault: str) -> None:
        panel.current = fault
        workspace.core.changes.publish("panel")

    backend = BreakableBackend(origin=ORIGIN, restart_s=restart_s, on_change=changed)
    panel.choose = backend.set_fault
    places = _furnish(workspace, lang)
    with tempfile.TemporaryDirectory(prefix="wsdiag-demo-") as folder:
        # The page's port first: if that is taken there is nothing to start.
        try:
            await workspace.start(host, port)
            async with backend:
                (announce or _print)(workspace.base_url)
                await bot(Demo(workspace, backend, *places, Path(folder), lang, names))
        finally:
            await workspace.stop()


def _panel(lang: str) -> Panel:
    switches = [
        Switch(name, translate(label, lang), translate(what, lang), danger=name != "none")
        for name, (label, what) in SWITCHES.items()
    ]

    async def not_yet(_: str) -> None:
        """Replaced as soon as there is a backend."""

    return Panel(
        title=translate(say("Backend"), lang),
        description=translate(
            say("Break it and see the alert arrive in #{channel}.", channel=CHANNEL), lang
        ),
        switches=switches,
        choose=not_yet,
        current="none",
    )


def _furnish(workspace: Workspace, lang: str) -> tuple[str, str, str]:
    """People and channels; the ids of the channel for alerts, of the one that incidents are handed
    over to, and of the group that is mentioned there."""
    people = [
        workspace.add_user(name, real_name=real_name, locale=_LOCALES.get(lang, "en-US"))
        for name, real_name in PEOPLE
    ]
    topic = translate(say("Incidents and who looks at them"), lang)
    ops = workspace.add_channel(CHANNEL, members=people, topic=topic)
    workspace.add_channel("general", members=people)
    developers = workspace.add_channel("developers", members=people)
    group = workspace.add_group("backend-team", users=people[1:])
    return ops.id, developers.id, group.id


def _print(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
