"""The bot's own web server: health, metrics, the guide, and Slack's requests in HTTP mode.

| module | what |
|---|---|
| `app` | the routes |
| `serve` | listening, and stopping in time |
| `health` | alive, ready |
| `metrics` | Prometheus |
| `guide` | the guide as a page |
| `headers` | security headers, whatever the answer |
"""

from bot.web.app import build
from bot.web.metrics import Vitals
from bot.web.serve import ListenError, serving

__all__ = ["ListenError", "Vitals", "build", "serving"]
