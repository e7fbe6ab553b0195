"""What one person of the workspace sees: the snapshot a page starts from, and its changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from bot.demo.workspace.core import Core
from bot.demo.workspace.panel import Panel
from bot.demo.workspace.records import Channel, File, Json, Message, User
from bot.demo.workspace.render import channel_json, message_json, view_json

MOST_SHOWN = 300  # messages of a channel in a snapshot
PREVIEW = 1_200  # bytes of a text file


class Sight:
    """Shows a workspace through one person's eyes: their channels, their ephemerals."""

    def __init__(self, core: Core, panel: Panel | None) -> None:
        self._core = core
        self._panel = panel
        self._events: dict[str, Callable[[Json, User], Json | None]] = {
            "message": self._message_event,
            "modals": lambda _, user: {"modals": self._modals(user)},
            "home": lambda _, user: {"home": self._home_json(user)},
            "notice": lambda event, _: {"error": event["error"]},
            "roster": lambda _, user: {**self._roster(user), "panel": self._panel_json(user)},
            "panel": lambda _, user: {"panel": self._panel_json(user)},
            "sockets": lambda event, _: {"count": event["count"]},
            "step": lambda event, _: self._step(event["run"]),
        }

    def event(self, event: Json, user: User) -> Json | None:
        """A change as this person may see it; None when it is none of theirs."""
        kind = event["type"]
        if kind not in self._events or event.get("user") not in {None, user.id}:
            return None
        shown = self._events[kind](event, user)
        return {"type": kind, **shown} if shown is not None else None

    def _message_event(self, event: Json, user: User) -> Json | None:
        if event["channel"] not in self._channels(user):
            return None
        return {
            "channel": event["channel"],
            "ts": event["ts"],
            "message": self._message(user, event["channel"], event["ts"]),
        }

    def _step(self, run_id: str) -> Json:
        run = self._core.state.runs[run_id]
        return {"title": run.step.title, "outputs": run.outputs, "error": run.error}

    def _channels(self, user: User) -> dict[str, Channel]:
        return {c.id: c for c in self._core.state.channels.values() if user.id in c.members}

    def _message(self, user: User, channel: str, ts: str) -> Json | None:
        state = self._core.state
        message = state.message(channel, ts) or state.ephemeral(channel, ts)
        if message is None or message.ephemeral_to not in {None, user.id}:
            return None
        return self._message_json(message)

    def _message_json(self, message: Message) -> Json:
        shown = message_json(self._core.state, message)
        shown["ephemeral"] = message.ephemeral_to is not None
        shown["author_name"] = message.author_name
        shown["broadcast"] = message.reply_broadcast
        for file in shown.get("files", ()):
            file["preview"] = _preview(self._core.state.files[file["id"]])
        return shown

    def _modals(self, user: User) -> list[Json]:
        state = self._core.state
        return [{**view_json(state, v), "errors": v.errors} for v in state.open_modals(user.id)]

    def _home_json(self, user: User) -> Json | None:
        view = self._core.state.homes.get(user.id)
        return view_json(self._core.state, view) if view is not None else None

    def _panel_json(self, user: User) -> Json | None:
        return self._panel.json(user.locale.partition("-")[0]) if self._panel else None

    def _roster(self, user: User) -> Json:
        state = self._core.state
        return {
            "me": user.id,
            "users": [
                {
                    "id": u.id,
                    "name": u.name,
                    "real_name": u.real_name,
                    "is_bot": u.is_bot,
                    "is_guest": u.is_guest or u.is_single_channel_guest,
                    "is_external": u.is_external,
                    "locale": u.locale,
                }
                for u in state.users.values()
            ],
            "groups": [{"id": g.id, "handle": g.handle} for g in state.groups.values()],
            "channels": [
                {
                    **channel_json(state, c),
                    "topic_text": c.topic,
                    "members": sorted(c.members),
                }
                for c in self._channels(user).values()
            ],
        }

    def snapshot(self, user: User) -> Json:
        """Everything the page shows to this person."""
        state = self._core.state
        messages = {}
        for channel in self._channels(user):
            mine = [
                m for m in state.ephemerals if m.channel == channel and m.ephemeral_to == user.id
            ]
            everything = sorted([*state.messages[channel].values(), *mine], key=lambda m: m.ts)
            messages[channel] = [self._message_json(m) for m in everything[-MOST_SHOWN:]]
        return {
            **self._roster(user),
            "team": {"id": state.team_id, "name": state.name},
            "app": {
                "id": state.app_id,
                "name": state.app.name,
                "description": state.app.description,
                "user": state.bot.id,
                "home_tab": state.app.home_tab,
                "socket_mode": state.app.socket_mode,
                "may_write": state.app.messages_tab and not state.app.messages_tab_read_only,
                "messages_tab": state.app.messages_tab,
                "commands": [
                    {"command": c.command, "description": c.description, "hint": c.usage_hint}
                    for c in state.app.commands
                ],
                "shortcuts": [
                    {
                        "name": s.name,
                        "callback_id": s.callback_id,
                        "kind": s.kind,
                        "description": s.description,
                    }
                    for s in state.app.shortcuts
                ],
                "steps": [
                    {
                        "callback_id": s.callback_id,
                        "title": s.title,
                        "description": s.description,
                        "inputs": [asdict(one) for one in s.inputs],
                    }
                    for s in state.app.steps
                ],
            },
            "direct": state.direct_channel(user).id,
            "messages": messages,
            "modals": self._modals(user),
            "home": self._home_json(user),
            "panel": self._panel_json(user),
            "sockets": self._core.sockets.count,
        }


def _preview(file: File) -> str | None:
    """The beginning of a text file, as Slack shows it below the name."""
    if file.content is None or not file.content_type.startswith("text/"):
        return None
    return file.content[:PREVIEW].decode(errors="replace")
