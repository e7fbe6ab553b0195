"""Causes at the WebSocket layer: polling gets through, the upgrade is answered with a refusal."""

from __future__ import annotations

from bot.causes.engineio import admitted_over_websocket
from bot.causes.http_uneven import odd_one, refused_alone
from bot.causes.row import Cause, Fit, Reach
from bot.causes.ws_handshake import (
    FALLS_BACK,
    elsewhere,
    no_upgrade_header,
    refused_by_asgi,
    refused_while_polling,
    says,
    settle_origin,
)
from bot.evidence import HttpAnswer
from bot.findings import FindingSet
from bot.model import Confidence, FollowUp, Layer, Section, say

_REDIRECTS = (301, 302, 303, 307, 308)  # to a block page: browsers do not follow them


def webfilter(found: FindingSet) -> Fit | None:
    """A page that forbids, for the upgrade only."""
    answer = refused_while_polling(found)
    if answer is None or answer.status not in (401, 403, 407, 451, 511, *_REDIRECTS):
        return None
    if found.websocket and found.websocket.error and found.websocket.error.code is not None:
        return None
    if refused_by_asgi(found):
        return None
    if admitted_over_websocket(found):
        return None  # eio_forbidden_origin
    # Behind a proxy an application that closes the handshake looks the same: 403 without a word.
    mute = answer.status == 403 and not answer.body_bytes
    rivals = ("ws_transport_disabled",) if mute else ()
    return Fit((says(answer),), Confidence.LIKELY, settle_origin(found), rivals)


def conn_limit(found: FindingSet) -> Fit | None:
    """No room for another WebSocket."""
    answer = refused_while_polling(found)
    if answer is None:
        return _second_refused(found)
    if answer.status != 503:
        return None
    return Fit((says(answer),), Confidence.LIKELY)


def _second_refused(found: FindingSet) -> Fit | None:
    """One WebSocket opened, and the upgrade beside it was told that there is no room."""
    upgrade = found.upgrade.answer if found.upgrade else None
    if upgrade is None or upgrade.status != 503 or found.websocket is None:
        return None
    if found.websocket.open is None or odd_one(found) or refused_alone(found):
        return None  # http_503_no_server, http_429_rate_limited
    why = say("One WebSocket opens; the second, beside it, is answered 503.")
    rivals = ("http_503_no_server", "http_429_rate_limited")
    return Fit((why,), Confidence.LIKELY, rivals=rivals)


def no_support(found: FindingSet) -> Fit | None:
    """The proxy does not do WebSockets, or waits for the end of a request that has none."""
    answer = refused_while_polling(found)
    waited = (408, 504, 522, 524)
    if answer is None or no_upgrade_header(found):
        return None
    if answer.status == 500:
        return _no_worker(found, answer)
    if answer.status not in (405, 426, 501, 505, *waited):
        return None
    return Fit(
        (says(answer),),
        Confidence.CERTAIN if answer.status == 426 else Confidence.LIKELY,
        rivals=("cloudrun_h2_end_to_end",) if answer.status in waited else (),
    )


def _no_worker(found: FindingSet, answer: HttpAnswer) -> Fit | None:
    """An application server that has no worker or library for upgrades: 500 to any of them.

    Where only Engine.IO's path answers so, its own code fails, which no row explains.
    """
    control = found.websocket_control
    if control is None:
        return Fit((says(answer),), Confidence.LIKELY, (FollowUp.WEBSOCKET_CONTROL,))
    if elsewhere(found) != answer.status:
        return None  # http_500_app_error
    why = say("An upgrade request to any other path is answered so as well.")
    return Fit((says(answer), why), Confidence.LIKELY)


def h2_end_to_end(found: FindingSet) -> Fit | None:
    """The front reaches the backend for everything but WebSockets."""
    answer = refused_while_polling(found)
    if answer is None or answer.status != 502:
        return None
    return Fit((says(answer),), Confidence.LIKELY)


def ok_instead(found: FindingSet) -> Fit | None:
    """A plain answer to an upgrade request: 200, or the 404 of a route that leads elsewhere."""
    answer = refused_while_polling(found)
    if answer is None or answer.status is None or found.websocket is None:
        return None
    if found.websocket.error is not None:
        return None
    if 200 <= answer.status < 300:
        return Fit((says(answer),))
    if answer.status not in (404, 410, 421):
        return None
    return Fit((says(answer),), Confidence.LIKELY, rivals=("ws_no_upgrade_header",))


ROWS = (
    Cause(
        "ws_webfilter_403",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("A filter forbids WebSockets"),
        FALLS_BACK,
        say("Allow WebSockets for this host in the filter."),
        reach=Reach.PART,
        needs_control=True,
        holds=webfilter,
    ),
    Cause(
        "ws_200_instead_101",
        Layer.WEBSOCKET,
        Section.NETWORK,
        say("Something answers the WebSocket handshake in the server's place"),
        FALLS_BACK,
        say("Correct the proxy's route: the upgrade must reach the backend."),
        reach=Reach.PART,
        holds=ok_instead,
    ),
    Cause(
        "ws_426",
        Layer.WEBSOCKET,
        Section.SERVER,
        say("The proxy does not support WebSockets"),
        FALLS_BACK,
        say("Switch WebSocket support on in the proxy, or replace it."),
        reach=Reach.PART,
        holds=no_support,
    ),
    Cause(
        "cloudrun_h2_end_to_end",
        Layer.HTTP,
        Section.TRANSPORTS,
        say("The front cannot pass WebSockets to the backend (HTTP/2 end to end)"),
        FALLS_BACK,
        say("Switch end-to-end HTTP/2 off for this service."),
        reach=Reach.PART,
        holds=h2_end_to_end,
    ),
    Cause(
        "ws_conn_limit",
        Layer.WEBSOCKET,
        Section.SERVER,
        say("The proxy has no room for another WebSocket"),
        say("New users stay on polling or are turned away; connected ones work on."),
        say("Raise the proxy's connection limit, or scale out."),
        reach=Reach.PART,
        holds=conn_limit,
    ),
)
