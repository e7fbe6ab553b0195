from __future__ import annotations

import io

import aiohttp
import pytest
from aiohttp import web

from bot.web import slack_events
from tests.web.conftest import Serve

SIGNED = {"X-Slack-Request-Timestamp": "1700000000", "X-Slack-Signature": "v0=" + "0" * 64}


async def echo(request: web.Request) -> web.StreamResponse:
    return web.Response(text=await request.text())


async def test_without_http_mode_there_is_no_door(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve()
    async with http.post(f"{url}/slack/events", headers=SIGNED) as answer:
        assert answer.status == 404


async def test_a_signed_request_reaches_the_handler_with_its_body(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve(slack_handler=echo)
    async with http.post(f"{url}/slack/events", headers=SIGNED, data="payload=1") as answer:
        assert (answer.status, await answer.text()) == (200, "payload=1")


@pytest.mark.parametrize(
    "changes",
    [
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "１７０"},
        {"X-Slack-Request-Timestamp": "1e9"},
        {"X-Slack-Request-Timestamp": "9" * 40},
        {"X-Slack-Request-Timestamp": ""},
        {"X-Slack-Request-Timestamp": None},
        {"X-Slack-Signature": None},
    ],
)
async def test_what_is_not_signed_is_refused_before_the_verifier(
    changes: dict[str, str | None], serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve(slack_handler=echo)
    headers = {k: v for k, v in {**SIGNED, **changes}.items() if v is not None}
    async with http.post(f"{url}/slack/events", headers=headers) as answer:
        assert answer.status == 401


async def test_a_body_that_is_declared_too_large_is_refused_unread(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve(slack_handler=echo)
    too_much = io.BytesIO(b"x" * (slack_events.LARGEST_BODY + 1))
    async with http.post(f"{url}/slack/events", headers=SIGNED, data=too_much) as answer:
        assert answer.status == 413


async def test_only_post_comes_in(serve: Serve, http: aiohttp.ClientSession) -> None:
    url = await serve(slack_handler=echo)
    async with http.get(f"{url}/slack/events", headers=SIGNED) as answer:
        assert answer.status == 405
