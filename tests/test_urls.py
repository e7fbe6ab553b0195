from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import urls
from bot.urls import SocketUrl, UrlError


def refusal(text: str) -> str:
    with pytest.raises(UrlError) as raised:
        urls.parse_socket_url(text)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "url", "host", "port"),
    [
        ("https://Backend.Example.com/", "https://backend.example.com", "backend.example.com", 443),
        ("  http://localhost:3000 ", "http://localhost:3000", "localhost", 3000),
        ("https://a.example:443", "https://a.example", "a.example", 443),
        ("ws://a.example:80", "ws://a.example", "a.example", 80),
        ("wss://a.example.", "wss://a.example", "a.example", 443),
        ("https://my_service:8080", "https://my_service:8080", "my_service", 8080),
        ("https://пример.рф", "https://xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai", 443),
        ("https://127.0.0.1", "https://127.0.0.1", "127.0.0.1", 443),
        ("https://[0:0::1]:3000", "https://[::1]:3000", "::1", 3000),
        ("https://nullable.example", "https://nullable.example", "nullable.example", 443),
    ],
)  # fmt: skip
def test_an_address_is_normalised(text: str, url: str, host: str, port: int) -> None:
    read = urls.parse_socket_url(text)
    assert (read.url, read.host, read.port) == (url, host, port)


def test_ws_means_a_client_that_is_told_websocket_only() -> None:
    assert urls.parse_socket_url("wss://a.example").websocket_only
    assert not urls.parse_socket_url("https://a.example").websocket_only


def test_a_path_is_the_namespace_as_in_socket_io_client() -> None:
    read = urls.parse_socket_url("https://a.example/prefix/?room=1&x")
    assert (read.namespace, read.path, read.query) == ("/prefix", None, {"room": "1", "x": ""})


@pytest.mark.parametrize("path", ["/socket.io", "/socket.io/", "/prefix/socket.io/"])
def test_a_path_that_ends_in_socket_io_is_where_engine_io_is_mounted(path: str) -> None:
    read = urls.parse_socket_url(f"https://a.example{path}")
    assert (read.namespace, read.path) == (None, f"{path.rstrip('/')}/")


@pytest.mark.parametrize(
    "text",
    [
        "undefined", "null", "https://undefined", "https://undefined:3000/x", "wss://NULL",
        "https://user:pw@undefined", "${SOCKET_URL}", "https://${HOST}/", "{{ url }}", "$URL",
        "process.env.NEXT_PUBLIC_SOCKET_URL", "%SOCKET_URL%", "https://<host>", "[object Object]",
    ],
)  # fmt: skip
def test_what_an_unset_variable_leaves_behind_is_named_as_such(text: str) -> None:
    assert refusal(text).startswith("The address is a placeholder")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "The address is empty"),
        ("x" * 3000, "longer than 2048"),
        ('"https://a.example"', "quotation marks"),
        ("https://a .example", "spaces"),
        ("https://a.example\u200b", "invisible"),
        ("https://a.example\\@b.example", "backslashes"),
        ("a.example:3000/path?token=x", "write https://a.example:3000."),
        ("localhost:3000", "write http://localhost:3000."),
        ("ftp://a.example", "only https://, http://, wss://, ws://"),
        ("javascript:alert(1)", "This is no address"),
        ("//a.example", "This is no address"),
        ("https://", "has no host"),
        ("https:///x", "has no host"),
        ("https://a.example:0", "1 to 65535"),
        ("https://a.example:99999", "1 to 65535"),
        ("https://a.example:", "1 to 65535"),
        ("https://a.example:http", "1 to 65535"),
        ("https://a.example/#x", "from # on"),
        ("https://127.1", "plain IPv4"),
        ("https://0x7f.0.0.1", "plain IPv4"),
        ("https://2130706433", "plain IPv4"),
        ("https://256.0.0.1", "plain IPv4"),
        ("https://[::1", "malformed"),
        ("https://[::g]", "malformed"),
        ("https://[fe80::1%25eth0]", "zone"),
        ("https://-a.example", "cannot exist in DNS"),
        ("https://a..example", "cannot exist in DNS"),
        ("https://" + "a" * 64 + ".example", "cannot exist in DNS"),
        ("https://" + "a." * 130 + "example", "cannot exist in DNS"),
        ("https://a!b.example", "cannot exist in DNS"),
    ],
)
def test_an_unusable_address_is_refused_with_the_fix(text: str, says: str) -> None:
    assert says in refusal(text)


@pytest.mark.parametrize("text", ["https://me:hunter2@a.example", "https://hunter2@a.example/x"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    said = refusal(text)
    assert "Authorization" in said
    assert "hunter2" not in said


@settings(deadline=None)
@given(st.text(max_size=200) | st.text(max_size=60).map("https://".__add__))
@example("https://[")
@example("https://[v1.x]/")
@example("https://a.example:６")
@example("https://ß.example")
@example("https://\u3002")
def test_any_text_is_read_or_refused_and_reading_again_changes_nothing(text: str) -> None:
    try:
        read = urls.parse_socket_url(text)
    except UrlError:
        return
    assert read.host.isascii()
    assert 1 <= read.port <= 65535
    again = urls.parse_socket_url(read.url)
    assert again == SocketUrl(
        read.url, read.scheme, read.host, read.port, read.tls, read.default_port,
        read.websocket_only,
    )  # fmt: skip
    # Nobody else may understand the address differently: that would be a way around allow-lists.
    assert urlsplit(read.url).hostname == read.host


def test_the_address_of_a_page_keeps_its_path() -> None:
    assert urls.parse_page_url("HTTPS://A.example/api/?x=1") == "https://a.example/api/?x=1"
    with pytest.raises(UrlError):
        urls.parse_page_url("wss://a.example")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://App.example.com/", "https://app.example.com"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("null", "null"),
    ],
)
def test_an_origin_is_what_a_browser_sends(text: str, origin: str) -> None:
    assert urls.parse_origin(text) == origin


@pytest.mark.parametrize("text", ["https://a.example/x", "wss://a.example", "a.example", ""])
def test_what_no_browser_would_send_as_an_origin_is_refused(text: str) -> None:
    with pytest.raises(UrlError):
        urls.parse_origin(text)


@pytest.mark.parametrize(
    ("host", "pattern", "matches"),
    [
        ("a.example.com", "*.example.com", True),
        ("a.b.example.com", "*.example.com", True),
        ("example.com", "*.example.com", False),
        ("evilexample.com", "*.example.com", False),
        ("example.com.evil.net", "*.example.com", False),
        ("example.com", "example.com", True),
        ("a.example.com", "example.com", False),
        ("anything.net", "*", True),
    ],
)
def test_a_pattern_names_hosts_below_it_and_no_others(
    host: str, pattern: str, matches: bool
) -> None:
    assert urls.host_matches(host, (urls.parse_host_pattern(pattern),)) is matches


@pytest.mark.parametrize(
    "text", ["https://a.example", "a.example:80", "a*.example", "*.*.x", "a/b"]
)
def test_a_pattern_that_says_more_than_a_host_is_refused(text: str) -> None:
    with pytest.raises(UrlError):
        urls.parse_host_pattern(text)


def test_paths_and_namespaces_are_checked() -> None:
    assert urls.parse_mount("/ws") == "/ws/"
    assert urls.parse_health_path("/up?full=1") == "/up?full=1"
    assert urls.parse_namespace("/admin") == "/admin"
    for read, text in (
        (urls.parse_mount, "ws"),
        (urls.parse_mount, "/ws?x"),
        (urls.parse_health_path, "https://other.example/health"),
        (urls.parse_health_path, "//other.example/health"),
        (urls.parse_namespace, "/a,b"),
        (urls.parse_namespace, "admin"),
        (urls.parse_proxy, "socks5://a.example:1080"),
        (urls.parse_proxy, "http://me:pw@a.example:3128"),
    ):
        with pytest.raises(UrlError):
            read(text)
