"""The bot in Slack: commands, buttons, alerts.

| module | subject |
|---|---|
| `app` | wiring: `SlackBot` starts, runs and stops; `build` makes the Bolt app |
| `client` | tokens, the session, retries, proxies |
| `sockets`, `http` | how Slack reaches us: Socket Mode, or our own web server |
| `desk` | what handlers are given to work with |
| `parse` | what a person typed (pure) |
| `access`, `people` | who may (pure), and who someone is |
| `commands`, `actions`, `home` | `/wsdiag` and mentions, buttons, the App Home |
| `checks` | a check on request: joined, shown live, answered |
| `posting` | messages into a conversation, by postMessage or response_url |
| `notices` | what the bot says of itself, into the default channel |
| `alerts`, `incident_messages`, `channels` | the outbox into channels: when, what, how |
| `errors` | what Slack's refusals mean |
| `blocks/`, `mrkdwn` | what it all looks like (pure) |
"""

from bot.slack.app import Bindings, SlackBot
from bot.slack.client import Mode, SlackAccess, TokenRefused

__all__ = ["Bindings", "Mode", "SlackAccess", "SlackBot", "TokenRefused"]
