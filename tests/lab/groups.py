"""Causes that look the same from a single vantage outside (the guide gives them the same advice).

Counted as right when one is named for another in the figure "ambiguous groups merged". What a
follow-up or `--deep` separates is in no group.
"""

from __future__ import annotations

from typing import Final

GROUPS: Final = (
    # whether anybody listens elsewhere on the host is seen there alone
    frozenset({"tcp_refused", "server_bound_loopback_only"}),
    # a full accept queue drops a SYN as a firewall does
    frozenset({"tcp_blackhole", "tcp_backlog_full"}),
    # both end a session at an age; without --deep nobody stays long enough to compare
    frozenset({"sio_kicked_later", "sio_kicked_no_keepalive"}),
    # who was there first, the crash or we
    frozenset({"srv_crashes_on_connect", "srv_crash_loop"}),
)


def merged(cause: str | None) -> frozenset[str]:
    """All codes that cannot be told from `cause`, with itself; empty for None."""
    if cause is None:
        return frozenset()
    return frozenset({cause}).union(*(group for group in GROUPS if cause in group))
