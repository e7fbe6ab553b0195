"""What comes from the wire is bounded, printable, and holds no secret that we know."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.net import secrecy
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


SECRET = 'sup3r/s3cr+t"tok=én&x'


@pytest.mark.parametrize(
    "echo",
    [
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        json.dumps(json.dumps({"token": SECRET})),
        json.dumps(json.dumps(json.dumps(json.dumps(SECRET)))),
        json.dumps(SECRET.upper()),
        quote(quote(SECRET)),
        quote(json.dumps(SECRET)),
        json.dumps(SECRET).replace("/", "\\/"),
        html.escape(SECRET),
        SECRET.upper(),
        SECRET.encode().hex(),
        base64.b64encode(SECRET.encode()).decode(),
        base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("="),
        base64.b64encode(f'{{"token":"{SECRET}"}}'.encode()).decode(),
        base64.b64encode(f"a{SECRET}b".encode()).decode(),
        base64.b64encode(f"ab{SECRET}b".encode()).decode(),
    ],
)
def test_a_secret_is_masked_in_whatever_shape_a_server_echoes_it(echo: str) -> None:
    shown = Scrubber([SECRET])(f"invalid token {echo} given", 900)
    around = shown.removeprefix("invalid token ").removesuffix(" given").replace("***", "")
    assert len(around) <= 36  # quotes, braces, the word token, and what base64 makes of them


def test_a_secret_that_the_reading_cut_is_masked_too() -> None:
    assert Scrubber(["hunter2hunter2"])(b"token hunter2hun", 64) == "token ***"


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("Authorization", "Bearer tok-12345", "tok-12345"),
        ("Authorization", "Basic dXNlcjpwYXNzdzByZA==", "passw0rd"),
        ("Cookie", "session=s3ss10n; theme=dark-one", "s3ss10n"),
    ],
)
def test_each_secret_part_of_a_header_is_one(name: str, value: str, part: str) -> None:
    assert part not in Scrubber(secrecy.sent(headers=[(name, value)]))(f"you sent {part}!")


def test_secrets_of_the_payload_the_query_and_a_proxy_are_known() -> None:
    found = secrecy.sent(
        query=[("token", "in-the-query")],
        auth={"user": {"pin": 12345678, "tags": ["in-a-list"]}, "v": 2, "on": True},
        others=["Basic dXNlcjpwYXNzdzByZA=="],
    )
    assert {"in-the-query", "12345678", "in-a-list", "passw0rd"} <= set(found)
    assert not {"2", "True"} & set(found)
