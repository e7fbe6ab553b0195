"""What fronts answer: to everything, to one transport, to some requests and not to others."""

from __future__ import annotations

import pytest

from bot.diagnose import calmed
from bot.evidence import (
    AlikeEvidence,
    Failure,
    HttpEvidence,
    Outcome,
    Phase,
    ProbedPathsEvidence,
    SteadinessEvidence,
)
from bot.model import Confidence, Finding, FollowUp, Reason, State, Status, Transport, Verdict
from bot.verdict import judge, wanted
from tests import building as b

NGINX = (("server", "nginx/1.24.0"), ("content-type", "text/html"))
NGINX_503 = (
    "<center><h1>503 Service Temporarily Unavailable</h1></center><hr><center>nginx</center>"
)
UPGRADE = "/socket.io/?EIO=4&transport=websocket"
SHELL = "<!doctype html><div id=root></div>"


def html(*headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    return (("content-type", "text/html"), *headers)


def judged(*changes: Finding) -> Verdict:
    return judge(b.healthy(*changes), b.HTTP)


def code(verdict: Verdict) -> str | None:
    return verdict.cause.code if verdict.cause else None


def everything(answer: b.HttpAnswer) -> Verdict:
    """The same answer to polling, to upgrades and to the health page."""
    nobody = b.namespace(b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED))
    looks = (b.polling(answer), b.websocket(answer), b.upgrade(answer), nobody)
    return judged(b.health(answer), *looks)


NOBODY_JOINS = b.namespace(b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED))
ONLY_WEBSOCKET = b.namespace(
    b.attempt(Transport.WEBSOCKET), b.attempt(Transport.POLLING, Outcome.NOT_TRIED)
)


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (302, "", (("location", "https://sso.example.net/login"),), "http_redirect_login"),
        (401, "", (("www-authenticate", "Basic"),), "http_401_auth"),
        (403, "no", (), "http_waf_403"),
        (200, SHELL, (), "http_spa_fallback"),
        (404, "not found", (), "poll_transport_disabled"),
        (502, "", (), "http_502_upstream_down"),
        (500, "", (), "http_500_app_error"),
    ],
)
def test_a_front_that_answers_polling_is_named_while_the_websocket_gets_through(
    status: int, body: str, headers: tuple[tuple[str, str], ...], expected: str
) -> None:
    polled = b.polling(b.answer(status, body, headers=html(*headers)))
    verdict = judged(polled, ONLY_WEBSOCKET)
    assert (verdict.state, code(verdict)) == (State.DEGRADED, expected)


def test_a_500_is_the_application_s_and_names_its_log() -> None:
    verdict = everything(b.answer(500, "boom"))
    assert (verdict.state, code(verdict)) == (State.DOWN, "http_500_app_error")


def post(status: int, headers: tuple[tuple[str, str], ...] = NGINX, body: str = "") -> Finding:
    refused = b.answer(status, body, headers=headers, method="POST")
    return b.namespace(
        b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED),
        b.attempt(Transport.POLLING, Outcome.CLOSED, answer=refused),
    )


def again(*outcomes: str) -> Finding:
    return b.finding("steadiness", SteadinessEvidence(outcomes, (), ()))


def test_gateway_errors_to_some_requests_are_a_dead_server_of_several() -> None:
    refused = b.answer(502, headers=NGINX)
    mixed = again("answered", "http_status", "answered", "http_status")
    posts = b.affinity(statuses=(200, 502) * 3)
    verdict = judged(post(502), b.websocket(refused), posts, mixed)
    assert code(verdict) == "http_502_upstream_down"


def test_a_gateway_error_that_does_not_come_again_is_none() -> None:
    calm = again(*("answered",) * 8)
    assert code(judged(post(502), calm)) != "http_502_upstream_down"


def test_errors_to_upgrades_alone_are_about_upgrades() -> None:
    refused = b.answer(502, headers=NGINX, path="/socket.io/?EIO=4&transport=websocket")
    attempts = (b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED), b.attempt(Transport.POLLING))
    verdict = judged(b.websocket(refused), b.upgrade(refused), b.namespace(*attempts))
    assert code(verdict) == "cloudrun_h2_end_to_end"


def test_nginx_s_own_503_to_a_part_of_a_burst_is_its_limit() -> None:
    refused = b.answer(503, NGINX_503, headers=NGINX)
    verdict = judged(b.websocket(refused), post(503, body=NGINX_503))
    assert code(verdict) == "http_429_rate_limited"
    assert "ws_conn_limit" in verdict.alternatives


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ("Rate exceeded.", (), "cloudrun_429_no_instance"),
        ('{"error":"slow down"}', (("x-ratelimit-remaining", "0"),), "http_429_rate_limited"),
    ],
)
def test_behind_google_s_front_end_an_application_may_limit_for_itself(
    body: str, headers: tuple[tuple[str, str], ...], expected: str
) -> None:
    lines = (("server", "Google Frontend"), *headers)
    refused = b.answer(429, body, headers=lines)
    assert code(everything(refused)) == expected


@pytest.mark.parametrize(
    "answer",
    [
        b.answer(302, headers=(("location", "/maintenance.html"),)),
        b.answer(200, "<html><title>Scheduled maintenance</title></html>", headers=html()),
    ],
)
def test_a_notice_in_place_of_a_503_is_maintenance(answer: b.HttpAnswer) -> None:
    verdict = everything(answer)
    assert code(verdict) == "http_503_maintenance"
    assert verdict.cause
    assert verdict.cause.confidence is Confidence.LIKELY


# ---------------------------------------------------------------- the health page


def health(answer: b.HttpAnswer, *, configured: bool = False) -> Finding:
    reason = Reason.HTTP_STATUS if answer.status else Reason.TIMEOUT
    return b.finding("http", HttpEvidence(answer, configured=configured), Status.FAIL, reason)


def state(*changes: Finding) -> State:
    return judge(calmed(b.healthy(*changes), b.HTTP), b.HTTP).state


LOGIN = (("location", "/login?from=x"),)
SILENCE = b.failed(Reason.TIMEOUT, path="/health")


@pytest.mark.parametrize("answer", [SILENCE, b.answer(302, headers=LOGIN), b.answer(500)])
def test_a_guessed_health_page_counts_unless_it_is_absent(answer: b.HttpAnswer) -> None:
    assert state(health(answer)) is State.DEGRADED
    assert state(health(answer, configured=True)) is State.DEGRADED


def test_a_post_that_is_cut_while_the_websocket_joins_is_blocked() -> None:
    lost = b.answer(None, method="POST", failure=Failure(Phase.REQUEST, Reason.RESET))
    attempt = b.attempt(Transport.POLLING, Outcome.CLOSED, answer=lost, failure=lost.failure)
    failing = b.finding(
        "namespace",
        b.NamespaceEvidence("/", False, (b.attempt(Transport.WEBSOCKET), attempt)),
        Status.WARN,
        Reason.RESET,
    )
    assert code(judged(failing)) == "http_post_blocked"


@pytest.mark.parametrize(
    ("status", "confidence"),
    [(405, "certain"), (302, "likely"), (400, "likely"), (401, "likely"), (419, "likely"),
     (422, "likely"), (500, "likely"), (502, "likely")],
)  # fmt: skip
def test_posts_refused_one_and_all_are_blocked_whatever_the_status(
    status: int, confidence: str
) -> None:
    again_refused = b.affinity(statuses=(status,) * 6)
    verdict = judged(post(status, html(), "<h1>no</h1>"), again_refused, again(*["answered"] * 8))
    assert code(verdict) == "http_post_blocked"
    assert verdict.cause is not None
    assert verdict.cause.confidence == confidence


def test_posts_of_which_some_pass_are_not_blocked() -> None:
    verdict = judged(post(404), b.affinity(statuses=(200, 404) * 3), b.alike(200, 404, 200))
    assert code(verdict) == "http_sio_absent"


@pytest.mark.parametrize(
    ("words", "confidence"),
    [
        ("Przerwa techniczna", Confidence.CERTAIN),
        ("Wir führen Wartungsarbeiten durch", Confidence.CERTAIN),
        ("Sitio en mantenimiento", Confidence.CERTAIN),
        ("Site em manuten&ccedil;&atilde;o", Confidence.CERTAIN),
        ("Ведутся технические работы", Confidence.CERTAIN),
        ("Siteye bakım yapılıyor", Confidence.CERTAIN),
        ("ただいまメンテナンス中です", Confidence.CERTAIN),
        ("We are performing some updates.", Confidence.CERTAIN),
        ("We&#39;ll be right back", Confidence.LIKELY),
        ("Back shortly", Confidence.LIKELY),
        ("Wir sind gleich zur&uuml;ck", Confidence.LIKELY),
        ("Zaraz wracamy", Confidence.LIKELY),
        ("Скоро вернёмся", Confidence.LIKELY),
    ],
)
def test_planned_work_is_told_in_many_words(words: str, confidence: Confidence) -> None:
    verdict = everything(b.answer(503, f"<h1>{words}</h1>", headers=html()))
    assert code(verdict) == "http_503_maintenance"
    assert verdict.cause is not None
    assert verdict.cause.confidence is confidence
    rivals = ("http_503_no_server",) if confidence is Confidence.LIKELY else ()
    assert verdict.alternatives == rivals


@pytest.mark.parametrize(
    "words", ["Something went wrong", "Please try again shortly", "The backend is unavailable"]
)
def test_an_outage_that_nobody_planned_is_no_maintenance(words: str) -> None:
    verdict = everything(b.answer(503, f"<h1>{words}</h1>", headers=html()))
    assert code(verdict) == "http_503_no_server"


def test_a_server_that_fails_now_and_then_is_told_whatever_the_suite_met() -> None:
    joined = (b.attempt(Transport.WEBSOCKET),)
    refused = b.answer(500, "<h1>no</h1>")
    nobody = b.namespace(
        b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED),
        b.attempt(Transport.POLLING, Outcome.CLOSED, answer=refused),
    )
    met = (b.websocket(refused), b.upgrade(refused), nobody)
    alike = b.alike(500, 200, 500, 200, 500, websocket=joined)
    assert judged(*met, alike).state is State.DEGRADED
    assert code(judged(*met, alike)) == "http_500_app_error"
    assert FollowUp.ALIKE in wanted(b.healthy(*met), b.HTTP, asked=frozenset())


def test_a_server_that_went_down_among_the_handshakes_is_not_one_of_several() -> None:
    refused = b.answer(502, "")
    verdict = judged(b.websocket(refused), b.upgrade(refused), b.alike(200, 200, 502, 502, 502))
    assert code(verdict) == "cloudrun_h2_end_to_end"


def test_nginx_that_limits_polling_is_not_a_server_of_several_that_is_down() -> None:
    busy = b.answer(503, NGINX_503, headers=NGINX, path=UPGRADE)
    polled = (b.answer(), busy, b.answer())
    seen = b.finding("alike", AlikeEvidence(polled, (True, False, True)))
    assert code(judged(b.websocket(busy), b.upgrade(busy), seen)) == "ws_conn_limit"


def test_a_second_upgrade_refused_with_none_left_open_is_a_limit_of_requests() -> None:
    busy = b.answer(503, NGINX_503, headers=NGINX, path=UPGRADE)
    alone = b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED, answer=busy)
    refused = judged(b.upgrade(busy), b.alike(200, 200, websocket=(alone,)))
    assert code(refused) == "http_429_rate_limited"
    let_in = judged(b.upgrade(busy), b.alike(200, 200, websocket=(b.attempt(Transport.WEBSOCKET),)))
    assert code(let_in) == "ws_conn_limit"


def test_engine_io_s_own_refusal_of_a_post_is_about_the_session() -> None:
    unknown = '{"code":1,"message":"Session ID unknown"}'
    assert code(judged(post(400, (), unknown))) == "eio_no_sticky"


def test_a_page_that_refuses_the_method_is_no_socket_io() -> None:
    answer = b.answer(405, "<h1>Method Not Allowed</h1>", headers=html())
    verdict = judged(b.polling(answer), b.websocket(answer), b.upgrade(answer), NOBODY_JOINS)
    assert code(verdict) == "http_sio_absent"


def test_a_head_whose_body_never_comes_is_an_application_that_hangs() -> None:
    begun = b.answer(200, "", failure=Failure(Phase.RESPONSE, Reason.TIMEOUT))
    lost = b.answer(None, failure=Failure(Phase.REQUEST, Reason.TIMEOUT))
    verdict = judged(b.polling(begun), b.websocket(lost), NOBODY_JOINS, b.health())
    assert code(verdict) == "http_app_hangs"


def test_a_post_refused_for_more_than_a_byte_is_about_its_size() -> None:
    verdict = judged(post(502, ()), b.affinity())
    assert code(verdict) == "http_body_limit"


def test_an_upgrade_that_fails_with_500_here_and_not_elsewhere_is_the_application_s() -> None:
    failing = b.answer(500)
    attempts = (b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED), b.attempt(Transport.POLLING))
    looks = (b.websocket(failing), b.upgrade(failing), b.namespace(*attempts))

    def named(status: int) -> str | None:
        answers = (("upgrade elsewhere", b.answer(status)),)
        control = b.finding("websocket_control", ProbedPathsEvidence(answers, ()))
        return code(judged(*looks, control))

    assert (named(404), named(500)) == ("http_500_app_error", "ws_426")


def test_one_websocket_at_a_time_is_a_limit() -> None:
    full = b.answer(503, path="/socket.io/?EIO=4&transport=websocket")
    verdict = judged(b.upgrade(full), again(*("answered",) * 8))
    assert (verdict.state, code(verdict)) == (State.DEGRADED, "ws_conn_limit")


def test_a_404_of_a_hosting_leaves_open_whose_site_it_is() -> None:
    verdict = everything(b.answer(404, "NOT_FOUND", headers=(("server", "Vercel"),)))
    assert code(verdict) == "http_sio_absent"
    assert verdict.cause
    assert verdict.cause.confidence is Confidence.LIKELY
    assert "http_spa_fallback" in verdict.alternatives


def test_a_path_that_opens_when_it_is_doubled_was_cut_by_the_proxy() -> None:
    absent = b.answer(404, "nope", headers=(("server", "nginx"),))
    nobody = b.namespace(b.attempt(Transport.WEBSOCKET, Outcome.NOT_TRIED))
    looks = (b.polling(absent), b.websocket(absent), b.upgrade(absent), nobody)

    def named(path: str) -> str | None:
        tried = ProbedPathsEvidence(((path, b.answer()),), (path,))
        return code(judged(*looks, b.finding("path_candidates", tried)))

    assert named("/socket.io/socket.io/") == "http_prefix_stripped"
    assert named("/ws/") == "http_sio_wrong_path"


def test_a_503_beside_other_requests_may_be_a_queue_that_is_full() -> None:
    verdict = judged(post(503, ()), again(*("answered",) * 8))
    assert code(verdict) == "http_503_no_server"
    assert "ws_conn_limit" in verdict.alternatives
