"""A workspace with a few people, and a plain slack_sdk client to break its rules with."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Channel, ManualClock, User, Workspace


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def workspace(clock: ManualClock) -> AsyncIterator[Workspace]:
    """Without rate limits; the tests of limits switch them on."""
    async with Workspace(rate_limits=False, clock=clock) as workspace:
        yield workspace


@pytest.fixture
def mira(workspace: Workspace) -> User:
    return workspace.add_user("mira", real_name="Mira Okafor")


@pytest.fixture
def ops(workspace: Workspace, mira: User) -> Channel:
    return workspace.add_channel("ops", members=[mira])


@pytest.fixture
def client(workspace: Workspace) -> AsyncWebClient:
    client = AsyncWebClient(workspace.bot_token, base_url=workspace.api_url, timeout=10)
    client.retry_handlers.clear()
    return client


class Refusal:
    """`async with refused("code") as refusal:` holds a call to Slack's error code."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body: dict[str, object] = {}
        self.messages: list[str] = []

    async def __aenter__(self) -> Refusal:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, _: object) -> bool:
        if error is None:
            pytest.fail(f"Slack would have answered {self.code}", pytrace=False)
        if not isinstance(error, SlackApiError):
            return False
        self.status = error.response.status_code
        self.headers = dict(error.response.headers)
        self.body = error.response.data
        assert self.body["error"] == self.code, self.body
        self.messages = self.body.get("response_metadata", {}).get("messages", [])
        return True


@pytest.fixture
def refused() -> type[Refusal]:
    return Refusal
