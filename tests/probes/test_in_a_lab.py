"""Faults of a whole network: in namespaces of our own, with real routes, ICMP and resolvers."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from tests.servers.fixtures import StartLab
from tests.servers.netns import FAR, NetworkLab, Way

pytestmark = pytest.mark.netns

Findings = dict[str, dict[str, Any]]


async def look_from_near(lab: NetworkLab, url: str) -> Findings:
    command = lab.near([sys.executable, "-m", "tests.probes.look_from_here", url])
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode == 0
    return {f["probe"]: f for f in json.loads(said)}


async def in_far(lab: NetworkLab, *command: str) -> None:
    process = await asyncio.create_subprocess_exec(*lab.far(command))
    assert await process.wait() == 0


@pytest.mark.parametrize(("route", "icmp"), [("prohibit", [3, 13]), ("unreachable", [3, 1])])
async def test_the_icmp_code_tells_a_firewall_from_an_absent_host(
    network_lab: StartLab, route: str, icmp: list[int]
) -> None:
    lab = await network_lab()
    await in_far(lab, "sysctl", "-qw", "net.ipv4.ip_forward=1")
    await in_far(lab, "ip", "route", "add", route, "10.99.1.1")
    found = await look_from_near(lab, "http://10.99.1.1:3000")
    assert found["tcp"]["reason"] == "host_unreachable"
    assert found["tcp"]["evidence"]["errno"] == "EHOSTUNREACH"
    assert found["tcp"]["evidence"]["icmp"] == icmp
    assert found["polling"]["reason"] == "not_reached"


async def test_a_black_hole_is_a_timeout_of_tcp_alone(network_lab: StartLab) -> None:
    lab = await network_lab(Way(loss=1.0))
    found = await look_from_near(lab, f"http://{FAR}:3000")
    assert (found["tcp"]["status"], found["tcp"]["reason"]) == ("fail", "timeout")
    assert found["tcp"]["evidence"]["errno"] == "ETIMEDOUT"
    for probe in ("http", "polling", "websocket", "upgrade", "namespace", "rtt"):
        assert found[probe]["reason"] == "not_reached"


async def test_a_resolver_that_never_answers_does_not_hold_the_process(
    network_lab: StartLab,
) -> None:
    lab = await network_lab(Way(loss=1.0))
    lab.resolv_conf.write_text(f"nameserver {FAR}\noptions timeout:25 attempts:2\n")
    found = await look_from_near(lab, "http://b.example:3000")
    assert found["dns"]["reason"] == "resolver_timeout"
    assert found["dns"]["evidence"]["error"] == "TIMEOUT"


async def test_a_resolver_that_is_down_fails_the_lookup(network_lab: StartLab) -> None:
    lab = await network_lab()
    found = await look_from_near(lab, "http://b.example:3000")
    assert found["dns"]["reason"] == "resolver_failed"
    assert found["dns"]["evidence"]["error"] == "EAI_AGAIN"
