"""Drawing in a process of its own: neither the event loop nor the bot's memory knows of it.

To import matplotlib and draw takes a second of pure computing and some 60 MB. A thread would hold
the loop up by the interpreter's lock, and what is imported is never given back.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter

from bot.charts.clock import Zone
from bot.charts.picture import Picture

DEADLINE_S: Final = 60.0  # the first time in a fresh container matplotlib also looks for fonts
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class DrawingError(Exception):
    """No picture came of it; the message says why, for the log."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the drawing process is told."""

    picture: Picture
    zone: Zone
    lang: str


ORDER: Final = TypeAdapter(Order)


class Artist:
    """Draws one picture at a time: more would only slow each other down."""

    def __init__(self, *, deadline_s: float = DEADLINE_S) -> None:
        self._deadline_s = deadline_s
        self._turn = asyncio.Semaphore(1)

    async def draw(self, picture: Picture, zone: Zone, lang: str) -> bytes:
        """The picture as a PNG.

        Raises DrawingError, also when it takes longer than the deadline. A caller that is
        cancelled leaves no process behind.
        """
        order = ORDER.dump_json(Order(picture, zone, lang))
        async with self._turn:
            try:
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "bot.charts",
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                )  # fmt: skip
            except OSError as error:
                raise DrawingError(f"no process to draw in: {error}") from error
            try:
                async with asyncio.timeout(self._deadline_s):
                    drawn, complaints = await process.communicate(order)
            except TimeoutError:
                raise DrawingError(f"not drawn within {self._deadline_s:.0f} s") from None
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if process.returncode != 0 or not drawn.startswith(_PNG):
            said = complaints.decode(errors="replace").strip().splitlines()
            raise DrawingError(f"exit code {process.returncode}: {said[-1] if said else 'silence'}")
        return drawn
