"""Several addresses that connect: which of them serve, and what that is called."""

from __future__ import annotations

import pytest

from bot.evidence import EachAddressEvidence, Phase
from bot.model import Finding, FollowUp, Reason, State, Status, Transport
from bot.verdict import judge, wanted
from tests import building as b

V4, ALSO_V4, V6 = "192.0.2.1", "192.0.2.2", "2001:db8::1"


def each(*mute: str, opens: tuple[str, ...], joins: tuple[str, ...] = ()) -> Finding:
    evidence = EachAddressEvidence((), opens, mute, joins)
    judged = (Status.FAIL, Reason.TIMEOUT) if mute else (Status.OK, None)
    return b.finding(FollowUp.EACH_ADDRESS, evidence, *judged)


def code(run: list[Finding]) -> tuple[State, str]:
    verdict = judge(run, b.HTTP)
    assert verdict.cause is not None
    return verdict.state, verdict.cause.code


def test_every_address_is_asked_where_several_connect() -> None:
    run = [*b.healthy(b.tcp(V4)), b.tcp(ALSO_V4)]
    assert FollowUp.EACH_ADDRESS in wanted(run, b.HTTP, asked=frozenset())
    assert FollowUp.EACH_ADDRESS not in wanted(b.healthy(), b.HTTP, asked=frozenset())


@pytest.mark.parametrize(
    ("dead", "named"),
    [(ALSO_V4, "one_backend_dead"), (V6, "ipv6_broken")],
)
def test_an_address_that_accepts_and_does_not_serve_is_dead(dead: str, named: str) -> None:
    run = [*b.healthy(b.tcp(V4)), b.tcp(dead)]
    assert code([*run, each(dead, opens=(V4,))]) == (State.DEGRADED, named)
    assert judge([*run, each(opens=(V4, dead))], b.HTTP).state is State.UP


def test_choosing_the_dead_address_ourselves_changes_neither_state_nor_cause() -> None:
    silent = b.failed(Reason.TIMEOUT, Phase.REQUEST)
    run = [b.dns(V4, ALSO_V4), b.tcp(V4), b.tcp(ALSO_V4)]
    run += [b.health(silent), b.polling(silent), b.websocket(silent)]
    assert code(run) == (State.DOWN, "srv_frozen")
    seen = each(V4, opens=(ALSO_V4,), joins=(ALSO_V4,))
    assert code([*run, seen]) == (State.DEGRADED, "one_backend_dead")


def test_a_client_without_polling_is_not_helped_by_what_polls() -> None:
    silent = b.failed(Reason.TIMEOUT, Phase.REQUEST)
    run = [b.dns(V4, ALSO_V4), b.tcp(V4), b.tcp(ALSO_V4), b.websocket(silent)]
    seen = each(V4, opens=(ALSO_V4,), joins=(ALSO_V4,))
    client = b.HTTP.client.__class__(transports=(Transport.WEBSOCKET,))
    target = b.HTTP.__class__("prod", b.HTTP.url, client=client)
    assert judge([*run, seen], target).state is State.DOWN
