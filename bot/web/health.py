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
    shown: the page may be public. It is asked for every few seconds, so what stays as it was is
    logged once.
    """
    said: dict[str, str] = {}  # check → why it failed the last time; empty: it did not

    async def handle(_request: web.Request) -> web.Response:
        names = list(checks)
        troubles = await asyncio.gather(*(_ask(checks[name], deadline_s) for name in names))
        for name, trouble in zip(names, troubles, strict=True):
            before, said[name] = said.get(name, ""), trouble
            if trouble and trouble != before:
                _log.warning("not ready: %s: %s", name, trouble)
            elif before and not trouble:
                _log.info("ready again: %s", name)
        ok = not any(troubles)
        answers = {name: not trouble for name, trouble in zip(names, troubles, strict=True)}
        body = {"ok": ok, "checks": answers}
        return web.json_response(body, status=200 if ok else 503)

    return handle


async def _ask(check: Check, deadline_s: float) -> str:
    """Why a check fails; empty if it does not."""
    try:
        async with asyncio.timeout(deadline_s):
            return "" if await check() else "no"
    except TimeoutError:
        return f"no answer within {deadline_s:g} s"
    except Exception as error:  # noqa: BLE001  a check that fails is an answer, whatever it raised
        return str(error) or type(error).__name__
