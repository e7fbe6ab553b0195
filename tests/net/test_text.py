"""What comes from the wire is bounded, printable, and holds no secret that we know."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.net.text import Scrubber, digest, printable


@given(st.binary(max_size=300) | st.text(max_size=300), st.integers(0, 100))
def test_evidence_is_printable_and_bounded(data: bytes | str, limit: int) -> None:
    text = printable(data, limit)
    assert text.isprintable()
    assert len(text) <= 2 * limit


@given(
    st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=6, max_size=20),
    st.text(max_size=40),
    st.text(max_size=40),
)
def test_a_known_secret_never_gets_through(secret: str, before: str, after: str) -> None:
    assert secret not in Scrubber([secret])(before + secret + after, 500).replace("***", "")


def test_a_cut_leaves_no_half_of_a_secret() -> None:
    assert "hunt" not in Scrubber(["hunter2hunter2"])("x" * 7 + "hunter2hunter2", 12)


def test_a_session_id_becomes_its_digest() -> None:
    scrub = Scrubber()
    assert scrub('0{"sid":"abc"}') == '0{"sid":"' + digest("abc") + '"}'
    assert scrub("/socket.io/?EIO=4&sid=abc") == "/socket.io/?EIO=4&sid=" + digest("abc")


def test_a_cookie_keeps_its_name_and_attributes_only() -> None:
    assert Scrubber().header("set-cookie", "io=abc; Path=/; HttpOnly") == (
        "io=***; Path=/; HttpOnly"
    )
