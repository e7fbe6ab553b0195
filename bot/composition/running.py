"""`wsdiag run` and `wsdiag demo`: the event loop, signals, logging, and the service in it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Awaitable, Callable
from typing import Final

import uvloop

from bot import logs
from bot.composition.effective import settings as load
from bot.composition.errors import UsageError
from bot.composition.service import serve
from bot.demo import run as demo_room
from bot.locales import language
from bot.model import say
from bot.settings import Settings

_COLLECT_AFTER: Final = 10_000  # new objects that may refer to others; Python's own is 700

_log = logging.getLogger("wsdiag")


def run(*, log_format: str | None = None) -> int:
    """Be the bot until SIGTERM or SIGINT. Returns the exit code; raises UsageError."""
    settings = load()
    logs.set_up(log_format or settings.log_format, level=settings.log_level)
    for warning in settings.warnings:
        _log.warning("%s", warning)
    if missing := settings.missing_for_run():
        text = "\n".join(problem.text(settings.lang) for problem in missing)
        raise UsageError(say("{text}", text=text))
    if variables := settings.oauth_variables:
        _log.warning("%s are ignored: wsdiag uses no OAuth", " and ".join(variables))
    _until_signalled(lambda stop: serve(settings, stop))
    return 0


def demo(
    *, port: int = 0, lang: str | None = None, names: int = 1, log_level: str = "warning"
) -> int:
    """Run the demo until SIGTERM or SIGINT. Returns the exit code; raises UsageError."""
    logs.set_up("text", level=log_level)
    spoken = language(lang or "en")

    async def everything(stop: asyncio.Event) -> None:
        async def bot(demo: demo_room.Demo) -> None:
            await serve(Settings(**demo.settings()), stop)

        try:
            await demo_room.run(bot, port=port, lang=spoken, names=names)
        except OSError as error:
            raise UsageError(
                say(
                    "The demo cannot listen on port {port}: {reason}. Choose another with --port.",
                    port=port,
                    reason=error.strerror or str(error),
                )
            ) from None

    _until_signalled(everything)
    return 0


def _until_signalled(work: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `work` with an event that SIGTERM and SIGINT set."""

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await work(stop)

    spare_the_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def spare_the_collector() -> None:
    """Let the collector of cycles pass over what stays for ever, and come a tenth as often: with a
    thousand targets it took as much time as all heartbeats together.

    An older generation is collected after five collections of the one before, the oldest only when
    a quarter of what lives has come to it as well. The second collection here makes that a quarter
    of what is not frozen: with all that was loaded counted in, cycles would wait for hours.
    """
    gc.collect()
    gc.freeze()
    gc.collect()
    gc.set_threshold(_COLLECT_AFTER, 5, 5)
