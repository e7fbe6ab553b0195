"""What a server says when it refuses a namespace, in many words and languages."""

from __future__ import annotations

import pytest

from bot.diagnose import calmed
from bot.evidence import NoEvidence, Outcome, ParsersEvidence
from bot.model import (
    Confidence,
    Finding,
    FollowUp,
    Reason,
    State,
    Status,
    Transport,
    Verdict,
)
from bot.verdict import judge, wanted
from tests import building as b

REJECTED = (
    "Authentication error",
    "Invalid token",
    "jwt malformed",
    "jwt must be provided",
    "invalid signature",
    "No JWT",
    "Требуется авторизация",
    "认证失败",
    "User not found in database",
    "Namespace access denied",
    "unable to connect: bad credentials",
    "not allowed for users of Liverpool",
    "Session is not valid",
    "",
    "Your IP is not in the pool of allowed addresses",
    "Token issuer unknown",
    "Доступ запрещён",
    "Token missing or expired",
    "No session: redis key absent",
)
EXPIRED = (
    "jwt expired",
    "Signature has expired",
    "TokenExpiredError",
    "Your session has expired, please log in again",
    "token is expired by 2h3m",
    "Срок действия токена истёк",
    "Токен просрочен",
    "Token abgelaufen",
    "令牌已过期",
    "Jeton expiré",
    "El token ha caducado",
    '"exp" claim timestamp check failed',
    "ID token has expired. Get a fresh token",
)
DEPENDENCY = (
    "Redis connection lost",
    "connect ETIMEDOUT 10.0.0.5:5432",
    "getaddrinfo ENOTFOUND redis",
    "Reached the max retries per request limit (which is 20). Refer to maxRetriesPerRequest.",
    "Connection is closed.",
    "The client is closed",
    "Operation `users.findOne()` buffering timed out after 10000ms",
    "timeout exceeded when trying to connect",
    "sorry, too many clients already",
    "Can't reach database server at `db`:`5432`",
    "Error 111 connecting to localhost:6379. Connection refused.",
    "READONLY You can't write against a read only replica.",
    "LOADING Redis is loading the dataset in memory",
    "socket hang up",
    "fetch failed",
    "14 UNAVAILABLE: No connection established",
    "auth service unavailable",
    "Request failed with status code 503",
    "Сервис авторизации недоступен",
    "Ошибка подключения к базе данных",
    "Unable to connect to Redis",
    "MongoServerSelectionError: Server selection timed out after 30000 ms",
    "Datenbank nicht erreichbar",
)
NAMESPACE = ("Invalid namespace", "Unable to connect", "Namespace /chat does not exist")


def refusal(message: str) -> Verdict:
    attempts = [b.attempt(t, Outcome.REFUSED, message=message) for t in Transport]
    return judge(b.healthy(b.namespace(*attempts)), b.HTTP)


def named(verdict: Verdict) -> str | None:
    assert verdict.state is State.DOWN
    return verdict.cause.code if verdict.cause else None


@pytest.mark.parametrize("message", REJECTED)
def test_a_refusal_for_who_asks_names_the_authentication(message: str) -> None:
    assert named(refusal(message)) == "sio_auth_rejected"


@pytest.mark.parametrize("message", EXPIRED)
def test_an_old_token_is_told_from_a_wrong_one(message: str) -> None:
    assert named(refusal(message)) == "sio_auth_expired"


@pytest.mark.parametrize("message", DEPENDENCY)
def test_a_refusal_for_something_behind_the_server_names_the_dependency(message: str) -> None:
    assert named(refusal(message)) == "sio_dependency_down"


@pytest.mark.parametrize("message", NAMESPACE)
def test_a_missing_namespace_is_told_from_a_refusal(message: str) -> None:
    assert named(refusal(message)) == "sio_invalid_namespace"


def test_words_that_speak_of_no_authentication_leave_a_doubt() -> None:
    verdict = refusal("room is full")
    assert verdict.cause is not None
    assert verdict.cause.confidence is Confidence.LIKELY


def only(outcome: Outcome, **changes: object) -> list[Finding]:
    """One transport joins, the other ends so."""
    attempts = (b.attempt(Transport.WEBSOCKET, outcome, **changes), b.attempt(Transport.POLLING))
    evidence = b.NamespaceEvidence("/", False, attempts)
    return b.healthy(b.finding("namespace", evidence, Status.WARN, Reason.NO_ANSWER))


def test_a_middleware_may_hang_for_one_transport_only() -> None:
    verdict = judge(only(Outcome.SILENT, pongs=3, elapsed_ms=8_000.0), b.HTTP)
    assert verdict.cause
    assert (verdict.state, verdict.cause.code) == (State.DEGRADED, "sio_middleware_hang")


@pytest.mark.parametrize("outcome", [Outcome.DISCONNECTED, Outcome.REFUSED])
def test_a_session_turned_away_beside_another_joins_alone_before_it_is_a_fault(
    outcome: Outcome,
) -> None:
    run = [*only(outcome, message="unauthorized"), b.finding("linger", NoEvidence("x"))]
    assert wanted(run, b.HTTP, asked=frozenset()) == (FollowUp.ALONE,)
    holds = b.NamespaceEvidence("/", False, (b.attempt(Transport.WEBSOCKET),))
    well = calmed([*run, b.finding("alone", holds)], b.HTTP)
    assert judge(well, b.HTTP).state is State.UP
    still = b.NamespaceEvidence("/", False, (b.attempt(Transport.WEBSOCKET, outcome),))
    verdict = judge(calmed([*run, b.finding("alone", still)], b.HTTP), b.HTTP)
    assert verdict.cause
    expected = {
        Outcome.DISCONNECTED: "sio_server_disconnects",
        Outcome.REFUSED: "sio_auth_rejected",
    }
    assert verdict.cause.code == expected[outcome]


def test_a_mute_namespace_that_answers_another_parser_is_no_hanging_middleware() -> None:
    silent = b.namespace(b.attempt(Transport.WEBSOCKET, Outcome.SILENT, pongs=3))
    mute = b.healthy(silent)
    assert FollowUp.OTHER_PARSER in wanted(mute, b.HTTP, asked=frozenset())

    def named(*answered: str) -> str | None:
        parsers = b.finding("other_parser", ParsersEvidence(("msgpack", "json"), answered))
        cause = judge([*mute, parsers], b.HTTP).cause
        return cause.code if cause else None

    assert (named("msgpack"), named()) == ("sio_parser_mismatch", "sio_middleware_hang")
