"""The bot in Slack: commands, buttons, alerts.

| module | subject |
|---|---|
| `app` | wiring: `SlackBot` starts, runs and stops; `build` makes the Bolt app |
| `asking` | what people ask: commands, mentions, shortcuts, the Home tab |
| `acting` | what people do: buttons, modals, mutes, the hand-over |
| `alerting` | what the bot says by itself: incidents, storms, notices, digests |
| `desk` | what handlers are given to work with |
| `clicks`, `forms` | what every click and every modal needs |
| `checks` | a check on request: joined, shown live, answered |
| `pictures`, `weeks` | charts as Slack takes them; weeks of targets, reckoned |
| `doctor` | whether the tokens and the app are as they should be |
| `way` | the way to Slack and back: tokens, sockets, HTTP, channels, people |
| `blocks` | what it all looks like (pure) |
"""

from bot.slack.app import Bindings, SlackBot
from bot.slack.way.client import Mode, SlackAccess, TokenRefused

__all__ = ["Bindings", "Mode", "SlackAccess", "SlackBot", "TokenRefused"]
