"""A Socket.IO server as a process of its own, to be killed and frozen: argv[1] is the port."""

from __future__ import annotations

import asyncio
import sys

from tests.servers.python_socketio import PythonServer


async def main() -> None:
    async with PythonServer(port=int(sys.argv[1])) as server:
        print("listening", server.port, flush=True)  # noqa: T201
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
