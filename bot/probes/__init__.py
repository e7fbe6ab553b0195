"""Probes observe and never judge the target: one file per layer, each an async function.

`SUITE` is the base suite. `needs` names the probes whose findings a probe sums up and so must wait
for; lower layers are no needs: after the lookup every probe dials for itself, at once, and reports
`skipped/not_reached` where its own dial failed for a lower layer's reason. That keeps a healthy
check at six round trips (measurements.md). What probes hand on they leave in the slots of the
`Look`. Deadlines are the safety net: each probe bounds what it waits for by itself, so that its
evidence survives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.model import Finding, FollowUp
from bot.probes import (
    affinity,
    alike,
    alone,
    askers,
    burst,
    config,
    control,
    control_address,
    cors,
    dns,
    dns_direct,
    each_address,
    fallback,
    first_message,
    hold,
    http,
    ladder,
    linger,
    namespace,
    other_parser,
    other_ports,
    other_scheme,
    paths,
    polling,
    recheck,
    rtt,
    sampler,
    steadiness,
    tcp,
    tls,
    tls_hellos,
    twin,
    upgrade,
    versions,
    via_proxy,
    websocket,
    websocket_control,
)
from bot.probes.heartbeat import HOLD_MAX_S
from bot.probes.look import Look

Found = Finding | tuple[Finding, ...]
Probe = Callable[[Look], Awaitable[Found]]


@dataclass(frozen=True, slots=True)
class ProbeRow:
    """One probe of the base suite."""

    name: str
    function: Probe
    needs: tuple[str, ...]
    deadline_s: float
    early: bool = False  # on the longest way: its handshake goes before those that have slack


SUITE: Final = (
    ProbeRow("config", config.probe, (), 2.0),
    ProbeRow("control", control.probe, (), 14.0),
    ProbeRow("dns", dns.probe, (), 12.0),
    ProbeRow("tcp", tcp.probe, (), 12.0),
    ProbeRow("tls", tls.probe, (), 17.0),
    ProbeRow("http", http.probe, (), 17.0),
    ProbeRow("polling", polling.probe, (), 17.0, early=True),
    ProbeRow("cors", cors.probe, (), 18.0),
    ProbeRow("websocket", websocket.probe, (), 19.0, early=True),
    ProbeRow("upgrade", upgrade.probe, (), 19.0),
    ProbeRow("namespace", namespace.probe, (), 19.5),
    ProbeRow("fallback", fallback.probe, (), 18.0),
    ProbeRow("rtt", rtt.probe, ("tcp", "tls", "http", "polling", "upgrade", "namespace"), 9.0),
)


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """One probe that runs only when the verdict asks for it."""

    function: Probe
    deadline_s: float
    alone: bool = False  # parallel traffic would hide what it looks for


FOLLOW_UPS: Final[Mapping[FollowUp, FollowUpRow]] = {
    FollowUp.DNS_DIRECT: FollowUpRow(dns_direct.probe, 5.0),
    FollowUp.CONTROL_ADDRESS: FollowUpRow(control_address.probe, 9.0),
    FollowUp.EACH_ADDRESS: FollowUpRow(each_address.probe, 9.0),
    FollowUp.TCP_BURST: FollowUpRow(burst.probe, 8.0),
    FollowUp.TLS_ON_PLAIN_PORT: FollowUpRow(other_scheme.tls_on_plain_port, 9.0),
    FollowUp.PLAIN_HTTP: FollowUpRow(other_scheme.plain_http, 8.0),
    FollowUp.TLS_HELLOS: FollowUpRow(tls_hellos.probe, 6.0),
    FollowUp.OTHER_PORTS: FollowUpRow(other_ports.probe, 5.0),
    FollowUp.VIA_PROXY: FollowUpRow(via_proxy.probe, 8.0),
    FollowUp.RANDOM_PATH: FollowUpRow(paths.random_path, 8.0),
    FollowUp.PATH_CANDIDATES: FollowUpRow(paths.path_candidates, 8.0),
    FollowUp.ORIGIN_VARIANTS: FollowUpRow(paths.origin_variants, 8.0),
    FollowUp.USER_AGENT: FollowUpRow(askers.user_agent, 8.0),
    FollowUp.HOST_VARIANTS: FollowUpRow(askers.host_variants, 10.0),
    FollowUp.OLDER_VERSION: FollowUpRow(versions.probe, 8.0, alone=True),
    FollowUp.WEBSOCKET_CONTROL: FollowUpRow(websocket_control.probe, 8.0),
    FollowUp.OTHER_PARSER: FollowUpRow(other_parser.probe, 6.0),
    FollowUp.FIRST_MESSAGE: FollowUpRow(first_message.probe, 12.0),
    FollowUp.STEADINESS: FollowUpRow(steadiness.probe, 11.0, alone=True),
    FollowUp.RECHECK: FollowUpRow(recheck.probe, 11.0),
    FollowUp.LINGER: FollowUpRow(linger.probe, 3.0),
    FollowUp.ALONE: FollowUpRow(alone.probe, 12.0, alone=True),
    FollowUp.ALIKE: FollowUpRow(alike.probe, 14.0, alone=True),
    FollowUp.AFFINITY: FollowUpRow(affinity.probe, 12.0, alone=True),
    FollowUp.HOLD: FollowUpRow(hold.probe, HOLD_MAX_S + 20.0, alone=True),
    FollowUp.TWIN: FollowUpRow(twin.probe, HOLD_MAX_S + 20.0, alone=True),
    FollowUp.LADDER: FollowUpRow(ladder.probe, 40.0, alone=True),
    FollowUp.SAMPLER: FollowUpRow(sampler.probe, sampler.ALONE_S + 2.0, alone=True),
}
