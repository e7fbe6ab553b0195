"""The catalogue of causes: one file per layer, one visible table.

Adding a cause: a row in the file of its layer, an entry in both guides, a scenario in the lab.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.causes import (
    browser,
    client,
    cors,
    dns_answers,
    dns_resolver,
    engineio,
    held_net,
    held_server,
    held_session,
    held_socketio,
    http_gateway,
    http_guard,
    http_pages,
    http_path,
    http_post,
    net,
    proxy,
    server,
    socketio,
    tcp,
    tcp_accepted,
    tcp_addresses,
    tcp_silence,
    tls_certificate,
    tls_client_cert,
    tls_handshake,
    tls_hellos,
    ws_handshake,
    ws_refused,
    ws_session,
)
from bot.causes.row import NOBODY, SOME, Cause, Fit, Reach
from bot.model import Layer, Message, Section, State, say

_FILES = (
    proxy,
    dns_answers,
    dns_resolver,
    tcp,
    tcp_silence,
    tcp_addresses,
    tcp_accepted,
    net,
    tls_hellos,
    held_net,
    tls_certificate,
    tls_handshake,
    tls_client_cert,
    http_gateway,
    http_guard,
    http_pages,
    http_path,
    http_post,
    server,
    held_server,
    engineio,
    ws_handshake,
    ws_refused,
    ws_session,
    held_session,
    cors,
    socketio,
    held_socketio,
    browser,
    client,
)

CATALOGUE: Mapping[str, Cause] = MappingProxyType(
    {row.code: row for file in _FILES for row in file.ROWS}
)

UNRECOGNISED = "unrecognised"

_SECTION_OF_LAYER: Mapping[Layer, Section] = {
    Layer.DNS: Section.NETWORK,
    Layer.TCP: Section.SERVER,
    Layer.NET: Section.NETWORK,
    Layer.TLS: Section.SERVER,
    Layer.HTTP: Section.SERVER,
    Layer.WEBSOCKET: Section.TRANSPORTS,
    Layer.ENGINEIO: Section.TRANSPORTS,
    Layer.PROXY: Section.NETWORK,
    Layer.BROWSER: Section.BROWSER,
    Layer.CLIENT: Section.ENVIRONMENT,
}


def describe(code: str) -> Cause:
    """The row of a code; for `unrecognised` (or a code of another version) a row that says so."""
    return CATALOGUE.get(code) or unrecognised(Layer.SERVER)


def impact(code: str, layer: Layer, state: State) -> Message:
    """What users feel. A cause that can keep everybody out is said to do so only if it does."""
    row = CATALOGUE.get(code) or unrecognised(layer)
    partly = state is State.DEGRADED and row.impact == NOBODY
    return SOME if partly else row.impact


def unrecognised(layer: Layer) -> Cause:
    """What fits no row: the layer is named, nothing is guessed."""
    return Cause(
        UNRECOGNISED,
        layer,
        _SECTION_OF_LAYER.get(layer, Section.SERVER),
        say("Something fails that no known cause explains"),
        say("Connections fail or are impaired; see which steps below failed."),
        say("Start with the lowest failing step below and its section of the guide."),
    )


__all__ = [
    "CATALOGUE",
    "UNRECOGNISED",
    "Cause",
    "Fit",
    "Reach",
    "describe",
    "impact",
    "unrecognised",
]
