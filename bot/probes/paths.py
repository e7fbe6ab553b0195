"""Follow-ups that ask one question of several paths or Origins: who answers where?"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable
from typing import Final

from bot.evidence import HttpAnswer, ProbedPathsEvidence
from bot.model import Finding, FollowUp
from bot.net import packets
from bot.net.http import Reply, Request
from bot.probes import outcome
from bot.probes.look import Look

ANSWER_S: Final = 3.0
COMMON_PATHS: Final = (
    "/socket.io/",
    "/socket.io",
    "/engine.io/",
    "/ws/",
    "/socket/",
    "/realtime/",
    "/api/socket.io/",
)


async def random_path(look: Look) -> Finding:
    """Ask for a path that cannot exist: a portal or an app shell answers it all the same."""
    request = look.get(f"/wsdiag-{secrets.token_hex(6)}", shown="/wsdiag-random")
    return await _ask(look, FollowUp.RANDOM_PATH, [("random", request)])


async def path_candidates(look: Look) -> Finding:
    """Try the polling handshake where Engine.IO is often mounted."""
    own = look.endpoint.path
    prefix = look.endpoint.namespace.rstrip("/")
    paths = [p for p in COMMON_PATHS if p != own]
    if prefix:
        # What was taken for a namespace may have been meant as the path of a proxy.
        paths = [f"{prefix}/", f"{prefix}{own}", *paths]
    requests = [
        (path, look.engine_request("GET", to=look.polling_endpoint.at(path))) for path in paths
    ]
    return await _ask(look, FollowUp.PATH_CANDIDATES, requests)


async def origin_variants(look: Look) -> Finding:
    """Repeat the polling handshake without an Origin, with the backend's own, with ours."""
    origins = {"none": None, "own": look.polling_endpoint.origin}
    if look.target.origin:
        origins["configured"] = look.target.origin
    requests = []
    for label, origin in origins.items():
        lines = look.headers() + ((("Origin", origin),) if origin else ())
        requests.append((label, look.engine_request("GET", headers=lines)))
    return await _ask(look, FollowUp.ORIGIN_VARIANTS, requests)


async def _ask(look: Look, follow_up: FollowUp, requests: Iterable[tuple[str, Request]]) -> Finding:
    started = time.monotonic()
    labelled = list(requests)
    replies = await asyncio.gather(
        *(
            look.fetch(request, to=look.polling_endpoint, timeout_s=ANSWER_S)
            for _, request in labelled
        )
    )
    answers: list[tuple[str, HttpAnswer]] = []
    opens: list[str] = []
    for (label, _), reply in zip(labelled, replies, strict=True):
        answers.append((label, reply.answer))
        if _is_open(reply):
            opens.append(label)
    evidence = ProbedPathsEvidence(tuple(answers), tuple(opens))
    return outcome.found(follow_up.value, outcome.OK, evidence, started)


def _is_open(reply: Reply) -> bool:
    body = reply.body.decode("utf-8", "replace")
    return reply.answer.status == 200 and packets.read_open(body) is not None
