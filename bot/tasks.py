"""Tasks that must not outlive whoever began them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def call_off(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs of these, and wait until each is over, however it went."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def together(steps: Iterable[Awaitable[T]]) -> list[T]:
    """What these come to, run at once; the first exception ends the others, and is raised as it
    is once they are over."""
    tasks = [asyncio.ensure_future(step) for step in steps]
    try:
        return await asyncio.gather(*tasks)
    finally:
        await call_off(*tasks)
