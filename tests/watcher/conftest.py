"""A watcher at work: a real store, real servers, and the tools to wait for what happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import engineio.base_client  # type: ignore[import-untyped]
import pytest
from aiohttp import web

from bot.incidents import Incident
from bot.model import Delivery, Target, TransitionKind, Transport, WatchSettings
from bot.store import Store
from bot.watcher import ConnectionLog, Pace, Snapshot, Sockets, Watchers
from bot.watcher.held import Held, open_held
from tests.watcher.prober import probe

DEADLINE_S = 60.0
QUICK = Pace(
    heartbeat_s=0.2,
    echo_s=0.3,
    pong_s=0.3,
    drop_s=2.0,
    connect_s=2.0,
    retry_max_s=0.5,
    stable_s=0.5,
    gather_s=0.0,
    settle_s=0.1,
    recheck_first_s=0.2,
    recheck_max_s=0.5,
    uneven_s=0.05,
    write_s=0.2,
    sample_s=1,
)
WATCH = WatchSettings(interval_s=600.0, confirm_s=0.8)


async def until(true: Callable[[], bool], what: str = "it") -> None:
    """Wait for something that has no event of its own."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not true():  # noqa: ASYNC110 - that is the point
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"{what} did not happen within {DEADLINE_S} s")


class Bot:
    """Watchers on a store, as `wsdiag run` has them."""

    def __init__(self, store: Store, watchers: Watchers) -> None:
        self.store = store
        self.watchers = watchers

    def snapshot(self, name: str = "prod") -> Snapshot:
        found = self.watchers.snapshot(name)
        assert found is not None
        return found

    async def see(self, true: Callable[[Snapshot], bool], name: str = "prod") -> Snapshot:
        await until(lambda: true(self.snapshot(name)), f"what was expected of {name}")
        return self.snapshot(name)

    async def told(self, *kinds: TransitionKind) -> list[Delivery]:
        """Wait until exactly these deliveries are queued (an unsent CHANGED gives way)."""
        found: list[Delivery] = []
        try:
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    self.store.wake.clear()
                    found = await self.store.pending()
                    if tuple(delivery.kind for delivery in found) == kinds:
                        return found
                    await self.store.wake.wait()
        except TimeoutError:
            pytest.fail(f"told {[d.kind.value for d in found]} instead of {kinds}")

    async def incidents(self) -> list[Incident]:
        return await self.store.recent_incidents()


@asynccontextmanager
async def running(
    folder: Path,
    *targets: Target,
    pace: Pace = QUICK,
    channel: str | None = "C1",
    **options: object,
) -> AsyncIterator[Bot]:
    """A bot that watches `targets`; at the end it is stopped as a SIGTERM would."""
    async with await Store.open(f"sqlite:///{folder / 'wsdiag.db'}") as store:
        given = {"diagnose": probe, "history": store.history, **options}
        watchers = Watchers(store=store, pace=pace, channel=channel, **given)  # type: ignore[arg-type]
        task = asyncio.create_task(watchers.run(targets))
        try:
            await until(lambda: task.done() or len(watchers.snapshots()) == len(targets))
            yield Bot(store, watchers)
        finally:
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.result()


class Lines(logging.Handler):
    """The connection log, as records."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def events(self) -> list[str]:
        return [record.event for record in self.records]  # type: ignore[attr-defined]


@pytest.fixture
def connection_log() -> Iterator[Lines]:
    logger, lines = logging.getLogger("wsdiag.connection"), Lines()
    before = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(before)


Open = Callable[..., Awaitable[Held]]
Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def hold() -> AsyncIterator[Open]:
    """`held = await hold(target, [transports])`; closed when the test ends."""
    async with Sockets() as sockets, AsyncExitStack() as stack:

        async def start(target: Target, *transports: Transport, pace: object = QUICK) -> Held:
            held = await open_held(
                target,
                transports or (Transport.WEBSOCKET,),
                sockets=sockets,
                pace=pace,  # type: ignore[arg-type]
                log=ConnectionLog(target.name, target.url),
            )
            stack.push_async_callback(held.close)
            return held

        yield start
    assert engineio.base_client.connected_clients == []


@pytest.fixture
async def http_server() -> AsyncIterator[Serve]:
    """`url = await http_server(handler)`: every request goes to the handler."""
    async with AsyncExitStack() as stack:

        async def start(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> str:
            app = web.Application()
            app.router.add_route("*", "/{tail:.*}", handler)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            return f"http://127.0.0.1:{runner.addresses[0][1]}"

        yield start
