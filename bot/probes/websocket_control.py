"""Follow-up `websocket_control`: an upgrade where no Engine.IO can be, and no upgrade where it is.

What refuses upgrades on every path stands in front of the application, or is no WebSocket server;
what refuses them on one path only knows that path. A plain request to the WebSocket's own path
shows who answers there at all.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Final

from bot.model import Finding, FollowUp
from bot.probes.asking import ask, ask_for_upgrade, told
from bot.probes.look import Look

ELSEWHERE: Final = "upgrade elsewhere"
PLAIN: Final = "no upgrade here"


async def probe(look: Look) -> Finding:
    """Ask for both."""
    started = time.monotonic()
    lines = look.headers(origin=True)
    elsewhere = (f"/wsdiag-{secrets.token_hex(6)}", "/wsdiag-random")
    sent, shown = look.endpoint.request_path("websocket")
    asked = await asyncio.gather(
        ask_for_upgrade(look, ELSEWHERE, elsewhere, lines),
        ask(look, PLAIN, look.get(sent, origin=True, shown=shown)),
    )
    return told(FollowUp.WEBSOCKET_CONTROL, asked, started)
