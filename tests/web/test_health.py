from __future__ import annotations

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web

from bot.web import health
from tests.web.conftest import Serve


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def broken() -> bool:
    msg = "database at /secret/place is locked"
    raise RuntimeError(msg)


async def test_a_bot_without_checks_is_alive(serve: Serve, http: aiohttp.ClientSession) -> None:
    url = await serve()
    async with http.get(f"{url}/healthz") as answer:
        assert answer.status == 200
        assert await answer.json() == {"ok": True, "checks": {}}


async def test_one_failing_check_makes_the_bot_not_ready_yet_alive(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve(ready={"slack": yes, "store": no}, alive={"loop": yes})
    async with http.get(f"{url}/readyz") as answer:
        assert answer.status == 503
        assert await answer.json() == {"ok": False, "checks": {"slack": True, "store": False}}
    async with http.get(f"{url}/healthz") as answer:
        assert answer.status == 200


async def test_a_check_that_raises_is_an_answer_and_its_reason_stays_in_the_log(
    serve: Serve, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    url = await serve(ready={"store": broken})
    with caplog.at_level(logging.WARNING):
        async with http.get(f"{url}/readyz") as answer:
            assert answer.status == 503
            assert "secret" not in await answer.text()
    assert "/secret/place" in caplog.text


async def test_what_stays_as_it_was_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    troubles = ["locked", "locked", "full", "", ""]

    async def check() -> bool:
        if trouble := troubles.pop(0):
            raise RuntimeError(trouble)
        return True

    handle = health.handler({"store": check})
    caplog.set_level(logging.INFO, "wsdiag.web")
    for _ in range(5):
        await handle(None)  # type: ignore[arg-type]
    assert [record.getMessage() for record in caplog.records] == [
        "not ready: store: locked",
        "not ready: store: full",
        "ready again: store",
    ]


async def test_a_check_that_hangs_counts_as_failed() -> None:
    hangs = asyncio.Event()

    async def hanging() -> bool:
        return await hangs.wait()

    handle = health.handler({"store": hanging, "slack": yes}, deadline_s=0.01)
    answer = await handle(None)  # type: ignore[arg-type]  the handler does not look at it
    assert isinstance(answer, web.Response)
    assert answer.status == 503
    assert answer.text == '{"ok": false, "checks": {"store": false, "slack": true}}'
