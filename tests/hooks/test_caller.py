"""Calls on their way: a real receiver, a real database, and a receiver that misbehaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.hooks import Caller, Endpoint, Words
from bot.incidents import TargetState, observe
from bot.model import Act, ActKind, Feed, Observation, State
from bot.store import Store
from tests.hooks.receiver import Receiver, receiving
from tests.slack.reports import report

SECRET = "s3cret-s3cret-s3cret"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(f"sqlite:///{tmp_path / 'wsdiag.db'}") as opened:
        opened.calls.wanted = True
        yield opened


class Backend:
    """A target that does what the test says, recorded as the watcher records it."""

    def __init__(self, store: Store) -> None:
        self.store, self.state = store, TargetState("prod")

    async def is_(self, *states: State) -> None:
        for state in states:
            now = datetime.now(UTC)
            seen = Observation("prod", now, state, report(state))
            self.state, transitions = observe(self.state, seen, now)
            await self.store.record(self.state, transitions)


@pytest.fixture
async def start(store: Store, receiver: Receiver) -> AsyncIterator[Callable[..., Caller]]:
    """Starts a caller; all end with the test."""
    tasks: list[asyncio.Task[None]] = []

    def begin(urls: dict[Feed, str | None] | None = None, **options: Any) -> asyncio.Task[None]:
        places = urls or dict.fromkeys(Feed, receiver.url)

        def endpoint(feed: Feed) -> Endpoint | None:
            url = places[feed]
            return Endpoint(SecretStr(url), SecretStr(SECRET)) if url else None

        caller = Caller(
            store.calls,
            endpoint,
            lambda: Words("en", lambda _: None, lambda _: None),
            now=lambda: datetime.now(UTC),
            lease=store.lease("webhooks"),
            first_retry_s=0.05,
            **options,
        )
        tasks.append(asyncio.create_task(caller.run()))
        return tasks[-1]

    yield begin  # type: ignore[misc]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_every_transition_is_told_in_order_and_signed(
    store: Store, receiver: Receiver, start: Callable[..., Any]
) -> None:
    start()
    await Backend(store).is_(State.UP, State.DEGRADED, State.DOWN, State.UP, State.DOWN)
    events = await receiver.until(4)
    assert [(e["type"], e["before"], e["after"]) for e in events] == [
        ("incident.opened", "up", "degraded"),
        ("incident.changed", "degraded", "down"),
        ("incident.closed", "down", "up"),
        ("incident.opened", "up", "down"),
    ]
    assert len({e["id"] for e in events}) == 4
    assert len({e["incident"]["id"] for e in events}) == 2
    for (sent, _), event in zip(receiver.asked, events, strict=True):
        assert sent["webhook-id"] == event["id"]
        assert sent["Content-Type"] == "application/json"
        assert sent["User-Agent"].startswith("wsdiag/")


async def test_a_mute_keeps_no_event_back(
    store: Store, receiver: Receiver, start: Callable[..., Any]
) -> None:
    start()
    until = datetime(2099, 1, 1, tzinfo=UTC)
    await store.acts.add(Act(ActKind.MUTED, "prod", "U1", datetime.now(UTC), until=until))
    await Backend(store).is_(State.DOWN, State.UP)
    assert len(await receiver.until(2)) == 2


async def test_what_is_not_taken_is_repeated_under_its_id_before_anything_else(
    store: Store, receiver: Receiver, start: Callable[..., Any]
) -> None:
    away = [web.Response(status=503), web.Response(status=401), web.Response(status=429)]
    receiver.answers = away
    start()
    await Backend(store).is_(State.DOWN, State.UP)
    events = await receiver.until(2)
    assert [e["type"] for e in events] == ["incident.opened", "incident.closed"]
    assert len(receiver.asked) == 5
    assert len({headers["webhook-id"] for headers, _ in receiver.asked[:4]}) == 1
    assert len({content for _, content in receiver.asked[:4]}) == 1


async def test_what_a_dead_process_left_is_told_by_the_next(
    store: Store, receiver: Receiver, start: Callable[..., Any]
) -> None:
    await Backend(store).is_(State.DOWN)
    dead = start({Feed.TRANSITIONS: "http://127.0.0.1:1/", Feed.ESCALATION: None})
    async with asyncio.timeout(10):
        while not (head := await store.calls.next(Feed.TRANSITIONS)) or not head.attempts:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    dead.cancel()
    await asyncio.wait({dead})
    start()
    await receiver.until(1)


async def test_a_redirect_is_not_followed(
    store: Store, receiver: Receiver, start: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [web.Response(status=307, headers={"Location": "/elsewhere"})]
    start()
    await Backend(store).is_(State.DOWN)
    await receiver.until(1)
    assert len(receiver.asked) == 2, "once refused, once taken, nowhere else"
    assert "redirects are not followed" in caplog.text


async def test_one_that_hangs_is_let_go_of(
    store: Store, receiver: Receiver, start: Callable[..., Any]
) -> None:
    hung = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hung.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    urls: dict[Feed, str | None] = {
        Feed.TRANSITIONS: f"http://127.0.0.1:{port}/", Feed.ESCALATION: None,
    }  # fmt: skip
    start(urls, call_s=0.2)
    await Backend(store).is_(State.DOWN)
    async with asyncio.timeout(10):
        await hung.wait()
    urls[Feed.TRANSITIONS] = receiver.url
    await receiver.until(1)
    server.close()
    await server.wait_closed()


async def test_no_log_holds_the_address_or_the_secret(
    store: Store, receiver: Receiver, start: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "wsdiag")
    receiver.answers = [web.Response(status=400, text="s3cret") for _ in range(8)]
    start()
    await Backend(store).is_(State.DOWN, State.UP)
    (event,) = await receiver.until(1)
    assert event["type"] == "incident.closed", "the refused one was given up"
    assert "given up after 8 attempts" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_webhook_that_is_taken_out_of_the_settings_leaves_nothing_waiting(
    store: Store, start: Callable[..., Any]
) -> None:
    await Backend(store).is_(State.DOWN)
    start(dict.fromkeys(Feed))
    async with asyncio.timeout(10):
        while (await store.calls.waiting())[Feed.TRANSITIONS]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    store.calls.wanted = False
    state = TargetState("other")
    now = datetime.now(UTC)
    seen = Observation("other", now, State.DOWN, report(State.DOWN))
    after, transitions = observe(state, seen, now)
    await store.record(after, transitions)
    assert (await store.calls.waiting())[Feed.TRANSITIONS] == 0


async def test_an_escalation_calls_the_pager_and_is_recorded_with_its_call(
    store: Store, receiver: Receiver, start: Callable[..., Any]
) -> None:
    store.calls.wanted = False
    backend = Backend(store)
    await backend.is_(State.DOWN)
    assert backend.state.incident is not None
    act = Act(ActKind.CALLED, "prod", None, datetime.now(UTC), backend.state.incident.id)
    await store.calls.escalate(act)
    start()
    (event,) = await receiver.until(1)
    assert (event["type"], event["after"]) == ("incident.escalated", "down")
    assert await store.acts.of_incident(backend.state.incident.id) == [act]
    await store.calls.escalate(Act(ActKind.CALLED, "prod", None, act.at, "gone"))
    assert (await store.calls.waiting())[Feed.ESCALATION] == 0
