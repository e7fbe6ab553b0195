"""Which causes of the catalogue the lab does not make, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from bot.causes import CATALOGUE
from tests.lab.scenario import Scenario

_BROWSER = "only a page in the user's own browser can see it; wsdiag explain recognises it"

NOT_MADE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "br_mixed_content": _BROWSER,
        "br_csp_connect_src": _BROWSER,
        "br_cors_blocked": _BROWSER,
        "br_closed_while_connecting": _BROWSER,
        "br_extension_blocked": _BROWSER,
        "br_local_network_access": _BROWSER,
        "br_stale_bundle": _BROWSER,
        "user_firewall": _BROWSER,
        "cli_no_fallback": "advice about the client's settings, never a verdict",
        "cli_timeout_too_short": "advice about the client's settings, never a verdict",
        "cli_scheme_wrong": "advice about the client's settings, never a verdict",
        "cli_url_missing": "the command line refuses such a URL (exit code 64) before it looks",
        "cli_keepalive_too_slow": "advice about the client's settings, never a verdict",
        "cli_reconnect_exhausted": "advice about the client's settings, never a verdict",
        "sio_no_ack": "wsdiag sends no event of the application that would be acknowledged",
        "net_slower_than_usual": "needs the target's history, which only the watcher has",
        "server_bound_loopback_only": "looks like tcp_refused from everywhere but the host itself",
    }
)


def without_scenario(scenarios: Iterable[Scenario]) -> tuple[str, ...]:
    """Codes of the catalogue that no scenario makes and `NOT_MADE` does not excuse."""
    made = {s.cause for s in scenarios}
    return tuple(code for code in CATALOGUE if code not in made and code not in NOT_MADE)


def lines(scenarios: Iterable[Scenario]) -> Iterable[str]:
    """The table for a terminal."""
    table = tuple(scenarios)
    made = {s.cause for s in table if s.cause in CATALOGUE}
    healthy = sum(1 for s in table if s.cause is None)
    yield f"{len(made)} of {len(CATALOGUE)} causes in {len(table)} scenarios, {healthy} healthy"
    for code in without_scenario(table):
        yield f"MISSING  {code}"
    for code, reason in NOT_MADE.items():
        yield f"not made {code:28} {reason}"
