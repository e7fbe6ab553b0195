"""Connections that do not come about: errno, ICMP and the other ports, together."""

from __future__ import annotations

import pytest

from bot.evidence import OtherPortsEvidence, Phase, PortTry, TcpEvidence
from bot.model import Confidence, Finding, FollowUp, Reason, Status
from bot.verdict import judge
from tests import building as b

V4, V6 = "192.0.2.1", "2001:db8::1"


def failing(address: str, errno: str, icmp: tuple[int, int] | None = None) -> Finding:
    evidence = TcpEvidence(address, 8123, 6 if ":" in address else 4, None, errno, icmp)
    return b.finding("tcp", evidence, Status.FAIL, Reason.TIMEOUT, address)


def ports(*tries: tuple[int, str] | PortTry) -> Finding:
    seen = tuple(t if isinstance(t, PortTry) else PortTry(*t) for t in tries)
    return b.finding(FollowUp.OTHER_PORTS, OtherPortsEvidence(V4, seen))


def named(*findings: Finding) -> str:
    cause = judge([b.dns(V4), *findings], b.HTTP).cause
    assert cause is not None
    return cause.code


@pytest.mark.parametrize(
    ("errno", "icmp", "code"),
    [
        ("ECONNREFUSED", None, "tcp_refused"),
        ("ECONNREFUSED", (3, 3), "tcp_reject_admin"),
        ("ECONNREFUSED", (1, 4), "tcp_reject_admin"),
        ("EHOSTUNREACH", (3, 13), "tcp_reject_admin"),
        ("EHOSTUNREACH", (3, 10), "tcp_reject_admin"),
        ("ENETUNREACH", (3, 9), "tcp_reject_admin"),
        ("EACCES", (1, 1), "tcp_reject_admin"),
        ("EPERM", None, "tcp_reject_admin"),
        ("EHOSTUNREACH", (3, 1), "tcp_host_unreachable"),
        ("EHOSTUNREACH", (1, 3), "tcp_host_unreachable"),
        ("ENETUNREACH", (3, 0), "tcp_host_unreachable"),
        ("ENOPROTOOPT", (3, 2), "tcp_reject_admin"),
        ("EINVAL", None, "tcp_no_route"),
        ("ENETUNREACH", (1, 0), "tcp_host_unreachable"),
        ("ENETUNREACH", None, "tcp_no_route"),
        ("ETIMEDOUT", None, "tcp_blackhole"),
    ],
)
def test_the_icmp_code_decides_where_the_errno_is_the_same(
    errno: str, icmp: tuple[int, int] | None, code: str
) -> None:
    assert named(failing(V4, errno, icmp)) == code


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("ECONNREFUSED", "ENETUNREACH", "tcp_refused"),
        ("ETIMEDOUT", "ENETUNREACH", "tcp_blackhole"),
        ("ETIMEDOUT", "ECONNREFUSED", "tcp_refused"),
        ("EHOSTUNREACH", "ETIMEDOUT", "tcp_host_unreachable"),
    ],
)
def test_of_several_addresses_the_most_telling_failure_is_named(
    first: str, second: str, code: str
) -> None:
    assert named(failing(V4, first), failing(V6, second)) == code


def test_a_family_that_this_machine_lacks_is_no_fault_of_the_target() -> None:
    lacking = b.finding(
        "tcp",
        TcpEvidence(V6, 8123, 6, None, "ENETUNREACH"),
        Status.SKIPPED,
        Reason.NOT_POSSIBLE,
        V6,
    )
    slow = b.health(b.answer(503, path="/health"))
    run = b.healthy(b.tcp(V4), lacking, slow)
    cause = judge(run, b.HTTP).cause
    assert cause is not None
    assert cause.code != "ipv6_broken"


def test_an_address_without_a_route_beside_one_of_its_family_that_connects_is_dead() -> None:
    lost = failing("203.0.113.9", "ENETUNREACH")
    cause = judge(b.healthy(b.tcp(V4), lost), b.HTTP).cause
    assert cause is not None
    assert cause.code == "one_backend_blackholed"


def test_engine_io_next_door_names_the_wrong_port() -> None:
    refused = failing(V4, "ECONNREFUSED")
    assert named(refused, ports((80, "refused"), (8124, "ok"))) == "tcp_refused"
    assert named(refused, ports((80, "ok"), PortTry(8124, "ok", "http"))) == "srv_wrong_port"


@pytest.mark.parametrize(
    ("others", "code"),
    [
        ([(80, "refused"), (443, "refused"), (8124, "refused")], "tcp_backlog_full"),
        ([(80, "ok"), (443, "ok"), (8124, "timeout")], "tcp_blackhole"),
        ([(80, "timeout"), (443, "timeout"), (8124, "timeout")], "tcp_blackhole"),
        ([PortTry(80, "refused", icmp=True), PortTry(8124, "refused", icmp=True)], "tcp_blackhole"),
    ],
)
def test_a_port_that_is_silent_alone_has_a_full_queue(
    others: list[tuple[int, str] | PortTry], code: str
) -> None:
    verdict = judge([b.dns(V4), failing(V4, "ETIMEDOUT"), ports(*others)], b.HTTP)
    assert verdict.cause is not None
    assert verdict.cause.code == code
    assert verdict.cause.confidence is Confidence.LIKELY


def test_a_reset_that_the_connect_reports_was_an_accepted_connection() -> None:
    gone = b.failed(Reason.RESET, Phase.CONNECT)
    run = [failing(V4, "ECONNRESET"), b.health(gone), b.polling(gone), b.websocket(gone)]
    for target in (b.HTTP, b.HTTPS):
        cause = judge([b.dns(V4), *run], target).cause
        assert cause is not None
        assert cause.code == "tcp_rst_on_accept"


def test_a_few_places_that_are_taken_silently_are_a_limit_too() -> None:
    kept, closed = b.failed(Reason.TIMEOUT), b.failed(Reason.EOF)
    run = [b.dns(V4), b.tcp(V4), b.health(kept), b.polling(closed), b.websocket(closed)]
    assert named(*run[1:]) == "tcp_conn_limit"
    assert named(b.tcp(V4), b.health(kept), b.polling(kept), b.websocket(kept)) == "srv_frozen"
