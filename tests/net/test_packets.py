"""Engine.IO and Socket.IO packets, the right ones and all others."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net import packets
from bot.net.packets import SioType
from bot.net.text import Scrubber
from tests.net.scripted import open_packet


def test_an_open_packet_is_read_and_its_session_id_only_digested() -> None:
    opened = packets.read_open(open_packet(sid="secret-session"))
    assert opened is not None
    assert opened.sid == "secret-session"
    assert "secret-session" not in repr(opened.open)
    assert (opened.open.protocol, opened.open.upgrades) == (4, ("websocket",))
    assert (opened.open.ping_interval_ms, opened.open.ping_timeout_ms) == (25_000, 20_000)


def test_the_framing_of_a_version_two_server_is_recognised() -> None:
    packet = '0{"sid":"a","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":5000}'
    opened = packets.read_open(f"{len(packet)}:{packet}2:40")
    assert opened is not None
    assert opened.open.protocol == 3
    assert opened.open.extra == "40"


def test_an_early_version_four_server_without_max_payload_is_version_four() -> None:
    opened = packets.read_open('0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":5}')
    assert opened is not None
    assert opened.open.protocol == 4


@pytest.mark.parametrize(
    "body", ["", "<html>", "0", "0{", "0[]", '0{"sid":5}', '0{"sid":""}', "2", "96:", "9999:0{"]
)
def test_what_is_no_open_packet_gives_none(body: str) -> None:
    assert packets.read_open(body) is None


@given(st.text(max_size=400))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for payload in (text, "0" + text, "0{" + text, "4" + text, f"{len(text)}:{text}"):
        packets.read_open(payload)
        packets.read_error(payload)
        packets.read_message(payload)
        packets.split(payload)


def test_nesting_without_end_breaks_no_parser() -> None:
    deep = "[" * 100_000
    assert packets.read_open('0{"sid":' + deep) is None
    assert packets.read_message("40" + deep) is not None


def test_a_refusal_in_json_is_read() -> None:
    # so over polling, and as bare words upon a WebSocket handshake
    bare = packets.read_error("Session ID unknown")
    error = packets.read_error('{"code":1,"message":"Session ID unknown"}')
    assert bare == error
    assert error is not None
    assert (error.code, error.message) == (1, "Session ID unknown")


@pytest.mark.parametrize("body", ["{}", '{"code":1}', "[1]", "nothing", '{"error":"x"}'])
def test_other_json_is_no_refusal_of_engine_io(body: str) -> None:
    assert packets.read_error(body) is None


@given(
    st.sampled_from(["/", "/chat", "/a/b"]),
    st.none() | st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
def test_a_connect_names_its_namespace_and_carries_its_auth(
    namespace: str, auth: dict[str, int] | None
) -> None:
    packet = packets.read_message(packets.connect(namespace, auth))
    assert packet is not None
    assert (packet.type, packet.namespace, packet.data) == (SioType.CONNECT, namespace, auth)


def test_a_refusal_of_a_namespace_keeps_its_message() -> None:
    packet = packets.read_message("44/chat," + json.dumps({"message": "Invalid namespace"}))
    assert packet is not None
    assert (packet.type, packet.namespace) == (SioType.CONNECT_ERROR, "/chat")
    assert packet.data == {"message": "Invalid namespace"}


@given(st.lists(st.text(st.characters(exclude_characters="\x1e:")), min_size=1))
def test_packets_of_a_payload_are_cut_at_the_separator(parts: list[str]) -> None:
    payload = packets.SEPARATOR.join(f"4{part}" for part in parts)
    assert packets.split(payload) == ([f"4{part}" for part in parts], False)


def test_what_a_server_says_passes_through_the_callers_scrubber() -> None:
    show = Scrubber(["hunter2hunter2"])
    error = packets.read_error('{"code":4,"message":"no hunter2hunter2"}', show)
    assert error is not None
    assert error.message == "no ***"
    body = '0{"sid":"a","upgrades":["websocket","hunter2hunter2"]}\x1e44hunter2hunter2'
    opened = packets.read_open(body, show)
    assert opened is not None
    assert opened.open.upgrades == ("websocket", "***")
    assert opened.open.extra == "44***"
