"""/healthz and /readyz: named checks, each with a deadline, all at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Check = Callable[[], Awaitable[bool]]

DEADLINE_S = 3.0  # orchestrators wait 5 s or less

_log = logging.getLogger("wsdiag.web")


def handler(
    checks: Mapping[str, Check], deadline_s: float = DEADLINE_S
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Answer 200 when every check is true, else 503; the body says which are.

    `{"ok": false, "checks": {"slack": true, "store": false}}`. Why one fails is logged and not
    shown: the page may be public.
    """

    async def handle(_request: web.Request) -> web.Response:
        names = list(checks)
        answers = await asyncio.gather(*(_ask(name, checks[name], deadline_s) for name in names))
        ok = all(answers)
        body = {"ok": ok, "checks": dict(zip(names, answers, strict=True))}
        return web.json_response(body, status=200 if ok else 503)

    return handle


async def _ask(name: str, check: Check, deadline_s: float) -> bool:
    try:
        async with asyncio.timeout(deadline_s):
            return bool(await check())
    except TimeoutError:
        _log.warning("health check %s did not answer within %g s", name, deadline_s)
    except Exception as error:  # noqa: BLE001  a check that fails is an answer, whatever it raised
        _log.warning("health check %s failed: %s: %s", name, type(error).__name__, error)
    return False
