"""Listening, and stopping in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.locales import translate
from bot.model import Message, say

_STOP_S = 3.0  # for requests under way
_LINGER_S = 0.5  # reading on after a refusal, so that the sender sees it and no reset


class ListenError(Exception):
    """The address cannot be listened on; `message` says which setting to change."""

    def __init__(self, message: Message) -> None:
        super().__init__(translate(message, "en"))
        self.message = message


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve while the context is open; gives the address, such as `http://127.0.0.1:8080`.

    Port 0 takes a free one. Raises ListenError.
    """
    runner = web.AppRunner(
        app,
        access_log=None,  # health checks every few seconds would drown everything else
        handle_signals=False,
        shutdown_timeout=_STOP_S,
        keepalive_timeout=30.0,
        lingering_time=_LINGER_S,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise ListenError(
                say(
                    "The web server cannot listen on {host} port {port}: {reason}. Set "
                    "WSDIAG_HTTP_HOST or WSDIAG_HTTP_PORT to something else.",
                    host=host,
                    port=port,
                    reason=error.strerror or str(error),
                )
            ) from error
        actual = runner.addresses[0][1]
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{actual}"
    finally:
        await runner.cleanup()
