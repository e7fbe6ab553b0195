"""The frame codec against every stream, whole or cut anywhere."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net import frames
from bot.net.errors import BadFrameError
from bot.net.frames import Decoder, Opcode

payloads = st.binary(max_size=70_000)


@given(st.sampled_from(list(Opcode)), payloads, st.binary(min_size=4, max_size=4))
def test_what_is_encoded_is_decoded_again(opcode: Opcode, payload: bytes, mask: bytes) -> None:
    decoder = Decoder()
    decoder.feed(frames.encode(opcode, payload, mask=mask))
    frame = decoder.take()
    assert frame is not None
    assert (frame.opcode, frame.payload, frame.masked, frame.fin) == (opcode, payload, True, True)
    assert decoder.take() is None


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=5), st.data())
def test_a_stream_cut_anywhere_gives_the_same_frames(
    messages: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(frames.encode(Opcode.BINARY, m) for m in messages)
    decoder = Decoder()
    found: list[bytes] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        decoder.feed(stream[:size])
        stream = stream[size:]
        found += [f.payload for f in iter(decoder.take, None)]
    assert found == messages


@given(st.binary(max_size=4_096))
def test_no_bytes_break_the_decoder_but_by_its_own_error(noise: bytes) -> None:
    decoder = Decoder()
    decoder.feed(noise)
    try:
        for frame in iter(decoder.take, None):
            frame.violation()
    except BadFrameError:
        pass


@pytest.mark.parametrize(
    ("wire", "words"),
    [
        (b"\xc1\x02hi", "reserved bits 100"),
        (b"\x81\x82\0\0\0\0hi", "masked"),
        (b"\x83\x00", "opcode 3"),
        (b"\x09\x00", "fragmented"),
        (b"\x88\x7e\x00\x7e" + b"x" * 126, "too long"),
    ],
)
def test_a_frame_that_a_browser_refuses_is_named(wire: bytes, words: str) -> None:
    decoder = Decoder()
    decoder.feed(wire)
    frame = decoder.take()
    assert frame is not None
    assert words in (frame.violation() or "")


def test_an_http_answer_inside_the_stream_is_not_waited_for() -> None:
    decoder = Decoder()
    decoder.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(BadFrameError, match="reserved bits 100"):
        decoder.take()


def test_a_length_beyond_reason_is_refused_before_it_is_read() -> None:
    decoder = Decoder()
    decoder.feed(struct.pack("!BBQ", 0x82, 127, 2**40))
    with pytest.raises(BadFrameError, match="claims"):
        decoder.take()


@given(st.integers(1000, 4999), st.text(max_size=30))
def test_a_close_frame_keeps_code_and_reason(code: int, reason: str) -> None:
    assert frames.read_close(frames.close_payload(code, reason)) == (code, reason)


def test_a_close_frame_without_a_code_is_1005() -> None:
    assert frames.read_close(b"") == (1005, "")


def test_a_ping_carries_its_number_under_a_mask_of_its_own() -> None:
    for number in (1, 77, 0xFFFFFFFF):
        decoder = frames.Decoder()
        decoder.feed(frames.ping(number))
        frame = decoder.take()
        assert frame is not None
        assert (frame.opcode, frame.masked, frame.fin) == (Opcode.PING, True, True)
        assert int.from_bytes(frame.payload, "big") == number
    assert len({frames.ping(1) for _ in range(50)}) > 1
