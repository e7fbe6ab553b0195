"""The demo's proxy on the event loop that the demo runs on."""

from __future__ import annotations

import asyncio

import uvloop

from bot.demo.front import _pump


def test_an_end_of_stream_for_a_connection_that_is_closed_meanwhile_goes_nowhere() -> None:
    async def main() -> None:
        gone = asyncio.Event()

        async def peer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()
            gone.set()

        server = await asyncio.start_server(peer, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await gone.wait()
        writer.transport.abort()  # as the other pump does
        await asyncio.sleep(0)
        ended = asyncio.StreamReader()
        ended.feed_eof()
        try:
            await _pump(ended, writer)
        finally:
            server.close()
            await server.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
