"""Who refused the upgrade: a filter on the way, or the application itself."""

from __future__ import annotations

from dataclasses import replace

from bot.evidence import Failure, Outcome, Phase
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


LATE = Failure(Phase.REQUEST, Reason.EOF, elapsed_ms=2_000.0)


def cut_late(polled: Outcome, *, switched: bool) -> str | None:
    """A WebSocket that something ends after two seconds; what became of polling beside it."""
    if switched:
        closed = replace(LATE, phase=Phase.OPEN)
        seen = b.WebSocketEvidence(b.answer(101), accept_ok=True, closed=closed)
    else:
        seen = b.WebSocketEvidence(b.answer(None, failure=LATE))
    attempts = (
        b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED),
        b.attempt(Transport.POLLING, polled),
    )
    failing = b.finding("websocket", seen, Status.FAIL, Reason.EOF)
    upgraded = b.finding("upgrade", seen, Status.FAIL, Reason.EOF)
    verdict = judge(b.healthy(failing, upgraded, b.namespace(*attempts)), b.HTTP)
    return verdict.cause.code if verdict.cause else None


def test_a_websocket_cut_late_is_cut_on_the_way_where_polling_lives_on() -> None:
    assert cut_late(Outcome.CONNECTED, switched=False) == "ws_blocked_rst"
    assert cut_late(Outcome.CONNECTED, switched=True) == "ws_rst_after_first_frame"


def test_a_websocket_cut_late_with_polling_may_be_the_server_s_end() -> None:
    assert cut_late(Outcome.CLOSED, switched=False) != "ws_blocked_rst"
    assert cut_late(Outcome.CLOSED, switched=True) != "ws_rst_after_first_frame"
