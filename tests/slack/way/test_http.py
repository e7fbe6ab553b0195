"""HTTP mode: what is not from Slack, or not whole, is refused; what comes again counts once."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import pytest

from bot.slack.way.client import Mode
from bot.slack.way.http import LARGEST_BODY, Seen
from tests.slack.conftest import Scene, Stage

Start = Callable[[], Any]

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


def signed(
    secret: str, body: str | bytes, *, age_s: int = 0, kind: str = FORM, timestamp: str = ""
) -> dict[str, str]:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack, by hand."""
    timestamp = timestamp or str(int(time.time()) - age_s)
    body = body.encode() if isinstance(body, str) else body
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        "Content-Type": kind,
    }


@pytest.fixture
async def http(
    stage: Stage, running: Start, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Scene]:
    """The bot behind its web server; whatever comes, no traceback."""
    stage.mode = Mode.HTTP
    yield await running()
    assert "Traceback" not in caplog.text
    assert [r.message for r in caplog.records if r.name.startswith("aiohttp")] == []


async def post(
    scene: Scene, body: Any, headers: dict[str, str], method: str = "POST"
) -> tuple[int, str]:
    """Status and body of the answer."""
    url = scene.workspace.app.request_url
    assert url is not None
    async with (
        aiohttp.ClientSession(skip_auto_headers=["Content-Type"]) as session,
        session.request(method, url, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def post_signed(scene: Scene, body: str | bytes, kind: str = FORM, **more: str) -> int:
    secret = scene.workspace.signing_secret
    return (await post(scene, body, signed(secret, body, kind=kind) | more))[0]


def command(scene: Scene, text: str = "help") -> str:
    return urlencode(
        {
            "command": "/wsdiag", "text": text, "user_id": scene.mira.id,
            "channel_id": scene.ops.id, "team_id": scene.workspace.team_id,
            "trigger_id": "1.2.3", "response_url": "",
        }
    )  # fmt: skip


def mention(scene: Scene, event_id: str = "Ev1") -> str:
    inner = {
        "type": "app_mention", "user": scene.mira.id, "channel": scene.ops.id, "ts": "1.000100",
        "text": f"<@{scene.workspace.bot.id}> check prod", "event_ts": "1.000100",
    }  # fmt: skip
    team = scene.workspace.team_id
    return json.dumps(
        {"type": "event_callback", "event_id": event_id, "team_id": team, "event": inner}
    )


# ---------------------------------------------------------------- forged, stale, replayed


@pytest.mark.parametrize(
    ("age_s", "headers", "status"),
    [
        pytest.param(0, {}, 200, id="as-slack-sends-it"),
        pytest.param(0, {"X-Slack-Signature": "v0=" + "0" * 64}, 401, id="forged"),
        pytest.param(0, {"X-Slack-Signature": "v1=" + "0" * 64}, 401, id="other-version"),
        pytest.param(0, {"X-Slack-Signature": "ü"}, 401, id="not-ascii"),
        pytest.param(0, {"X-Slack-Signature": ""}, 401, id="no-signature"),
        pytest.param(0, {"X-Slack-Request-Timestamp": ""}, 401, id="no-timestamp"),
        pytest.param(0, {"X-Slack-Request-Timestamp": "yesterday"}, 401, id="no-number"),
        pytest.param(0, {"X-Slack-Request-Timestamp": "-1"}, 401, id="before-1970"),
        pytest.param(0, {"X-Slack-Request-Timestamp": "1e9"}, 401, id="exponent"),
        pytest.param(0, {"X-Slack-Request-Timestamp": "١٢٣"}, 401, id="other-digits"),
        pytest.param(0, {"X-Slack-Request-Timestamp": "9" * 400}, 401, id="endless-number"),
        pytest.param(600, {}, 401, id="stale"),
        pytest.param(-600, {}, 401, id="from-the-future"),
    ],
)
async def test_only_what_slack_signed_just_now_is_taken(
    http: Scene, age_s: int, headers: dict[str, str], status: int
) -> None:
    body = command(http)
    sent = signed(http.workspace.signing_secret, body, age_s=age_s) | headers
    assert (await post(http, body, sent))[0] == status


async def test_a_signature_is_good_for_its_body_alone(http: Scene) -> None:
    sent = signed(http.workspace.signing_secret, command(http))
    assert (await post(http, command(http, "check prod"), sent))[0] == 401
    assert http.script.runs == []


async def test_what_somebody_recorded_and_sends_again_is_refused(http: Scene) -> None:
    body = command(http, "check prod")
    sent = signed(http.workspace.signing_secret, body)
    assert [(await post(http, body, sent))[0] for _ in range(3)] == [200, 401, 401]
    await http.script.started.wait()
    assert len(http.script.runs) == 1


def test_signatures_are_remembered_for_as_long_as_they_are_good_and_in_bounds() -> None:
    clock = [0.0]
    seen = Seen(lambda: clock[0])
    assert [seen.again("a"), seen.again("a")] == [False, True]
    clock[0] = 599
    assert seen.again("a")
    clock[0] = 601
    assert not seen.again("a")
    for n in range(Seen.MOST + 5):
        seen.again(str(n))
    assert len(seen._at) == Seen.MOST


# ---------------------------------------------------------------- malformed


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        pytest.param("{", JSON, 400, id="broken-json"),
        pytest.param("", JSON, 400, id="empty"),
        pytest.param("[1]", JSON, 400, id="a-list"),
        pytest.param("[" * 100_000, JSON, 400, id="too-deep"),
        pytest.param("payload={", FORM, 400, id="broken-payload"),
        pytest.param("payload=%5B%5D", FORM, 400, id="a-list-as-payload"),
        pytest.param("text=%FF%FE", FORM, 400, id="escaped-bytes-that-are-no-text"),
        pytest.param("&".join(f"a{n}=1" for n in range(500)), FORM, 400, id="too-many-fields"),
        pytest.param(b"\xff\xfe", FORM, 400, id="bytes-that-are-no-text"),
        pytest.param("{}", "text/plain", 415, id="another-type"),
        pytest.param("{}", "application/xml", 415, id="xml"),
    ],
)
async def test_what_cannot_be_read_is_refused_though_it_is_signed(
    http: Scene, body: str | bytes, kind: str, status: int
) -> None:
    assert await post_signed(http, body, kind) == status


async def test_a_compressed_body_is_not_what_was_signed(http: Scene) -> None:
    headers = {"Content-Encoding": "gzip"}
    assert await post_signed(http, b"no gzip at all", FORM, **headers) in (400, 415)


async def test_whatever_comes_is_answered_with_a_refusal_and_no_error_of_ours(http: Scene) -> None:
    dice = random.Random(7)
    pieces = [b"payload=", b"{", b"}", b'"type"', b":", b"&", b"%", b"\xff", b"command=/wsdiag",
              b'{"type":"block_actions"}', b"null", b"\\ud800", b"ssl_check=1"]  # fmt: skip
    for _ in range(60):
        body = b"".join(dice.choices(pieces, k=dice.randrange(6)))
        status = await post_signed(http, body, dice.choice([FORM, JSON]))
        assert status in (200, 400, 401, 404), body


async def _piece_by_piece(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 64 * 1024):
        yield body[start : start + 64 * 1024]


async def test_an_endless_body_is_refused(http: Scene) -> None:
    endless = _piece_by_piece(b"a" * (LARGEST_BODY + 1))
    assert (await post(http, endless, signed("x", "")))[0] == 413


async def test_a_body_that_is_declared_too_large_is_refused_unread(http: Scene) -> None:
    place = urlsplit(http.workspace.app.request_url or "")
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    headers = signed("x", "") | {"Content-Length": str(LARGEST_BODY + 1)}
    lines = [f"POST {place.path} HTTP/1.1", f"Host: {place.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())  # and not a byte of the body
    async with asyncio.timeout(10):
        assert b" 413 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_ends_early_costs_nothing(http: Scene) -> None:
    place = urlsplit(http.workspace.app.request_url or "")
    _, writer = await asyncio.open_connection(place.hostname, place.port)
    headers = signed("x", "") | {"Content-Length": "100"}
    lines = [f"POST {place.path} HTTP/1.1", f"Host: {place.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    writer.write(("\r\n".join(lines) + "\r\n\r\nhalf").encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await post_signed(http, command(http)) == 200


async def test_only_post_is_taken(http: Scene) -> None:
    assert (await post(http, None, {}, method="GET"))[0] == 405


# ---------------------------------------------------------------- what Slack asks of the address


async def test_the_certificate_is_looked_at_without_a_signature(http: Scene) -> None:
    """https://docs.slack.dev/interactivity/implementing-slash-commands (`ssl_check`)"""
    form = {"Content-Type": FORM}
    assert (await post(http, "ssl_check=1&token=x", form))[0] == 200
    assert (await post(http, "token=x", form))[0] == 401
    assert (await post(http, command(http, "check prod"), form))[0] == 401
    both = command(http, "check prod") + "&ssl_check=1"
    assert (await post(http, both, form))[0] == 200
    assert http.script.runs == []  # a look, whatever else it says


async def test_the_address_is_verified_by_its_challenge(http: Scene) -> None:
    """https://docs.slack.dev/reference/events/url_verification"""
    body = json.dumps({"type": "url_verification", "challenge": "3eZb", "token": "x"})
    answer = await post(http, body, signed(http.workspace.signing_secret, body, kind=JSON))
    assert (answer[0], json.loads(answer[1])["challenge"]) == (200, "3eZb")
    assert (await post(http, body, signed("forged", body, kind=JSON)))[0] == 401


async def test_an_event_that_is_sent_again_counts_once(http: Scene) -> None:
    """https://docs.slack.dev/apis/events-api#retries"""
    body = mention(http)
    assert await post_signed(http, body, JSON) == 200
    for number in ("1", "2"):
        later = str(int(time.time()) + int(number))  # signed anew each time
        sent = signed(http.workspace.signing_secret, body, kind=JSON, timestamp=later)
        sent |= {"X-Slack-Retry-Num": number, "X-Slack-Retry-Reason": "http_timeout"}
        assert (await post(http, body, sent))[0] == 200
    await http.script.started.wait()
    await http.workspace.wait_for(lambda: http.workspace.called("chat.postMessage"))
    assert await post_signed(http, mention(http, "Ev2"), JSON) == 200
    await http.workspace.wait_for(lambda: len(http.workspace.called("chat.postMessage")) == 2)
    assert len(http.script.runs) == 1  # the second mention joins the check that runs


async def test_a_command_may_speak_of_a_payload(http: Scene) -> None:
    """Bolt's own parser takes the word for the field of an interaction."""
    assert await post_signed(http, command(http, "explain 413 payload too large")) == 200
    await http.workspace.wait_for(http.whispers)
