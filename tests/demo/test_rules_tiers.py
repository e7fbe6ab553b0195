"""Tiers and scopes method by method, as the documentation lists them; by plain HTTP."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Channel, ManualClock, Workspace

Json = dict[str, Any]

# https://docs.slack.dev/apis/web-api/rate-limits: "per-method, per-workspace, per-app", calls a
# minute that each tier promises; the page of the method names the tier.
TIERS = [
    ("usergroups.list", 20),
    ("conversations.list", 20),
    ("chat.delete", 50),
    ("chat.update", 50),
    ("conversations.history", 50),
    ("functions.completeSuccess", 50),
    ("views.publish", 100),
    ("chat.postEphemeral", 100),
    ("files.completeUploadExternal", 100),
]

# https://docs.slack.dev/reference/methods: what the page of each method lists under "Scopes".
SCOPES = [
    ("chat.postMessage", "chat:write"),
    ("chat.update", "chat:write"),
    ("chat.delete", "chat:write"),
    ("chat.postEphemeral", "chat:write"),
    ("conversations.join", "channels:join"),
    ("conversations.open", "im:write"),
    ("files.getUploadURLExternal", "files:write"),
    ("files.completeUploadExternal", "files:write"),
    ("reactions.add", "reactions:write"),
    ("team.info", "team:read"),
    ("usergroups.list", "usergroups:read"),
    ("usergroups.users.list", "usergroups:read"),
    ("users.info", "users:read"),
    ("users.list", "users:read"),
]


class Raw:
    """Calls without any SDK: what is answered, with its status and Retry-After."""

    def __init__(self, workspace: Workspace, session: aiohttp.ClientSession) -> None:
        self._base, self._session = workspace.api_url, session
        self._auth = {"Authorization": f"Bearer {workspace.bot_token}"}

    async def __call__(self, method: str, **form: str) -> tuple[int, Json, int | None]:
        async with self._session.post(
            f"{self._base}{method}", data=form, headers=self._auth
        ) as answer:
            wait = answer.headers.get("Retry-After")
            return answer.status, json.loads(await answer.text()), int(wait) if wait else None


@pytest.mark.parametrize(("method", "promised"), TIERS, ids=[method for method, _ in TIERS])
async def test_a_method_takes_what_its_tier_promises_and_then_says_how_long_to_wait(
    workspace: Workspace, clock: ManualClock, method: str, promised: int
) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits"""
    workspace.limits.enabled = True
    async with aiohttp.ClientSession() as session:
        call = Raw(workspace, session)
        for _ in range(promised):
            status, body, _ = await call(method)  # a refusal for another reason counts as well
            assert (status, body.get("error")) != (429, "ratelimited")
        status, body, wait = await call(method)
        assert (status, body["error"]) == (429, "ratelimited")
        assert wait is not None
        clock.advance(wait)
        assert (await call(method))[0] == 200


async def test_sockets_are_opened_once_a_minute_and_a_few_at_once(
    workspace: Workspace, clock: ManualClock
) -> None:
    """https://docs.slack.dev/reference/methods/apps.connections.open (Tier 1: 1+ per minute)"""
    workspace.limits.enabled = True
    headers = {"Authorization": f"Bearer {workspace.app_token}"}
    statuses: list[int] = []
    async with aiohttp.ClientSession() as session:
        while 429 not in statuses:
            async with session.post(
                f"{workspace.api_url}apps.connections.open", headers=headers
            ) as answer:
                statuses.append(answer.status)
        assert 1 < len(statuses) <= 20  # "a small amount of burst behavior is tolerated"
        assert int(answer.headers["Retry-After"]) == 60


async def test_the_limit_of_a_channel_is_counted_beside_that_of_the_method(
    workspace: Workspace, ops: Channel, clock: ManualClock
) -> None:
    """https://docs.slack.dev/apis/web-api/rate-limits: "no more than one message per second per
    channel" """
    workspace.limits.enabled = True
    other = workspace.add_channel("other")
    async with aiohttp.ClientSession() as session:
        call = Raw(workspace, session)
        statuses = [
            (await call("chat.postMessage", channel=channel.id, text="x"))[0]
            for channel in (ops, ops, other, other)
        ]
    assert statuses == [200, 429, 200, 429]


@pytest.mark.parametrize(("method", "scope"), SCOPES, ids=[method for method, _ in SCOPES])
async def test_a_method_says_which_scope_it_misses(
    workspace: Workspace, method: str, scope: str
) -> None:
    """https://docs.slack.dev/reference/methods, "Scopes" of each; `missing_scope` with `needed`"""
    workspace.remove_scope(scope)
    async with aiohttp.ClientSession() as session:
        status, body, _ = await Raw(workspace, session)(method)
    assert (status, body["error"], body["needed"]) == (200, "missing_scope", scope)
    assert scope not in body["provided"].split(",")
