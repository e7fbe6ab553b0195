"""Whatever is pasted: no crash, no endless search, no secret in what comes out."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.explain import LONGEST, explain
from bot.explain.table import PATTERNS
from bot.terminal import explanation_contract

_PATIENCE_S = 120
NEEDLES = sorted({needle for pattern in PATTERNS for needle in pattern.needles})


@given(st.text())
def test_any_text_is_explained(text: str) -> None:
    explain(text)


@settings(max_examples=200)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(NEEDLES),
            st.sampled_from([" ", "\n", ":", "{", '"', "'", "://", "[", "]", "1006", "sid="]),
            st.text(max_size=8),
        ),
        max_size=60,
    )
)
def test_any_mixture_of_wordings_is_explained(parts: list[str]) -> None:
    found = explain("".join(parts))
    json.dumps(explanation_contract(found, "ru", lambda _cause, _lang: None))
    assert found.recognised_lines <= found.lines


SECRETS = (
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2VjcmV0c2VjcmV0",
    "hunter2-hunter2",
    "Ab3dEf6hIj9kLm2nOp5q",
    "s%3AcookieSecretValue",
)


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "line",
    [
        "'wss://a.example.com/socket.io/?token={s}&sid={s}' failed: Unexpected response code: 400",
        "'wss://user:{s}@api.example.com/ws/{s}/' failed: Unexpected response code: 403",
        "GET https://api.example.com/{s}/?EIO=4&transport=polling 502 (Bad Gateway)",
        "Cookie: session={s}; Authorization: Bearer {s}; connect_error Error: jwt expired",
        "socket connected with id {s}\ndisconnect {s} transport close",
        "from origin 'https://{s}:x@app.example.com' has been blocked by CORS policy",
        '44{{"message":"invalid token {s}"}}',
        "Error: getaddrinfo ENOTFOUND {s}",
    ],
)
def test_a_secret_never_comes_out_again(line: str, secret: str) -> None:
    found = explain(line.format(s=secret))
    assert found.recognised
    shown = json.dumps(explanation_contract(found, "en", lambda _cause, _lang: None))
    assert secret not in shown
    assert secret.lower() not in shown.lower()


def test_only_a_million_characters_are_read() -> None:
    found = explain("x " * (LONGEST // 2) + "jwt expired")
    assert found.cut
    assert not found.recognised


HOSTILE = """
from bot.explain import LONGEST, explain
for unit in (
    "a", "1", " ", "(", '"', "http://", "wss://a.b/", "code: ", "closed\\n", "err_a", "44{", "10",
    "dial tcp ", '"latency":"1', "2026-11-23t", "[23/nov/2026:", "errno -", "get https://x ",
    "&amp;", "econnrefused ", "transport=websocket", "A1bcdefghijklmnopqrs ", "origin https://",
    "disconnected after 1", 'upstream: "', "xhr poll error 1006 code: wss://a.b/socket.io/ ",
):
    explain(unit * (LONGEST // 4 // len(unit)))
"""


async def test_hostile_text_takes_no_longer_than_other_text() -> None:
    """A search that goes wrong here takes hours; the deadline is for that and for nothing less."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOSTILE, cwd=Path(__file__).parents[2]
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
