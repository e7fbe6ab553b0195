"""Hellos that differ in one thing: what each difference means."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.evidence import Failure, HelloAnswer, Phase, TcpInfo, TlsHello, TlsHellosEvidence
from bot.model import Confidence, Finding, FollowUp, Reason, Verdict
from bot.verdict import judge, wanted
from tests import building as b

HOST = "backend.example.com"
SILENT = Failure(Phase.TLS, Reason.TIMEOUT, "ETIMEDOUT", 3_000.0, tcp=TcpInfo(0, 0, 1.0))
LOST = replace(SILENT, tcp=TcpInfo(1, 3, 1.0))
CUT = Failure(Phase.TLS, Reason.RESET, "ECONNRESET", 3.0)

DONE = TlsHello("own", answer=HelloAnswer.HELLO, completed=True, version="TLSv1.3")
ALERT = TlsHello("own", answer=HelloAnswer.ALERT, failure=Failure(Phase.TLS, Reason.TLS_ALERT))


def unanswered(failure: Failure) -> TlsHello:
    return TlsHello("own", failure=failure)


def hellos(own_name: str | None = HOST, **seen: TlsHello) -> Finding:
    names = {"own": own_name, "small": own_name, "lenient": own_name, "other": "www.example.com"}
    said = [replace(hello, kind=kind, server_name=names.get(kind)) for kind, hello in seen.items()]
    return b.finding(FollowUp.TLS_HELLOS, TlsHellosEvidence(tuple(said)))


def told(failure: Failure, *more: Finding) -> Verdict:
    failed = b.answer(None, failure=failure)
    run = [
        b.dns("192.0.2.1"),
        b.tcp(),
        b.tls(handshake_ms=None, certificate=None, failure=failure),
        b.health(failed),
        b.polling(failed),
        b.websocket(failed),
        *more,
    ]
    return judge(run, b.HTTPS)


def code(verdict: Verdict) -> str:
    assert verdict.cause is not None
    return verdict.cause.code


def test_silence_asks_for_other_hellos_and_a_plain_request() -> None:
    failed = b.answer(None, failure=SILENT)
    run = [
        b.dns("192.0.2.1"),
        b.tcp(),
        b.tls(handshake_ms=None, certificate=None, failure=SILENT),
        b.health(failed),
        b.polling(failed),
    ]
    asked = wanted(run, b.HTTPS, asked=frozenset())
    assert {FollowUp.TLS_HELLOS, FollowUp.PLAIN_HTTP} <= set(asked)


@pytest.mark.parametrize("answer", [DONE, ALERT], ids=["handshake", "alert"])
@pytest.mark.parametrize("kind", ["other", "none"])
@pytest.mark.parametrize(
    ("failure", "named"), [(SILENT, "tls_dpi_sni_drop"), (CUT, "tls_dpi_sni_rst")]
)
def test_any_answer_to_another_name_is_a_filter_of_ours(
    failure: Failure, named: str, kind: str, answer: TlsHello
) -> None:
    seen = {"own": unanswered(failure), "small": unanswered(failure), kind: answer}
    verdict = told(failure, hellos(**seen))
    assert code(verdict) == named
    assert verdict.cause is not None
    assert verdict.cause.confidence is Confidence.LIKELY  # no control


def test_a_filter_that_misses_a_name_in_two_packets_is_still_a_filter() -> None:
    verdict = told(SILENT, hellos(own=unanswered(SILENT), other=DONE, small=DONE))
    assert code(verdict) == "tls_dpi_sni_drop"


def test_only_small_segments_pass_a_hole() -> None:
    silent = unanswered(SILENT)
    verdict = told(SILENT, hellos(own=silent, other=silent, none=silent, small=DONE))
    assert code(verdict) == "net_mtu_blackhole_tls"
    assert verdict.cause is not None
    assert verdict.cause.confidence is Confidence.CERTAIN


def test_a_strict_front_s_small_alert_passes_a_hole_too() -> None:
    verdict = told(SILENT, hellos(own=unanswered(SILENT), other=ALERT, none=ALERT, small=DONE))
    assert code(verdict) == "net_mtu_blackhole_tls"


def test_a_hello_that_never_arrives_while_another_is_refused_is_filtered() -> None:
    verdict = told(LOST, hellos(own=unanswered(LOST), other=ALERT, none=ALERT, small=DONE))
    assert code(verdict) == "tls_dpi_sni_drop"


def test_an_address_is_no_name_that_a_filter_could_read() -> None:
    seen = {"own": unanswered(SILENT), "other": DONE, "small": unanswered(SILENT)}
    assert code(told(SILENT, hellos(None, **seen))) == "tls_sni_unrecognized"


@pytest.mark.parametrize(
    ("failure", "named"), [(SILENT, "tls_handshake_hang"), (CUT, "tls_rst_in_handshake")]
)
def test_what_no_hello_changes_is_the_server(failure: Failure, named: str) -> None:
    seen = dict.fromkeys(("own", "other", "none", "small", "lenient"), unanswered(failure))
    assert code(told(failure, hellos(**seen))) == named


def test_a_server_that_answers_old_versions_only_is_outdated_even_if_it_just_hangs_up() -> None:
    old = replace(DONE, version="TLSv1.1", cipher="ECDHE-RSA-AES256-SHA")
    seen = dict.fromkeys(("own", "other", "none", "small"), unanswered(CUT))
    assert code(told(CUT, hellos(**seen, lenient=old))) == "tls_old_protocol"


def test_nothing_acknowledged_after_connect_is_the_path() -> None:
    seen = dict.fromkeys(("own", "other", "none", "small", "lenient"), unanswered(LOST))
    verdict = told(LOST, hellos(**seen))
    assert code(verdict) == "tcp_blackhole"
    assert "tcp_backlog_full" in verdict.alternatives


def test_a_server_that_hangs_up_on_any_name_has_no_filter_before_it() -> None:
    seen = {"own": unanswered(CUT), "other": unanswered(CUT), "none": ALERT}
    assert code(told(CUT, hellos(**seen))) == "tls_sni_unrecognized"
