"""Resolving, policy, racing, proxies, cancelling."""

from __future__ import annotations

import asyncio
import gc
import socket
import time

import pytest

from bot.evidence import Phase, ProxyEvidence
from bot.model import Reason, Status
from bot.net import addresses, endpoint, proxy
from bot.net.dial import Dialer, Policy
from bot.net.errors import WireError, reason_of
from bot.net.resolve import Lookup, Resolver
from bot.net.text import Scrubber
from tests.net.scripted import Peer, Scripted, by_kind, poll_open
from tests.probes.looking import observe, target, the


class Known(Resolver):
    """A resolver that was told the answers."""

    def __init__(self, *known: str) -> None:
        super().__init__(())
        self._known = known

    async def addresses(self, host: str) -> Lookup:
        return Lookup(host, self._known)


async def answer(peer: Peer) -> None:
    await peer.request()
    await peer.answer("200 OK", b"ok")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "fe80::1%eth0", "no address", "::127.0.0.1", "::ffff:0:127.0.0.1",
        "64:ff9b:1::a9fe:a9fe", "fec0::1", "ff02::1",
    ],
)  # fmt: skip
def test_special_addresses_are_recognised_however_they_are_wrapped(address: str) -> None:
    assert addresses.is_special(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_public_addresses_are_not_special(address: str) -> None:
    assert not addresses.is_special(address)


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST.", "app.localhost", "127.8.8.8", "::1", "::ffff:127.0.0.1"]
)
def test_no_proxy_of_the_environment_stands_before_loopback(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    assert proxy.choose(None, host, 80, secure=False) is None
    assert proxy.choose(None, "b.example.com", 80, secure=False) is not None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
async def test_a_typed_url_to_a_private_address_is_never_dialled(host: str) -> None:
    async with Scripted(answer) as server:
        found = await observe(target(f"http://{host}:{server.port}", allow_private=False))
        assert server.accepted == 0
    finding = the(found, "dns")
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.BOGUS_ADDRESS)
    assert found.dns is not None
    assert found.dns.special
    for probe in ("tcp", "http", "polling", "websocket", "upgrade", "namespace"):
        assert the(found, probe).reason is Reason.NOT_REACHED


async def test_a_dead_address_beside_a_living_one_costs_little_and_is_found() -> None:
    async with Scripted(answer) as server:
        to = endpoint.parse(f"http://b.example:{server.port}")
        dialer = Dialer(Known("127.0.0.2", "127.0.0.1"), Policy(), Scrubber())
        with await dialer.dial(to) as connection:
            assert connection.address == "127.0.0.1"
        with await dialer.dial(to) as again:
            assert again.address == "127.0.0.1"
        await dialer.close()


async def test_asking_one_address_changes_nothing_about_which_one_a_session_lives_at() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", 0)
    to = endpoint.parse(f"http://b.example:{server.sockets[0].getsockname()[1]}")
    dialer = Dialer(Known("127.0.0.1", "127.0.0.2"), Policy(), Scrubber())
    with await dialer.dial(to, address="127.0.0.2") as other:
        assert other.address == "127.0.0.2"
    for _ in range(3):
        with await dialer.dial(to) as connection:
            assert connection.address == "127.0.0.1"
        with await dialer.dial(to, address="127.0.0.2"):
            pass
    await dialer.close()
    server.close()
    await server.wait_closed()


async def test_a_loop_that_was_late_does_not_take_the_second_address() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", 0)
    to = endpoint.parse(f"http://b.example:{server.sockets[0].getsockname()[1]}")
    dialer = Dialer(Known("127.0.0.1", "127.0.0.2"), Policy(), Scrubber())

    async def busy() -> None:
        time.sleep(0.3)  # noqa: ASYNC251  what a starved machine does to us

    dialling = asyncio.create_task(dialer.dial(to))
    await asyncio.sleep(0)  # begun
    await busy()
    with await dialling as connection:
        assert connection.address == "127.0.0.1"
    await dialer.close()
    server.close()
    await server.wait_closed()


async def test_every_address_failing_raises_the_first_that_says_something() -> None:
    dialer = Dialer(Known("127.0.0.2", "127.0.0.3"), Policy(), Scrubber())
    with pytest.raises(WireError) as caught:
        await dialer.dial(endpoint.parse("http://b.example:9"))
    assert caught.value.failure.phase is Phase.CONNECT
    assert caught.value.failure.reason is Reason.REFUSED
    await dialer.close()


async def test_a_name_without_address_is_told_by_dns_alone() -> None:
    found = await observe(target("http://nowhere.invalid"))
    finding = the(found, "dns")
    assert (finding.status, finding.reason) == (Status.FAIL, Reason.NAME_NOT_FOUND)
    assert found.dns is not None
    assert found.dns.error == "EAI_NONAME"
    assert found.polling is not None
    assert found.polling.answer.failure is not None
    assert found.polling.answer.failure.phase is Phase.RESOLVE


async def test_cancelling_a_look_closes_every_socket() -> None:
    arrived = asyncio.Event()
    left: list[None] = []

    async def script(peer: Peer) -> None:
        arrived.set()
        await peer.silence()
        left.append(None)

    async with Scripted(script) as server:
        task = asyncio.create_task(observe(target(server.url)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gc.collect()
        await server.left()
        assert len(left) == server.accepted


async def through_a_proxy(status: str, *headers: str) -> tuple[str, list[str]]:
    asked: list[str] = []

    async def script(peer: Peer) -> None:
        asked.append(await peer.request())
        await peer.answer(status, b"", *headers)

    async with Scripted(script) as server:
        what = target("http://backend.invalid:81", proxy=server.url)
        found = await observe(what)
    finding = the(found, "tcp")
    assert finding.status is Status.FAIL
    assert isinstance(finding.evidence, ProxyEvidence)
    assert finding.evidence.answer is not None
    assert finding.evidence.failure is not None
    assert finding.evidence.failure.phase is Phase.PROXY
    assert the(found, "dns").reason is Reason.NOT_NEEDED
    assert the(found, "polling").reason is Reason.NOT_REACHED
    return str(finding.evidence.answer.status), asked


@pytest.mark.parametrize("status", ["403 Forbidden", "407 Proxy Authentication Required"])
async def test_a_proxy_that_refuses_is_told_with_its_status(status: str) -> None:
    seen, asked = await through_a_proxy(status, "Proxy-Authenticate: Basic")
    assert seen == status[:3]
    assert set(asked) == {"backend.invalid:81"}


async def test_a_tunnel_carries_every_probe() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.answer("400 Bad Request", b"no")

    inner = by_kind(websocket=refuse, polling=poll_open)

    async def script(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await inner(peer)

    async with Scripted(script) as server:
        secret = server.url.replace("http://", "http://me:pr0xy-secret@")
        found = await observe(target("http://backend.invalid", proxy=secret))
    assert the(found, "polling").status is Status.OK
    finding = the(found, "tcp")
    assert (finding.status, finding.reason) == (Status.SKIPPED, Reason.NOT_NEEDED)
    assert "pr0xy-secret" not in repr(found.all)


def test_the_environment_names_a_proxy_but_only_the_target_s_own_stands_before_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    chosen = proxy.choose(None, "b.example", 443, secure=True)
    assert chosen is not None
    assert chosen.url == "http://proxy.example:3128"
    assert proxy.choose(None, "b.example", 80, secure=False) is None
    assert proxy.choose(None, "x.inside.example", 443, secure=True) is None
    assert proxy.choose(None, "localhost", 443, secure=True) is None
    told = proxy.choose("http://p:1", "127.0.0.1", 443, secure=True)
    assert told is not None
    assert told.url == "http://p:1"


def test_every_error_of_a_socket_has_a_reason() -> None:
    import errno
    import ssl

    import h11

    for exc, reason in [
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), Reason.REFUSED),
        (ConnectionResetError(), Reason.RESET),
        (BrokenPipeError(errno.EPIPE, ""), Reason.RESET),
        (TimeoutError(), Reason.TIMEOUT),
        (OSError(errno.ETIMEDOUT, ""), Reason.TIMEOUT),
        (OSError(errno.EHOSTUNREACH, ""), Reason.HOST_UNREACHABLE),
        (OSError(errno.ENETUNREACH, ""), Reason.NO_ROUTE),
        (OSError(errno.EMFILE, ""), Reason.SOCKET_ERROR),
        (socket.gaierror(socket.EAI_NONAME, ""), Reason.NAME_NOT_FOUND),
        (socket.gaierror(socket.EAI_NODATA, ""), Reason.NO_ADDRESS),
        (socket.gaierror(socket.EAI_AGAIN, ""), Reason.RESOLVER_FAILED),
        (ssl.SSLEOFError(), Reason.EOF),
        (h11.RemoteProtocolError("x"), Reason.NOT_HTTP),
        (ValueError(), Reason.UNRECOGNISED),
    ]:
        assert reason_of(exc) is reason, exc
