"""Follow-ups that ask one question of several paths or Origins: who answers where?"""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable
from typing import Final

from bot.model import Finding, FollowUp
from bot.probes.asking import Asked, ask, ask_all, ask_for_upgrade, told
from bot.probes.look import Look
from bot.tasks import together

COMMON_PATHS: Final = (
    "/socket.io/",
    "/socket.io",
    "/engine.io/",
    "/ws/",
    "/socket/",
    "/realtime/",
    "/api/socket.io/",
    "/ws/socket.io/",
    "/api/ws/",
    "/api/v1/socket.io/",
    "/v1/socket.io/",
    "/backend/socket.io/",
    "/live/",
    "/io/",
    "/events/",
)
OVER_WEBSOCKET: Final = " over websocket"


async def random_path(look: Look) -> Finding:
    """Ask for a path that cannot exist: a portal or an app shell answers it all the same."""
    request = look.get(f"/wsdiag-{secrets.token_hex(6)}", shown="/wsdiag-random")
    return await ask_all(look, FollowUp.RANDOM_PATH, [("random", request)])


async def path_candidates(look: Look) -> Finding:
    """Try the polling handshake where Engine.IO is often mounted."""
    own = look.endpoint.path
    prefix = look.endpoint.namespace.rstrip("/")
    # A proxy that cuts the path off makes of the doubled one what the server waits for.
    paths = [own.rstrip("/") + own, *(p for p in COMMON_PATHS if p != own)]
    if prefix:
        # What was taken for a namespace may have been meant as the path of a proxy.
        paths = [f"{prefix}/", f"{prefix}{own}", *paths]
    requests = [
        (path, look.engine_request("GET", to=look.polling_endpoint.at(path))) for path in paths
    ]
    return await ask_all(look, FollowUp.PATH_CANDIDATES, requests)


async def origin_variants(look: Look) -> Finding:
    """Repeat both handshakes without an Origin, with the backend's own, with ours."""
    started = time.monotonic()
    origins = {"none": None, "own": look.polling_endpoint.origin}
    if look.target.origin:
        origins["configured"] = look.target.origin
    steps: list[Awaitable[Asked]] = []
    for label, origin in origins.items():
        lines = look.headers() + ((("Origin", origin),) if origin else ())
        request = look.engine_request("GET", headers=lines)
        steps.append(ask(look, label, request))
        path = look.endpoint.request_path("websocket")
        steps.append(ask_for_upgrade(look, label + OVER_WEBSOCKET, path, lines))
    asked = await together(steps)
    return told(FollowUp.ORIGIN_VARIANTS, asked, started)
