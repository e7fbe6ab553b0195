"""`polling`: the Engine.IO handshake over plain HTTP, as socket.io-client sends it."""

from __future__ import annotations

import time

from bot.evidence import HttpAnswer, PollingEvidence
from bot.model import Finding, Reason, Status
from bot.net import packets
from bot.net.http import Reply
from bot.net.packets import Opened
from bot.probes import outcome
from bot.probes.look import Look, PollingSession, Shaken, cookies_of
from bot.probes.outcome import Judged


async def probe(look: Look) -> Finding:
    """Open a polling session, and leave it for those that go on with it."""
    started = time.monotonic()
    try:
        reply = await look.fetch(look.engine_request("GET"), on_dialled=look.polling_dialled.set)
        began = time.monotonic()
        opened = _open(look, reply)
        session = None
        if opened is not None and opened.open.protocol == 4:
            session = PollingSession(opened, cookies_of(reply), began)
            look.opened = look.opened or opened.open
        look.shaken.put(Shaken(reply.answer, session))
    finally:
        look.shaken.put(Shaken(HttpAnswer("GET", look.endpoint.path)))
    evidence = PollingEvidence(
        reply.answer,
        open=opened.open if opened is not None else None,
        error=packets.read_error(reply.text, look.scrub),
    )
    finding = outcome.found("polling", judge(evidence), evidence, started)
    return outcome.excused(finding, needed=look.uses_polling)


def judge(evidence: PollingEvidence) -> Judged:  # noqa: PLR0911 - a decision list
    """What a polling handshake comes to."""
    answer = evidence.answer
    if answer.status is None:
        return outcome.blame(answer.failure) if answer.failure else (Status.FAIL, Reason.NOT_HTTP)
    if evidence.error is not None:
        return Status.FAIL, Reason.EIO_ERROR
    if 300 <= answer.status < 400:
        return Status.FAIL, Reason.REDIRECT
    if answer.status != 200:
        return Status.FAIL, Reason.HTTP_STATUS
    if evidence.open is None:
        ended = answer.failure
        return Status.FAIL, ended.reason if ended is not None else Reason.NOT_EIO
    if evidence.open.protocol != 4:
        return Status.FAIL, Reason.EIO_VERSION
    if outcome.is_slow(answer):
        return Status.WARN, Reason.SLOW_ANSWER
    return outcome.OK


def _open(look: Look, reply: Reply) -> Opened | None:
    if reply.answer.status != 200:
        return None
    return packets.read_open(reply.text, look.scrub)
