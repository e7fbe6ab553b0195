"""Which Engine.IO answers: the newer, the older, or now this and now that."""

from __future__ import annotations

from dataclasses import replace

from bot.evidence import EioError, WebSocketEvidence
from bot.model import Reason, Status
from bot.verdict import judge
from tests import building as b

OLDER = replace(b.EIO_OPEN, protocol=3)


def test_a_refusal_of_our_version_beside_the_older_one_s_open_is_one_old_server() -> None:
    error = EioError(5, "Unsupported protocol version")
    refused = b.polling(b.answer(400), error=error)
    opened = WebSocketEvidence(b.answer(101), accept_ok=True, open=OLDER)
    ws = b.finding("websocket", opened, Status.FAIL, Reason.EIO_VERSION)
    none = b.namespace(b.attempt(b.Transport.WEBSOCKET, b.Outcome.NOT_TRIED))
    looks = (refused, ws, b.upgrade(b.answer(400)), none, b.affinity(open=OLDER))
    run = b.healthy(*looks)
    cause = judge(run, b.HTTP).cause
    assert cause
    assert cause.code == "eio_server_v2"
