"""The header that is missing: taken away by a proxy, or never given to this Origin."""

from __future__ import annotations

from bot.evidence import CorsEvidence, HttpAnswer, ProbedPathsEvidence
from bot.model import Confidence, Finding, Reason, Status
from bot.verdict import judge
from tests import building as b

ORIGIN = "https://app.example.com"
ALLOWED = (("access-control-allow-origin", ORIGIN),)


def cors(answer: HttpAnswer) -> Finding:
    evidence = CorsEvidence(ORIGIN, vary="Origin", answer=answer)
    return b.finding("cors", evidence, Status.FAIL, Reason.CORS_HEADER_MISSING)


def others(**lines: str) -> Finding:
    """What Origins other than ours get, by their labels; "" for no header."""
    answers = []
    for label, line in lines.items():
        headers = (("access-control-allow-origin", line),) if line else ()
        answers.append((label, b.answer(headers=headers)))
    return b.finding("origin_variants", ProbedPathsEvidence(tuple(answers), ("own", "none")))


def named(*findings: Finding) -> tuple[str, Confidence]:
    verdict = judge(b.healthy(*findings), b.HTTP)
    assert verdict.cause
    return verdict.cause.code, verdict.cause.confidence


def posts_without(*headers: tuple[str, str]) -> Finding:
    """POSTs that no page may read, where the handshake may be read."""
    answer = b.answer(headers=headers, method="POST")
    evidence = b.affinity(unreadable=answer).evidence
    return b.finding("affinity", evidence, Status.FAIL, Reason.CORS_HEADER_MISSING)


def test_posts_that_no_page_may_read_break_cors() -> None:
    credentials = ("access-control-allow-credentials", "true")
    assert named(posts_without(credentials)) == ("cors_stripped_by_proxy", Confidence.LIKELY)
    assert named(posts_without()) == ("cors_missing", Confidence.LIKELY)


def test_without_a_proxy_nobody_can_have_removed_it() -> None:
    seen = named(cors(b.answer(headers=())), others(own="", none=""))
    assert seen == ("cors_origin_mismatch", Confidence.LIKELY)


def test_behind_a_proxy_it_may_have_been_removed() -> None:
    answer = b.answer(headers=(("server", "nginx"),))
    assert named(cors(answer), others(own="")) == ("cors_stripped_by_proxy", Confidence.LIKELY)
    rewritten = b.answer(headers=(), lower_case=True)
    assert named(cors(rewritten), others(own=""))[0] == "cors_stripped_by_proxy"


def test_another_origin_that_gets_it_proves_a_list() -> None:
    answer = b.answer(headers=(("server", "nginx"),))
    seen = named(cors(answer), others(own="http://backend.example.com:8123"))
    assert seen == ("cors_origin_mismatch", Confidence.CERTAIN)


def test_a_101_that_carries_it_proves_that_it_was_removed() -> None:
    opened = b.WebSocketEvidence(b.answer(101, headers=ALLOWED), accept_ok=True, open=b.EIO_OPEN)
    seen = named(cors(b.answer(headers=())), b.finding("websocket", opened), others(own=""))
    assert seen == ("cors_stripped_by_proxy", Confidence.CERTAIN)


def test_no_header_at_all_behind_a_proxy_may_have_been_a_star() -> None:
    def seen(*headers: tuple[str, str]) -> tuple[str, Confidence]:
        evidence = CorsEvidence(ORIGIN, answer=b.answer(headers=headers))
        return named(b.finding("cors", evidence, Status.FAIL, Reason.CORS_HEADER_MISSING))

    assert seen() == ("cors_missing", Confidence.CERTAIN)
    assert seen(("server", "nginx")) == ("cors_missing", Confidence.LIKELY)
