"""One question asked in several ways, at once: what the follow-ups that compare answers share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from bot.evidence import HttpAnswer, ProbedPathsEvidence
from bot.model import Finding, FollowUp
from bot.net import packets, websocket
from bot.net.errors import WireError
from bot.net.http import HeaderLines, Reply, Request
from bot.net.websocket import Stream
from bot.probes import outcome
from bot.probes.look import Look

ANSWER_S: Final = 3.0

Asked = tuple[str, HttpAnswer, bool]  # label, answer, whether an Engine.IO OPEN came with it


async def ask(look: Look, label: str, request: Request) -> Asked:
    """One polling request on a fresh socket."""
    reply = await look.fetch(request, to=look.polling_endpoint, timeout_s=ANSWER_S)
    return label, reply.answer, is_open(reply)


async def ask_for_upgrade(
    look: Look, label: str, path: tuple[str, str], headers: HeaderLines
) -> Asked:
    """One WebSocket handshake on a fresh socket; `path` as sent and as shown. 101 ends it."""
    sent, shown = path
    try:
        connection = await look.dialer.dial(look.endpoint)
    except WireError as exc:
        return label, HttpAnswer("GET", look.scrub(shown), failure=exc.failure), False
    with connection:
        shaken = await websocket.handshake(
            connection,
            path=sent,
            shown=shown,
            headers=headers,
            timeout_s=ANSWER_S,
            scrub=look.scrub,
        )
        if not shaken.switched:
            return label, shaken.reply.answer, False
        stream = Stream(connection, shaken.reply.rest, look.scrub)
        try:
            opened = packets.read_open((await stream.receive(ANSWER_S)).text)
        except WireError:
            opened = None
        await stream.leave()
        return label, shaken.reply.answer, opened is not None


def told(follow_up: FollowUp, asked: Iterable[Asked], started: float) -> Finding:
    """The finding of a follow-up that began at `started` (`time.monotonic()`)."""
    several = tuple(asked)
    evidence = ProbedPathsEvidence(
        tuple((label, answer) for label, answer, _ in several),
        tuple(label for label, _, opened in several if opened),
    )
    return outcome.found(follow_up.value, outcome.OK, evidence, started)


async def ask_all(
    look: Look, follow_up: FollowUp, requests: Iterable[tuple[str, Request]]
) -> Finding:
    """Polling requests, all at once."""
    started = time.monotonic()
    asked = await asyncio.gather(*(ask(look, label, request) for label, request in requests))
    return told(follow_up, asked, started)


def is_open(reply: Reply) -> bool:
    """Whether the reply is the answer to a polling handshake that succeeds."""
    return reply.answer.status == 200 and packets.read_open(reply.text) is not None


async def ask_at(look: Look, address: str, timeout_s: float) -> Reply:
    """One polling handshake at an address of the name, on a fresh socket."""
    request = look.engine_request("GET")
    return await look.fetch(request, to=look.polling_endpoint, address=address, timeout_s=timeout_s)


def speaks(reply: Reply) -> bool:
    """Engine.IO answers: an OPEN, or its own refusal of one."""
    return packets.read_open(reply.text) is not None or packets.read_error(reply.text) is not None
