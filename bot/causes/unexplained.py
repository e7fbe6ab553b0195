"""What no row explains, in sentences: which step fails, and how. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping

from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Finding, FollowUp, Message, Reason, say

_STEPS: Mapping[str, Message] = {
    "config": say("The settings cannot be used."),
    "control": say("A control fails."),
    "dns": say("The lookup of the name fails."),
    "tcp": say("No TCP connection comes about as it should."),
    "tls": say("The TLS handshake fails."),
    "http": say("The health page fails."),
    "polling": say("The handshake over polling fails."),
    "cors": say("The CORS check fails for the configured Origin."),
    "websocket": say("The handshake over WebSocket fails."),
    "upgrade": say("The upgrade from polling to WebSocket fails."),
    "namespace": say("Joining the Socket.IO namespace fails."),
    "rtt": say("The path is not as good as it should be."),
    "fallback": say("A fallback URL does not work."),
    FollowUp.AFFINITY: say("Requests of one session are not all answered alike."),
    FollowUp.LINGER: say("The connection does not hold."),
}
_OTHER_STEP = say("A step of the check fails.")

_HOW: Mapping[Reason, Message] = {
    Reason.NOT_CONFIGURED: say("It is not configured."),
    Reason.NOT_NEEDED: say("It is not needed."),
    Reason.NOT_REACHED: say("A lower layer fails first."),
    Reason.NOT_POSSIBLE: say("This machine cannot look."),
    Reason.DEADLINE: say("The time for the check ran out."),
    Reason.NAME_NOT_FOUND: say("The name does not exist."),
    Reason.NO_ADDRESS: say("The name has no address."),
    Reason.RESOLVER_FAILED: say("The resolver fails."),
    Reason.RESOLVER_TIMEOUT: say("The resolver does not answer."),
    Reason.BOGUS_ADDRESS: say("The address is private or reserved."),
    Reason.SLOW_LOOKUP: say("The lookup takes long."),
    Reason.REFUSED: say("The connection is refused."),
    Reason.RESET: say("The connection is reset."),
    Reason.EOF: say("The other side closes the connection."),
    Reason.TIMEOUT: say("No answer comes in time."),
    Reason.HOST_UNREACHABLE: say("The host cannot be reached."),
    Reason.NO_ROUTE: say("There is no route to the host."),
    Reason.SOCKET_ERROR: say("The operating system reports an error of the socket."),
    Reason.CERTIFICATE_INVALID: say("The certificate is not valid."),
    Reason.CERTIFICATE_EXPIRING: say("The certificate is about to expire."),
    Reason.CERTIFICATE_NAMELESS: say("The certificate names no host."),
    Reason.TLS_ALERT: say("The server ends the TLS handshake."),
    Reason.TLS_NOT_SPOKEN: say("What answers does not speak TLS."),
    Reason.TLS_ERROR: say("TLS reports an error."),
    Reason.NOT_HTTP: say("What comes back is no proper HTTP."),
    Reason.HTTP_STATUS: say("It is refused by its HTTP status."),
    Reason.REDIRECT: say("It is redirected elsewhere."),
    Reason.UNEXPECTED_BODY: say("The answer is not what was asked for."),
    Reason.SLOW_ANSWER: say("The answer comes late."),
    Reason.EIO_ERROR: say("Engine.IO refuses."),
    Reason.EIO_VERSION: say("Another version of Engine.IO answers."),
    Reason.NOT_EIO: say("What answers does not speak Engine.IO."),
    Reason.UPGRADE_REFUSED: say("The server does not switch to WebSocket."),
    Reason.BAD_HANDSHAKE: say("The answer 101 is not a valid one."),
    Reason.BAD_FRAME: say("A WebSocket frame arrives that is not valid."),
    Reason.CLOSED: say("The server closes at once."),
    Reason.NO_PACKET: say("The connection opens, and no packet comes."),
    Reason.PROBE_UNANSWERED: say("The server does not confirm the upgrade."),
    Reason.NO_WEBSOCKET_UPGRADE: say("The server offers no WebSocket."),
    Reason.SESSION_UNKNOWN: say("The server does not find the session again."),
    Reason.ORIGIN_NOT_ALLOWED: say("Another Origin is allowed."),
    Reason.CORS_HEADER_MISSING: say("A CORS header is missing."),
    Reason.CORS_HEADER_INVALID: say("A CORS header is not valid."),
    Reason.CONNECT_REFUSED: say("The server refuses."),
    Reason.DISCONNECTED: say("The server lets us in and disconnects at once."),
    Reason.NO_ANSWER: say("The server does not answer."),
    Reason.HIGH_LATENCY: say("Round trips are long."),
    Reason.UNSTABLE: say("Round trips vary widely."),
    Reason.SETTING_INVALID: say("A setting is not valid."),
    Reason.FALLBACK_DEAD: say("It does not answer."),
    Reason.CONTROL_FAILED: say("A control fails too, so that our own network is in doubt."),
    Reason.UNRECOGNISED: say("How it fails is nothing that is known."),
}


def sentences(found: FindingSet, worst: Finding | None) -> tuple[Message, ...]:
    """Why a verdict names no cause: the lowest failing step, and what was seen there."""
    if worst is None:
        return ()
    answer = getattr(worst.evidence, "answer", None)
    if isinstance(answer, HttpAnswer) and answer.status is not None and answer.status != 101:
        return (_STEPS.get(worst.probe, _OTHER_STEP), *_answered(found, worst, answer))
    how = _HOW[worst.reason or Reason.UNRECOGNISED]
    return _STEPS.get(worst.probe, _OTHER_STEP), how


def _answered(found: FindingSet, worst: Finding, answer: HttpAnswer) -> tuple[Message, ...]:
    status = answer.status or 0
    path = answer.path.split("?", maxsplit=1)[0]
    others = [a for a in found.answers if a is not answer and a.status is not None]
    alike = bool(others) and all(a.status == status for a in others)
    if status >= 500 and alike:
        return (
            say("Every request is answered {status}: the server itself fails.", status=status),
            say("Its log says why; look there for an exception or a failed start."),
        )
    what = say("{path} is answered {status}.", path=path, status=status)
    if status >= 500 and worst.probe == "websocket" and found.polling_open:
        return what, say("Polling works, so what fails is the server's handling of upgrades.")
    if status >= 500:
        return what, say("Other requests are answered: the server fails on this path.")
    return (what,)
