"""Causes at the Socket.IO layer: Engine.IO stands, the namespace does not."""

from __future__ import annotations

import re

from bot.causes.held_server import stuck_since_joining
from bot.causes.row import Cause, Fit, Reach
from bot.evidence import NamespaceAttempt, Outcome
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Message, Reason, Section, say

_PROMPT_MS = 1_500.0  # an end within this time is a reaction to our packet
_NO_NAMESPACE = re.compile(
    r"invalid namespace|^\W*unable to connect\W*$|not (?:a )?valid namespace|unknown namespace|"
    r"namespace .{0,60}(?:not found|does not exist)",
    re.IGNORECASE,
)
_EXPIRED = re.compile(
    r"\bexpir(?:ed\b|é|ad[oa])|token_?expired|[\"']exp[\"'] claim|token.{0,20}(?:\bold\b|stale)|"
    r"ист[её]к|просроч|abgelaufen|caducad|scadut|过期|期限切れ",
    re.IGNORECASE,
)
# "Missing, invalid or expired" leaves open which of them it was.
_EXPIRED_OR_NOT = re.compile(
    r"missing|(?:invalid|bad|malformed|revoked)\W+(?:or|and|/)", re.IGNORECASE
)
# A dependency is named by what drivers say when it is gone, or by its name next to a trouble: a
# user who is "not found in the database" is none.
_STORE = (
    r"redis|mongo\w*|postgres\w*|mysql|mariadb|kafka|rabbit\w*|memcached?|elasticsearch|prisma|"
    r"sequelize|database|\bdb\b|datenbank|баз\w* данных|upstream|"
    r"\b(?:auth\w*|user|session|account) (?:service|server|api|backend)|сервис\w*|\w*dienst"
)
_GONE = (
    r"refused|unreachable|unavailable|not (?:available|reachable|connected|ready|responding)|"
    r"\bdown\b|\blost\b|closed|time(?:d|-|\s)*out|fail(?:ed|ure)|error|can(?:no|')t|could not|"
    r"unable|reset|недоступ|ошибк|не отвеча|nicht (?:erreichbar|verfügbar)"
)
_REACH = r"(?:connect\w*|reach|contact|query|подключени\w*|соединени\w*)\b"
_DEPENDENCY = re.compile(
    r"\bE(?:CONNREFUSED|TIMEDOUT|NOTFOUND|HOSTUNREACH|NETUNREACH|AI_AGAIN|CONNRESET|PIPE)\b|"
    rf"(?:{_STORE}).{{0,60}}(?:{_GONE})|{_REACH}.{{0,20}}(?:{_STORE})|"
    r"max ?retries ?per ?request|buffering timed out|too many clients|connection slots|"
    r"(?:connection )?pool (?:is )?(?:exhausted|timed? ?out)|queuepool limit|trying to connect|"
    r"client is closed|socket (?:hang up|closed)|fetch failed|network error|status code 5\d\d|"
    r"\b14 unavailable|temporarily unavailable|service unavailable|read only replica|"
    r"loading the dataset|server selection|"
    r"connection (?:is )?(?:refused|lost|terminated|timed out|reset|closed)|broken pipe|"
    r"timed? ?out (?:connecting|waiting|acquiring)|timeout of \d+ ?ms exceeded|deadline exceeded|"
    r"aborted due to timeout",
    re.IGNORECASE,
)
_AUTH_WORDS = re.compile(
    r"auth|token|jwt|credential|forbidden|denied|permission|not allowed|log.?in|sign|session|"
    r"password|api.?key|secret|ticket|\bban|доступ|авториз|аутентиф|认证|未授权|anmeld|berechtig|"
    r"rejected by server",
    re.IGNORECASE,
)
_PARSE_ERROR = re.compile(r"parse|decode|invalid (?:packet|payload)", re.IGNORECASE)


def _with(found: FindingSet, outcome: Outcome) -> NamespaceAttempt | None:
    """The first attempt that ended so.

    Where the other transport completed, the two may have been in each other's way: then only what
    the transport meets alone counts.
    """
    if found.completed and found.turned_away is not None and not found.ran(FollowUp.ALONE):
        return None
    return next((a for a in found.attempts if a.outcome is outcome), None)


def _refused(found: FindingSet) -> NamespaceAttempt | None:
    return _with(found, Outcome.REFUSED)


def _words(attempt: NamespaceAttempt) -> str:
    return f"{attempt.message} {attempt.data}".strip()


def invalid_namespace(found: FindingSet) -> Fit | None:
    """44 says that the namespace is not there."""
    attempt = _refused(found)
    if attempt is None or not _NO_NAMESPACE.search(attempt.message):
        return None
    return Fit(
        (
            say(
                "The server refuses the namespace {namespace}: {message}.",
                namespace=found.target.namespace,
                message=attempt.message,
            ),
        ),
    )


def dependency_down(found: FindingSet) -> Fit | None:
    """44 carries the error of something behind the server."""
    attempt = _refused(found)
    if attempt is None or invalid_namespace(found) or not _DEPENDENCY.search(_words(attempt)):
        return None
    return Fit(
        (say("The server's refusal names a dependency: {message}.", message=_words(attempt)),),
        Confidence.LIKELY,
        rivals=("sio_auth_rejected",),
    )


def auth_expired(found: FindingSet) -> Fit | None:
    """44 says that the token is too old."""
    attempt = _refused(found)
    if attempt is None or invalid_namespace(found) or dependency_down(found):
        return None
    if not _EXPIRED.search(_words(attempt)) or _EXPIRED_OR_NOT.search(_words(attempt)):
        return None
    return Fit(
        (say("The server refuses: {message}.", message=_words(attempt)),),
        Confidence.LIKELY,
        rivals=("sio_auth_rejected",),
    )


def auth_rejected(found: FindingSet) -> Fit | None:
    """44 by a middleware, for any other reason."""
    attempt = _refused(found)
    if attempt is None or invalid_namespace(found) or dependency_down(found):
        return None
    if auth_expired(found):
        return None
    sent = found.namespace is not None and found.namespace.auth_sent
    why = (
        say("The server refuses: {message}.", message=_words(attempt) or "—"),
        say("A token was sent.") if sent else say("No token was sent: none is configured."),
    )
    told = bool(_AUTH_WORDS.search(_words(attempt)))
    open_ = ("sio_auth_expired",) if _EXPIRED.search(_words(attempt)) else ()
    return Fit(why, Confidence.CERTAIN if told else Confidence.LIKELY, rivals=open_)


def middleware_hang(found: FindingSet) -> Fit | None:
    """The session lives, the namespace never answers."""
    attempt = _with(found, Outcome.SILENT)
    if attempt is None:
        return None
    alive = attempt.pings > 0 or attempt.pongs > 0
    if found.completed and not alive:
        return None  # ws_frames_blocked_up: nothing says that it was heard at all
    if found.parsers is not None and found.parsers.answered:
        return None  # sio_parser_mismatch
    return Fit(
        (
            say(
                "Engine.IO opens, the namespace CONNECT gets no answer within {seconds} s.",
                seconds=round(attempt.elapsed_ms / 1000, 1),
            ),
            *_one_transport_only(found, attempt),
        ),
        Confidence.CERTAIN if alive and not found.completed else Confidence.LIKELY,
        _settle_parser(found),
    )


def _settle_parser(found: FindingSet) -> tuple[FollowUp, ...]:
    """Whether the server understands us at all, asked where a WebSocket can be."""
    if found.completed or not found.websocket_open or found.ran(FollowUp.OTHER_PARSER):
        return ()
    return (FollowUp.OTHER_PARSER,)


def _one_transport_only(found: FindingSet, attempt: NamespaceAttempt) -> tuple[Message, ...]:
    """What has to be said when the other transport joins."""
    if not found.completed:
        return ()
    return (
        say("Only over {transport} is it so; the other joins.", transport=attempt.transport.value),
    )


def middleware_slow(found: FindingSet) -> Fit | None:
    """The namespace answers, late, on a fast path."""
    finding = found.finding("namespace")
    done = [a for a in found.attempts if a.outcome is Outcome.CONNECTED]
    if finding is None or not done:
        return None
    # One transport late, the other later than we wait: the handler keeps the process from both.
    waits = any(a.outcome is Outcome.SILENT and a.pongs for a in found.attempts)
    later = waits and min(a.elapsed_ms for a in done) >= _PROMPT_MS
    if finding.reason is not Reason.SLOW_ANSWER and not later:
        return None
    if stuck_since_joining(found):
        return None  # srv_blocks_on_connect
    return Fit(
        (
            say(
                "The namespace CONNECT is answered after {seconds} s.",
                seconds=round(min(a.elapsed_ms for a in done) / 1000, 1),
            ),
        ),
        Confidence.LIKELY,
    )


def parser_mismatch(found: FindingSet) -> Fit | None:
    """The server ends the session upon our first packet, or answers another parser's."""
    if found.parsers is not None and found.parsers.answered and not found.completed:
        why = say(
            "Our namespace CONNECT gets no answer; written for the parser “{parser}” it gets one.",
            parser=found.parsers.answered[0],
        )
        return Fit((why,))
    ended = [a for a in found.attempts if a.outcome is Outcome.CLOSED]
    if found.completed or not ended or len(ended) != len(found.attempts):
        return None
    prompt = all(a.elapsed_ms < _PROMPT_MS for a in ended)
    told = any(_PARSE_ERROR.search(a.close_reason) for a in ended)
    clean = any(a.close_code in (None, 1000, 1005) for a in ended)
    http = any(a.answer is not None and (a.answer.status or 0) >= 300 for a in ended)
    policy = any(a.close_code in (1008, 1009, 1011, 1012, 1013) for a in ended)
    abrupt = all(a.failure is not None and a.close_code is None for a in ended)
    if not prompt or not (told or clean) or http or policy or (abrupt and not told):
        return None
    return Fit(
        (say("Engine.IO opens, and the server ends the session upon our first packet."),),
        Confidence.CERTAIN if told else Confidence.LIKELY,
        _settle_parser(found),
    )


def server_disconnects(found: FindingSet) -> Fit | None:
    """Connected, and thrown out at once."""
    attempt = _with(found, Outcome.DISCONNECTED)
    if attempt is None or (found.completed and attempt.failure is not None):
        return None
    return Fit(
        (
            say(
                "The namespace connects, and the server disconnects {ms} ms later.",
                ms=round(attempt.elapsed_ms),
            ),
            *_one_transport_only(found, attempt),
        ),
        Confidence.CERTAIN if attempt.failure is None else Confidence.LIKELY,
        rivals=() if attempt.failure is None else ("srv_crashes_on_connect",),
    )


_NOBODY = say("Users connect, but never get into the application.")

ROWS = (
    Cause(
        "sio_auth_rejected",
        Layer.SOCKETIO,
        Section.SERVER,
        say("The server's authentication refuses the client"),
        say("Users without a valid token cannot connect; the transport itself is fine."),
        say("Send a valid auth token; check the secret and issuer that the server verifies."),
        holds=auth_rejected,
    ),
    Cause(
        "sio_auth_expired",
        Layer.SOCKETIO,
        Section.SERVER,
        say("The auth token has expired"),
        say("Users whose token ran out cannot reconnect."),
        say("Refresh the token before each connect (auth as a function)."),
        holds=auth_expired,
    ),
    Cause(
        "sio_invalid_namespace",
        Layer.SOCKETIO,
        Section.ENVIRONMENT,
        say("The server has no such namespace"),
        _NOBODY,
        say("Correct the namespace in the client's URL, or define it on the server."),
        holds=invalid_namespace,
    ),
    Cause(
        "sio_middleware_hang",
        Layer.SOCKETIO,
        Section.SERVER,
        say("A Socket.IO middleware never answers"),
        _NOBODY,
        say("Every path of the middleware must call next(); check what it waits for."),
        holds=middleware_hang,
    ),
    Cause(
        "sio_middleware_slow",
        Layer.SOCKETIO,
        Section.SERVER,
        say("A Socket.IO middleware is slow"),
        say("Users wait for seconds before the application reacts."),
        say("Speed up the middleware (token check, database); raise the client's wait."),
        reach=Reach.QUALITY,
        holds=middleware_slow,
    ),
    Cause(
        "sio_dependency_down",
        Layer.SOCKETIO,
        Section.SERVER,
        say("A service that the backend needs is down"),
        _NOBODY,
        say("Restore the named dependency (Redis, database)."),
        holds=dependency_down,
    ),
    Cause(
        "sio_server_disconnects",
        Layer.SOCKETIO,
        Section.SERVER,
        say("The server disconnects clients right after they connect"),
        say("Users connect and are thrown out, again and again."),
        say("Look for socket.disconnect() in the connection handler."),
        holds=server_disconnects,
    ),
    Cause(
        "sio_parser_mismatch",
        Layer.SOCKETIO,
        Section.TRANSPORTS,
        say("Client and server use different Socket.IO parsers"),
        _NOBODY,
        say("Use the same parser on both sides (for example socket.io-msgpack-parser)."),
        holds=parser_mismatch,
    ),
)
