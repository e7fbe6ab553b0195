"""A certificate of ours is wanted: how servers of different makes say so, or do not."""

from __future__ import annotations

import pytest

from bot.evidence import Failure, HelloAnswer, Phase, ProbedPathsEvidence, TlsHello
from bot.evidence import TlsHellosEvidence as Hellos
from bot.model import Confidence, Finding, FollowUp, Named, Reason
from bot.verdict import judge, wanted
from tests import building as b

SERVER_HELLO = "\\x16\\x03\\x03\\x00_\\x02\\x00\\x00["


def alert(name: str, phase: Phase = Phase.TLS, first: str = "") -> Failure:
    return Failure(phase, Reason.TLS_ALERT, name, 3.0, first_bytes=first)


def refused(failure: Failure) -> list[Finding]:
    """The handshake ends in an alert."""
    failed = b.answer(None, failure=failure)
    seen = b.tls(handshake_ms=None, certificate=None, failure=failure, alert=failure.detail)
    return [b.dns("192.0.2.1"), b.tcp(), seen, b.health(failed), b.polling(failed)]


def answered(given: dict[str, object]) -> list[Finding]:
    """The handshake succeeds, and every request gets this."""
    one = b.answer(**given)  # type: ignore[arg-type]
    return [b.dns("192.0.2.1"), b.tcp(), b.tls(), b.health(one), b.polling(one), b.websocket(one)]


def hellos(*, asks: bool, ended: Failure | None = None) -> Finding:
    own = TlsHello(
        "own",
        "backend.example.com",
        answer=HelloAnswer.HELLO,
        completed=ended is None,
        asks_certificate=asks,
        failure=ended,
    )
    return b.finding(FollowUp.TLS_HELLOS, Hellos((own,)))


def named(run: list[Finding]) -> Named:
    cause = judge(run, b.HTTPS).cause
    assert cause is not None
    return cause


@pytest.mark.parametrize(
    "said",
    ["SSLV3_ALERT_BAD_CERTIFICATE", "TLSV1_ALERT_UNKNOWN_CA", "SSLV3_ALERT_CERTIFICATE_UNKNOWN"],
)
def test_an_alert_about_a_certificate_is_about_ours(said: str) -> None:
    cause = named(refused(alert(said)))
    assert (cause.code, cause.confidence) == ("tls_client_cert_required", Confidence.LIKELY)


def test_gnutls_cannot_read_our_empty_message_and_the_hellos_tell_what_it_asked_for() -> None:
    failure = alert("TLSV1_ALERT_DECODE_ERROR", first=SERVER_HELLO)
    run = refused(failure)
    assert FollowUp.TLS_HELLOS in wanted(run, b.HTTPS, asked=frozenset())
    cause = named([*run, hellos(asks=True, ended=failure)])
    assert (cause.code, cause.confidence) == ("tls_client_cert_required", Confidence.CERTAIN)


def test_the_same_alert_without_a_hello_of_the_server_explains_nothing() -> None:
    assert named(refused(alert("TLSV1_ALERT_DECODE_ERROR"))).code == "tls_rst_in_handshake"


def test_a_renegotiation_that_fails_wanted_a_certificate() -> None:
    ended = alert("SSLV3_ALERT_HANDSHAKE_FAILURE", Phase.REQUEST)
    run = answered({"status": None, "failure": ended})
    assert named([*run, hellos(asks=False)]).code == "tls_client_cert_required"


@pytest.mark.parametrize(
    "page",
    [
        "<title>403 Forbidden</title>Reason: Cannot perform Post-Handshake Authentication.",
        "<title>400 The SSL certificate error</title>",
    ],
)
def test_pages_that_say_so_are_believed(page: str) -> None:
    cause = named(answered({"status": 403, "body": page}))
    assert (cause.code, cause.confidence) == ("tls_client_cert_required", Confidence.CERTAIN)


def test_what_is_forbidden_by_a_server_that_asked_for_a_certificate_is_forbidden_for_its_sake() -> (
    None
):
    run = answered({"status": 403, "body": "<h1>403 Forbidden</h1>"})
    assert FollowUp.TLS_HELLOS in wanted(run, b.HTTPS, asked=frozenset())
    cause = named([*run, hellos(asks=True)])
    assert (cause.code, cause.confidence) == ("tls_client_cert_required", Confidence.LIKELY)
    assert named([*run, hellos(asks=False)]).code == "http_waf_403"


def test_a_browser_that_gets_in_without_one_acquits_the_certificate() -> None:
    run = answered({"status": 403, "body": "<h1>403 Forbidden</h1>"})
    swap = ProbedPathsEvidence((("browser", b.answer(200)),), ("browser",))
    swapped = b.finding(FollowUp.USER_AGENT, swap)
    assert named([*run, swapped, hellos(asks=True)]).code == "http_waf_403"
