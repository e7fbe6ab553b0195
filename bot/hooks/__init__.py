"""Webhooks: what happened to an incident, POSTed to whatever else the team runs.

| module | subject |
|---|---|
| `body` | a `Call` → the JSON of docs/webhook.md |
| `signing` | the headers by which a receiver knows that it is ours |
| `patience` | what an answer means: taken, to be tried again, to be given up |
| `caller` | delivers, in order per webhook, until taken |
"""

from bot.hooks.body import Words, body
from bot.hooks.caller import Caller, Endpoint

__all__ = ["Caller", "Endpoint", "Words", "body"]
