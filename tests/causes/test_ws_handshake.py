"""Who refused the upgrade: a filter on the way, or the application itself."""

from __future__ import annotations

from bot.evidence import Outcome
from bot.model import Reason, Status, Transport
from bot.verdict import judge
from tests import building as b


def refused(server: str, words: str = "") -> str | None:
    polled = b.answer(headers=(("server", server),))
    attempts = (b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED), b.attempt(Transport.POLLING))
    answer = b.answer(403, words, headers=(), body_bytes=len(words))
    opened = b.finding("polling", b.PollingEvidence(polled, b.EIO_OPEN))
    run = b.healthy(opened, b.websocket(answer), b.upgrade(answer), b.namespace(*attempts))
    verdict = judge(run, b.HTTP)
    return verdict.cause.code if verdict.cause else None


def test_a_mute_403_of_an_asgi_server_is_the_application_s_own() -> None:
    assert refused("uvicorn") == "ws_transport_disabled"


def test_a_403_with_a_page_or_of_another_server_is_a_filter_s() -> None:
    assert refused("uvicorn", "<h1>Blocked</h1>") == "ws_webfilter_403"
    assert refused("nginx/1.22.1") == "ws_webfilter_403"


def test_a_101_that_browsers_refuse_is_a_damaged_handshake_and_no_open_websocket() -> None:
    damaged = b.WebSocketEvidence(b.answer(101), accept_ok=True, wrong_headers=("Upgrade",))
    failing = b.finding("websocket", damaged, Status.FAIL, Reason.BAD_HANDSHAKE)
    attempts = (b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED), b.attempt(Transport.POLLING))
    verdict = judge(b.healthy(failing, b.namespace(*attempts)), b.HTTP)
    assert verdict.cause is not None
    assert verdict.cause.code == "ws_bad_accept"
    assert verdict.why[0].values["names"] == "Upgrade"
