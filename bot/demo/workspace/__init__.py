"""A strict local Slack workspace: Web API, Socket Mode and signed HTTP, a page, and scripting.

workspace = Workspace(rate_limits=False)
mira = workspace.add_user("mira")
ops = workspace.add_channel("ops", members=[mira])
await workspace.start()
# give the bot workspace.api_url, workspace.bot_token, workspace.app_token
await workspace.wait_for(lambda: workspace.sockets.count)
await workspace.command(mira, ops, "/wsdiag", "prod")
await workspace.wait_for(lambda: workspace.messages(ops))
await workspace.stop()
"""

from bot.demo.workspace.clock import Clock, ManualClock, SystemClock
from bot.demo.workspace.core import ApiCall
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.limits import Rate, Tier
from bot.demo.workspace.panel import Panel, Switch
from bot.demo.workspace.people import Outcome
from bot.demo.workspace.records import (
    AppConfig,
    Channel,
    CustomStep,
    Message,
    Parameter,
    Shortcut,
    SlashCommand,
    StepRun,
    User,
    UserGroup,
    View,
)
from bot.demo.workspace.workspace import Workspace

__all__ = [
    "ApiCall",
    "AppConfig",
    "Channel",
    "Clock",
    "CustomStep",
    "ManualClock",
    "Message",
    "Outcome",
    "Panel",
    "Parameter",
    "Rate",
    "Shortcut",
    "SlackError",
    "SlashCommand",
    "StepRun",
    "Switch",
    "SystemClock",
    "Tier",
    "User",
    "UserGroup",
    "View",
    "Workspace",
]
