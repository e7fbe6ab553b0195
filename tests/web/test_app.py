"""The routes that Slack uses."""

from __future__ import annotations

import aiohttp
from aiohttp import web

from tests.web.conftest import Serve


async def echo(request: web.Request) -> web.StreamResponse:
    return web.Response(text=await request.text())


async def test_without_http_mode_there_is_no_door(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve()
    async with http.post(f"{url}/slack/events") as answer:
        assert answer.status == 404


async def test_a_request_reaches_the_handler_with_its_body(
    serve: Serve, http: aiohttp.ClientSession
) -> None:
    url = await serve(slack_handler=echo)
    async with http.post(f"{url}/slack/events", data="payload=1") as answer:
        assert (answer.status, await answer.text()) == (200, "payload=1")


async def test_only_post_comes_in(serve: Serve, http: aiohttp.ClientSession) -> None:
    url = await serve(slack_handler=echo)
    async with http.get(f"{url}/slack/events") as answer:
        assert answer.status == 405
