"""A server that is told things by webhook, and takes them or does not."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Receiver:
    """A server that takes calls as the test says; by default all of them."""

    events: list[Any] = field(default_factory=list)  # taken
    asked: list[Any] = field(default_factory=list)  # all attempts: headers and body
    answers: list[web.Response] = field(default_factory=list)  # instead of 200, one after the other
    news: asyncio.Condition = field(default_factory=asyncio.Condition)
    url: str = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        async with self.news:
            self.asked.append((dict(request.headers), content))
            answer = self.answers.pop(0) if self.answers else web.Response()
            if answer.status < 300:
                self.events.append(json.loads(content))
            self.news.notify_all()
        return answer

    async def until(self, count: int) -> list[Any]:
        async with asyncio.timeout(60), self.news:
            await self.news.wait_for(lambda: len(self.events) >= count)
        return self.events


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on loopback."""
    made = Receiver()
    application = web.Application()
    application.router.add_post("/{tail:.*}", made.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/hook/s3cret"
    try:
        yield made
    finally:
        await runner.cleanup()
