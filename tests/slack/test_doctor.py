from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from bot.demo.workspace import AppConfig, Workspace
from bot.locales import translate
from bot.model import Check, Status
from bot.slack import Mode, SlackAccess, doctor
from tests.slack.conftest import manifest


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """A workspace with the app of manifest.yml, not yet running anything."""
    place = Workspace(rate_limits=False, app=AppConfig.from_manifest(manifest()))
    place.add_channel("ops")
    async with place:
        yield place


def access(workspace: Workspace, **changes: SecretStr | Mode | None) -> SlackAccess:
    parts: dict[str, SecretStr | Mode | None] = {
        "bot_token": SecretStr(workspace.bot_token),
        "app_token": SecretStr(workspace.app_token),
        **changes,
    }
    return SlackAccess(api_url=workspace.api_url, **parts)  # type: ignore[arg-type]


def by_name(checks: tuple[Check, ...]) -> dict[str, tuple[Status, str]]:
    return {
        check.name: (
            check.status,
            " ".join(translate(m, "en") for m in (check.message, check.fix) if m is not None),
        )
        for check in checks
    }


async def test_a_good_installation_passes_every_point(workspace: Workspace) -> None:
    found = by_name(await doctor.examine(access(workspace), ["#ops"]))
    assert {name: status for name, (status, _) in found.items()} == {
        "slack bot token": Status.OK,
        "slack app token": Status.OK,
        "slack scopes": Status.OK,
        "clock": Status.OK,
        "slack channel #ops": Status.OK,
    }


async def test_a_missing_token_is_said_without_asking_slack(workspace: Workspace) -> None:
    (check,) = await doctor.examine(access(workspace, bot_token=None), ["#ops"])
    assert check.status is Status.FAIL
    assert "SLACK_BOT_TOKEN" in translate(check.message, "en")
    assert workspace.calls == []


async def test_a_token_that_slack_refuses_comes_with_the_fix(workspace: Workspace) -> None:
    wrong = access(workspace, bot_token=SecretStr("xoxb-1-s3cret"))
    found = by_name(await doctor.examine(wrong, ["#ops"]))
    status, text = found["slack bot token"]
    assert (status, "invalid_auth" in text, "s3cret" in text) == (Status.FAIL, True, False)
    assert found["slack app token"][0] is Status.OK


async def test_an_app_token_that_slack_refuses_comes_with_the_fix(workspace: Workspace) -> None:
    wrong = access(workspace, app_token=SecretStr("xapp-1-s3cret"))
    status, text = by_name(await doctor.examine(wrong, ["#ops"]))["slack app token"]
    assert (status, "SLACK_APP_TOKEN" in text) == (Status.FAIL, True)


async def test_http_mode_needs_no_app_token(workspace: Workspace) -> None:
    http = access(
        workspace, app_token=None, mode=Mode.HTTP, signing_secret=SecretStr("8f742231b10e")
    )
    assert "slack app token" not in by_name(await doctor.examine(http, ["#ops"]))


async def test_scopes_are_held_against_the_manifest(workspace: Workspace) -> None:
    workspace.core.state.scopes -= {"users:read"}
    status, text = by_name(await doctor.examine(access(workspace), ["#ops"]))["slack scopes"]
    assert (status, "users:read" in text, "reinstall" in text) == (Status.FAIL, True, True)
    workspace.core.state.scopes |= {"users:read", "reactions:write"}
    status, text = by_name(await doctor.examine(access(workspace), ["#ops"]))["slack scopes"]
    assert (status, "reactions:write" in text) == (Status.WARN, True)


async def test_a_channel_without_the_bot_says_how_to_invite_it(workspace: Workspace) -> None:
    away = workspace.add_channel("away", installed=False)
    secret = workspace.add_channel("secret", installed=False, private=True)
    found = by_name(
        await doctor.examine(access(workspace), [away.id, secret.id, "#secret", "#nowhere"])
    )
    for name in (away.id, secret.id, "#secret", "#nowhere"):
        status, text = found[f"slack channel {name}"]
        assert (status, "/invite @" in text) == (Status.FAIL, True), name


async def test_a_missing_channel_is_a_warning(workspace: Workspace) -> None:
    status, text = by_name(await doctor.examine(access(workspace), []))["slack channel"]
    assert (status, "WSDIAG_CHANNEL" in text) == (Status.WARN, True)


async def test_a_test_alert_is_posted_only_on_request(workspace: Workspace) -> None:
    await doctor.examine(access(workspace), ["#ops"])
    assert workspace.messages("ops") == []
    found = by_name(await doctor.examine(access(workspace), ["#ops", "#ops"], post=True))
    assert found["test alert slack channel #ops"][0] is Status.OK
    (message,) = workspace.messages("ops")
    assert "test alert" in message.text


async def test_slack_out_of_reach_is_no_wrong_token(workspace: Workspace) -> None:
    given = access(workspace)
    await workspace.stop()
    found = by_name(await doctor.examine(given, ["#ops"]))
    for name in ("slack bot token", "slack app token"):
        status, text = found[name]
        assert (status, "does not answer" in text) == (Status.FAIL, True)


@pytest.mark.parametrize(
    ("offset_s", "status"),
    [(0, Status.OK), (-20, Status.OK), (60, Status.WARN), (-400, Status.FAIL)],
)
def test_a_clock_that_is_off_is_noticed(offset_s: float, status: Status) -> None:
    now = datetime(2026, 11, 23, 20, 39, tzinfo=UTC)
    slack = format_datetime(now - timedelta(seconds=offset_s), usegmt=True)
    skew = doctor._skew(slack, now)
    assert skew == offset_s
    assert doctor._clock(skew).status is status


def test_a_time_that_cannot_be_read_is_skipped() -> None:
    skew = doctor._skew("yesterday", datetime.now(UTC))
    assert doctor._clock(skew).status is Status.SKIPPED
