"""`config`: lint of the client's settings. No network.

Advice never changes a state: it says what users will feel when something else fails.
"""

from __future__ import annotations

import time
from typing import Final

from bot.evidence import ConfigEvidence
from bot.model import ClientSettings, Finding, Message, Reason, Status, Target, Transport, say
from bot.net import endpoint
from bot.net.endpoint import Endpoint
from bot.probes import outcome
from bot.probes.look import Look
from bot.urls import UrlError, without_secrets

COLD_START_MS: Final = 5_000  # 3.4 s was measured for a small container (faults.md)
PROXY_IDLE_S: Final = 60.0  # nginx's proxy_read_timeout and ALB's idle timeout, by default
RETRY_BUDGET_S: Final = 600.0  # a deploy or a failover of ten minutes should be outlived

Advice = tuple[str, Message]


async def probe(look: Look) -> Finding:
    """Judge the settings of a target that can be looked at."""
    started = time.monotonic()
    evidence = ConfigEvidence(
        url=without_secrets(look.target.url),
        advice=tuple(advise(look.target, look.endpoint)),
    )
    return outcome.found("config", outcome.OK, evidence, started)


def unusable(target: Target, problem: str, *, ours: bool) -> Finding:
    """The finding for a target that cannot be looked at.

    ours: a secret, header or file of this bot's own is to blame, which says nothing of the target.
    """
    evidence = ConfigEvidence(url=without_secrets(target.url), problem=problem)
    reason = Reason.NOT_POSSIBLE if ours else Reason.SETTING_INVALID
    return Finding("config", Status.FAIL, reason, evidence, 0.0)


def advise(target: Target, to: Endpoint) -> list[Advice]:
    """Everything about the client's settings that will hurt, each with the code of its cause."""
    client = target.client
    advice: list[Advice] = []
    both = {Transport.WEBSOCKET, Transport.POLLING} <= set(client.transports)
    if (
        both
        and not to.websocket_only
        and client.transports[0] is Transport.WEBSOCKET
        and not client.try_all_transports
    ):
        advice.append(
            (
                "cli_no_fallback",
                say(
                    "With websocket first the client never falls back to polling: put polling "
                    "first or set tryAllTransports."
                ),
            )
        )
    if client.timeout_ms < COLD_START_MS:
        advice.append(
            (
                "cli_timeout_too_short",
                say(
                    "The client gives up after {timeout_ms} ms, which a cold start can exceed.",
                    timeout_ms=client.timeout_ms,
                ),
            )
        )
    if client.keep_alive_s is not None and client.keep_alive_s >= PROXY_IDLE_S:
        advice.append(
            (
                "cli_keepalive_too_slow",
                say(
                    "A keep-alive every {keep_alive_s} s comes too late for proxies that cut idle "
                    "connections after {idle_s} s.",
                    keep_alive_s=client.keep_alive_s,
                    idle_s=PROXY_IDLE_S,
                ),
            )
        )
    budget = retry_budget_s(client)
    if budget is not None and budget < RETRY_BUDGET_S:
        advice.append(
            (
                "cli_reconnect_exhausted",
                say(
                    "After an outage of about {seconds} s the client stops reconnecting for good.",
                    seconds=round(budget),
                ),
            )
        )
    return advice + _about_urls(target, to)


def retry_budget_s(client: ClientSettings) -> float | None:
    """How long the client keeps trying, waits only, in seconds; None: for ever."""
    if client.reconnection_attempts is None:
        return None
    total = 0.0
    delay = float(client.reconnection_delay_ms)
    for _ in range(min(client.reconnection_attempts, 10_000)):
        total += min(delay, client.reconnection_delay_max_ms)
        delay = min(delay * 2, client.reconnection_delay_max_ms)
    return total / 1_000


def _about_urls(target: Target, to: Endpoint) -> list[Advice]:
    advice: list[Advice] = []
    if (to.secure and to.port == 80) or (not to.secure and to.port == 443):
        advice.append(
            (
                "cli_scheme_wrong",
                say(
                    "The scheme {scheme} and port {port} contradict each other.",
                    scheme=to.scheme,
                    port=to.port,
                ),
            )
        )
    if (target.origin or "").startswith("https://") and not to.secure:
        advice.append(
            (
                "cli_scheme_wrong",
                say(
                    "A page on https:// may not connect to {scheme}://: browsers block it.",
                    scheme=to.scheme,
                ),
            )
        )
    for url in target.fallback_urls:
        try:
            other = endpoint.parse(url)
        except UrlError:
            continue
        if other.host == to.host:
            advice.append(
                (
                    "cli_fallback_useless",
                    say(
                        "The fallback {url} is on the same host as the primary URL.",
                        url=without_secrets(url),
                    ),
                )
            )
    return advice
