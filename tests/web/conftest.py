from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, Protocol

import aiohttp
import pytest

from bot import guide
from bot.web import Vitals, build, serving

NOW = datetime(2026, 11, 23, 20, 39, 5, tzinfo=UTC)


class Serve(Protocol):
    async def __call__(self, **parts: Any) -> str: ...


async def quiet() -> Vitals:
    return Vitals(NOW, "1.2.3")


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts the real application on a free loopback port; gives its address."""
    async with AsyncExitStack() as stack:

        async def start(**parts: Any) -> str:
            app = build(**{"guide": guide.html, "vitals": quiet, **parts})
            return await stack.enter_async_context(serving(app, "127.0.0.1", 0))

        yield start


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session
