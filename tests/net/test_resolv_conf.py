"""resolv.conf and the hosts file, read as glibc reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.net import resolv_conf


def test_servers_search_and_options_are_read() -> None:
    conf = resolv_conf.parse(
        "# comment\n; another\nnameserver 192.0.2.53\nnameserver fe80::1%eth0\n"
        "nameserver not-an-address\ndomain old.example\nsearch a.example b.example.\n"
        "options ndots:2 timeout:1 edns0\n"
    )
    assert conf.servers == (("192.0.2.53", 53), ("fe80::1%eth0", 53))
    assert (conf.search, conf.ndots, conf.edns) == (("a.example", "b.example"), 2, True)


def test_without_a_server_the_machine_itself_is_asked() -> None:
    assert resolv_conf.parse("").servers == (("127.0.0.1", 53),)
    assert resolv_conf.read(Path("/nonexistent/resolv.conf")).servers == (("127.0.0.1", 53),)


def test_no_more_than_three_servers_are_ever_asked() -> None:
    text = "".join(f"nameserver 192.0.2.{n}\n" for n in range(1, 6))
    assert [s for s, _ in resolv_conf.parse(text).servers] == [
        "192.0.2.1",
        "192.0.2.2",
        "192.0.2.3",
    ]


@pytest.mark.parametrize(
    ("host", "names"),
    [
        ("backend", ("backend.a.example", "backend")),
        ("api.backend", ("api.backend", "api.backend.a.example")),
        ("api.backend.", ("api.backend.",)),
    ],
)
def test_a_name_is_completed_as_a_lookup_does(host: str, names: tuple[str, ...]) -> None:
    conf = resolv_conf.parse("nameserver 192.0.2.53\nsearch a.example\n")
    assert conf.candidates(host) == names


def test_the_hosts_file_gives_addresses_by_name_and_alias(tmp_path: Path) -> None:
    file = tmp_path / "hosts"
    file.write_text(
        "127.0.0.1 localhost\n192.0.2.1\tBackend.example be # a comment with backend.example\n"
        "2001:db8::1 backend.example\nnonsense backend.example\n# 192.0.2.9 backend.example\n"
    )
    assert resolv_conf.hosts_file("backend.EXAMPLE.", file) == ("192.0.2.1", "2001:db8::1")
    assert resolv_conf.hosts_file("be", file) == ("192.0.2.1",)
    assert resolv_conf.hosts_file("absent.example", file) == ()
