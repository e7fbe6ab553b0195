"""The diagnosis names each fault of the demo: backend, probes and verdict in one go."""

from __future__ import annotations

import pytest

from bot.demo.backend import FAULTS, BreakableBackend
from bot.demo.run import ORIGIN
from bot.diagnose import diagnose
from bot.model import State, Target

NAMED = {
    "none": (State.UP, None),
    "stop": (State.DOWN, "tcp_refused"),
    "hang": (State.DOWN, "srv_frozen"),
    "restart": (State.DOWN, "tcp_refused"),  # as long as it lasts; the watcher sees the rest
    "502": (State.DOWN, "http_502_upstream_down"),
    "no_websocket": (State.DEGRADED, "ws_no_upgrade_header"),
    "wrong_cors": (State.DEGRADED, "cors_origin_mismatch"),
    "slow": (State.DEGRADED, "srv_overloaded"),
    "auth_refused": (State.DOWN, "sio_auth_rejected"),
}


def test_every_fault_is_expected_here() -> None:
    assert tuple(NAMED) == FAULTS


@pytest.mark.parametrize("fault", FAULTS)
async def test_the_verdict_names_the_fault(fault: str) -> None:
    async with BreakableBackend(origin=ORIGIN, restart_s=60) as backend:
        await backend.set_fault(fault)
        target = Target(name="backend", url=backend.url, origin=ORIGIN, health_path="/health")
        report = await diagnose(target)
    cause = report.verdict.cause
    assert (report.verdict.state, cause and cause.code) == NAMED[fault]
