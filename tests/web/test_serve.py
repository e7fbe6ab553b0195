from __future__ import annotations

import socket

import pytest
from aiohttp import web

from bot.web import ListenError, serving


async def test_a_port_that_is_taken_names_the_setting_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as raised:
            async with serving(web.Application(), "127.0.0.1", port):
                pass
    assert "WSDIAG_HTTP_PORT" in str(raised.value)
    assert str(port) in str(raised.value)


async def test_a_host_that_is_not_ours_names_the_setting_to_change() -> None:
    with pytest.raises(ListenError) as raised:
        async with serving(web.Application(), "192.0.2.1", 0):
            pass
    assert "WSDIAG_HTTP_HOST" in str(raised.value)


async def test_an_address_of_ipv6_is_written_with_brackets() -> None:
    async with serving(web.Application(), "::1", 0) as url:
        assert url.startswith("http://[::1]:")
