"""HTTP mode: the same payloads as signed requests, checked with the SDK's own verifier."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.demo.workspace import AppConfig, Channel, ManualClock, User, Workspace
from bot.demo.workspace.deliveries import sign


@dataclass
class App:
    """A request URL that keeps what it is sent and answers as told."""

    url: str = ""
    status: int = 200
    answer: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[dict[str, str], str]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.seen.append((dict(request.headers), await request.text()))
        return web.Response(status=self.status, text=self.answer, headers=self.headers)


@pytest.fixture
async def app(workspace: Workspace) -> AsyncIterator[App]:
    app = App()
    application = web.Application()
    application.router.add_post("/slack/events", app.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    app.url = f"http://127.0.0.1:{port}/slack/events"
    workspace.app = AppConfig(socket_mode=False, request_url=app.url, bot_events=("app_mention",))
    yield app
    await runner.cleanup()


async def test_a_command_is_a_signed_form(
    workspace: Workspace, app: App, mira: User, ops: Channel, clock: ManualClock
) -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    assert (await workspace.command(mira, ops, "/wsdiag", "a b&c")).error is None
    ((headers, body),) = app.seen
    verifier = SignatureVerifier(workspace.signing_secret, clock=clock)
    assert verifier.is_valid_request(body, headers)
    assert not verifier.is_valid_request(body + "x", headers)
    assert parse_qs(body)["text"] == ["a b&amp;c"]


def test_the_signature_is_that_of_slacks_own_example() -> None:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack (its worked example)"""
    body = (
        "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
        "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
        "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands"
        "%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    assert sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body) == (
        "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    )


async def test_an_answer_in_the_body_is_shown(
    workspace: Workspace, app: App, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands#responding_to_commands"""
    app.answer = "plain words"
    await workspace.command(mira, ops, "/wsdiag")
    assert [m.text for m in workspace.ephemerals(mira)] == ["plain words"]


async def test_an_error_status_fails_the_command(
    workspace: Workspace, app: App, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands"""
    app.status = 500
    assert (await workspace.command(mira, ops, "/wsdiag")).error == "dispatch_failed"


async def test_an_interaction_is_a_form_with_a_payload(
    workspace: Workspace, app: App, mira: User
) -> None:
    """https://docs.slack.dev/reference/interaction-payloads"""
    from bot.demo.workspace import Shortcut

    workspace.app = AppConfig(
        socket_mode=False, request_url=app.url, shortcuts=(Shortcut("Check", "check"),)
    )
    await workspace.shortcut(mira, "check")
    ((_, body),) = app.seen
    payload: dict[str, Any] = json.loads(parse_qs(body)["payload"][0])
    assert payload["callback_id"] == "check"


async def test_a_failed_event_is_sent_again_with_its_number_and_reason(
    workspace: Workspace, app: App, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/apis/events-api#retries"""
    app.status = 500
    await workspace.mention(mira, ops, "hello")
    await workspace.wait_for(lambda: len(workspace.events[0].attempts) == 2)
    first, second = app.seen
    assert "X-Slack-Retry-Num" not in first[0]
    assert second[0]["X-Slack-Retry-Num"] == "1"
    assert second[0]["X-Slack-Retry-Reason"] == "http_error"
    assert json.loads(first[1])["event_id"] == json.loads(second[1])["event_id"]
    verifier = SignatureVerifier(workspace.signing_secret, clock=workspace.core.clock)
    assert verifier.is_valid_request(second[1], second[0])


async def test_an_event_is_not_sent_again_to_who_asks_for_that(
    workspace: Workspace, app: App, mira: User, ops: Channel
) -> None:
    """https://docs.slack.dev/apis/events-api#turning_retries_off"""
    app.status, app.headers = 500, {"X-Slack-No-Retry": "1"}
    await workspace.mention(mira, ops, "hello")
    await workspace.wait_for(lambda: workspace.events[0].done)
    assert workspace.events[0].attempts == ["http_error"]


async def test_an_app_in_http_mode_opens_no_socket(
    workspace: Workspace, app: App, refused: Any
) -> None:
    """https://docs.slack.dev/apis/events-api/using-socket-mode#toggling"""
    from slack_sdk.web.async_client import AsyncWebClient

    async with refused("socket_mode_disabled"):
        client = AsyncWebClient(base_url=workspace.api_url)
        await client.apps_connections_open(app_token=workspace.app_token)
