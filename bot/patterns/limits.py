"""Well-known limits: a hint what to look for, never the reason for a verdict."""

from __future__ import annotations

# Seconds → products whose documented default (or maximum) it is.
LIFETIMES = (
    (300.0, "Cloud Run's request timeout (default)"),
    (3600.0, "Cloud Run's request timeout (maximum)"),
)
IDLE_TIMES = (
    (55.0, "Heroku's router"),
    (60.0, "nginx proxy_read_timeout"),
    (60.0, "an AWS ALB"),
    (100.0, "Cloudflare"),
    (240.0, "an Azure load balancer"),
    (350.0, "an AWS NLB"),
)
_NEAR = 0.02
_NEAR_S = 1.5


def examples(seconds: float, *tables: tuple[tuple[float, str], ...]) -> tuple[str, ...]:
    """Products with a limit of about this many seconds."""
    return tuple(
        name
        for table in tables
        for limit, name in table
        if abs(seconds - limit) <= max(_NEAR_S, _NEAR * limit)
    )
