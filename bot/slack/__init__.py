"""The bot in Slack: commands, buttons, alerts.

| module | subject |
|---|---|
| `app` | wiring: `SlackBot` starts, runs and stops; `build` makes the Bolt app |
| `client` | tokens, the session, retries, proxies |
| `sockets`, `http` | how Slack reaches us: Socket Mode, or our own web server |
| `desk` | what handlers are given to work with |
| `parse` | what a person typed (pure) |
| `access`, `people` | who may (pure), and who someone is |
| `commands`, `home` | `/wsdiag` and mentions, the App Home |
| `actions`, `incident_actions` | the buttons of reports and of incidents |
| `shortcuts`, `workflow` | the other ways in: shortcuts, a step for Workflow Builder |
| `acting` | what a person does about an incident: recorded, told, shown on its message |
| `quieting`, `noting`, `sharing`, `escalating` | acknowledge, mute, note, share, hand over |
| `timeline`, `handover` | what is handed over (pure) |
| `subjects`, `marks` | which incidents a button is about, what their message says was done |
| `forms`, `clicks` | what every modal and every click needs |
| `reading`, `explaining` | the guide; what a pasted error means |
| `checks` | a check on request: joined, shown live, answered |
| `posting` | messages into a conversation, by postMessage or response_url |
| `notices` | what the bot says of itself, into the default channel |
| `alerts`, `incident_messages`, `channels` | the outbox into channels: when, what, how |
| `errors` | what Slack's refusals mean |
| `blocks/`, `mrkdwn` | what it all looks like (pure) |
"""

from bot.slack.app import Bindings, SlackBot
from bot.slack.way.client import Mode, SlackAccess, TokenRefused

__all__ = ["Bindings", "Mode", "SlackAccess", "SlackBot", "TokenRefused"]
