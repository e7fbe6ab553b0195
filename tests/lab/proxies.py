"""Forward proxies that lead out of a network: needed, denied, locked, or doing well."""

from __future__ import annotations

import base64
import socket
from collections.abc import Awaitable, Callable

from bot.model import State, Target
from tests.lab import wire
from tests.lab.scenario import FAR, FAR6, HOST, Bench, Scenario, Start, target
from tests.servers.process import ChildProcess, accepts
from tests.servers.tools import find, require

DOWN, UP = State.DOWN, State.UP
Launch = Callable[[Bench, str], Awaitable[int]]  # of a proxy for a backend's port; its port


def connect_proxy(
    refusal: bytes | None = None, *, user: str | None = None, resolve: str | None = None
) -> Launch:
    """A CONNECT proxy of our own; `refusal` answers every CONNECT, `resolve` is where all lead."""

    async def launch(bench: Bench, allowed: str) -> int:
        del allowed

        async def serve(connection: socket.socket) -> None:
            head = await wire.receive(connection)
            method, _, rest = head.partition(b" ")
            place = rest.split(b" ", 1)[0].decode("latin-1")
            if method != b"CONNECT":
                await wire.send(connection, wire.http("400 Bad Request"))
                return
            if user is not None and base64.b64encode(user.encode()) not in head:
                ask = 'Proxy-Authenticate: Basic realm="out"'
                await wire.send(connection, wire.http("407 Proxy Authentication Required", "", ask))
                return
            if refusal is not None:
                await wire.send(connection, refusal)
                return
            host, _, port = place.rpartition(":")
            await wire.tunnel(connection, resolve or host.strip("[]"), int(port))

        return await bench.talk(serve)

    return launch


async def tinyproxy(bench: Bench, more: str) -> int:
    """tinyproxy with these lines in its configuration besides the usual ones."""
    require("tinyproxy")
    port = bench.free_port()
    folder = bench.folder / "tinyproxy"
    folder.mkdir(exist_ok=True)
    config = folder / "tinyproxy.conf"
    config.write_text(
        f"Port {port}\nListen {bench.host}\nTimeout 60\nMaxClients 50\nLogLevel Info\n"
        f'DisableViaHeader Yes\nPidFile "{folder}/pid"\n{more}\n'
    )
    command = [find("tinyproxy") or "tinyproxy", "-d", "-c", str(config)]
    await accepts(bench.host, port, await bench.enter_async_context(ChildProcess(command)))
    return port


async def squid(bench: Bench, more: str) -> int:
    """Squid, small."""
    port = bench.free_port()
    folder = bench.folder / "squid"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    config = folder / "squid.conf"
    config.write_text(
        f"http_port {bench.host}:{port}\npid_filename {folder}/pid\ncache deny all\n"
        f"cache_log {folder}/cache.log\naccess_log none\ncoredump_dir {folder}\n"
        f"shutdown_lifetime 0 seconds\n{more}\n"
    )
    process = await bench.enter_async_context(
        ChildProcess([find("squid") or "squid", "-N", "-f", str(config)])
    )
    await accepts(bench.host, port, process)
    return port


def given(launch: Launch, more: str = "", *, tls: bool = False) -> Start:
    """A backend behind a proxy that the target names."""

    async def start(bench: Bench) -> Target:
        files = bench.ca.issue() if tls else None
        server = await bench.node(**({"tls": files.for_node()} if files else {}))
        port = await launch(bench, more)
        return target(
            server.url,
            proxy=f"http://127.0.0.1:{port}",
            ca_file=str(bench.ca.ca_file) if tls else None,
        )

    return start


def with_password(secret: str) -> Start:
    """The environment's proxy wants ann's password, and is given this one."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        server = await bench.node()
        port = await connect_proxy(user="ann:secret-word")(bench, "")
        bench.environment["http_proxy"] = f"http://{secret}@{FAR}:{port}"
        return target(server.url)

    return start


async def dead_backend(bench: Bench) -> Target:
    port = await squid(bench, "http_access allow all\nacl all_ports port 1-65535")
    return target(f"http://127.0.0.1:{bench.free_port()}", proxy=f"http://127.0.0.1:{port}")


async def dead_backend_tinyproxy(bench: Bench) -> Target:
    port = await tinyproxy(bench, "")
    return target(f"http://127.0.0.1:{bench.free_port()}", proxy=f"http://127.0.0.1:{port}")


def only_way_out(
    block: str, *, variable: str, launch: Launch | None = None, six: bool = False
) -> Start:
    """Direct packets to the backend's port meet `block`; a proxy beside it is known."""

    async def start(bench: Bench) -> Target:
        await bench.lay()
        address = FAR6 if six else FAR
        server = await bench.node(host="::" if six else FAR)
        port = await (launch or connect_proxy(resolve=address))(bench, "")
        await bench.names({HOST: (address,)})
        table = "ip6tables" if six else "iptables"
        bench.far(f"{table} -I INPUT -i far -p tcp --dport {server.port} {block}")
        bench.environment[variable] = f"http://{FAR}:{port}"
        return target(f"http://{HOST}:{server.port}")

    return start


SCENARIOS: tuple[Scenario, ...] = (
    Scenario("through tinyproxy", None, UP, given(tinyproxy)),
    Scenario(
        "through squid", None, UP, given(squid, "http_access allow all"),
        slow=True, needs=("squid",),
    ),
    Scenario("tls through a CONNECT proxy", None, UP, given(connect_proxy(), tls=True)),
    Scenario(
        "a proxy with the right password", None, UP,
        with_password("ann:secret-word"), network=True),
    Scenario(
        "tinyproxy allows port 443 only", "proxy_connect_denied", DOWN,
        given(tinyproxy, "ConnectPort 443"),
    ),
    Scenario(
        "squid denies all", "proxy_connect_denied", DOWN,
        given(squid, "http_access deny all"), slow=True, needs=("squid",),
    ),
    Scenario(
        "a proxy forbids", "proxy_connect_denied", DOWN,
        given(connect_proxy(wire.http("403 Forbidden", "Blocked by policy"))),
    ),
    Scenario(
        "a proxy allows no CONNECT", "proxy_connect_denied", DOWN,
        given(connect_proxy(wire.http("405 Method Not Allowed")), tls=True),
    ),
    Scenario(
        "tinyproxy asks who we are", "proxy_auth_required", DOWN,
        given(tinyproxy, "BasicAuth ann secret"),
    ),
    Scenario(
        "a proxy wants a password", "proxy_auth_required", DOWN,
        given(connect_proxy(user="ann:secret-word"), tls=True),
    ),
    Scenario(
        "a proxy dislikes the password", "proxy_auth_required", DOWN,
        with_password("ann:another-word"), network=True),
    Scenario("squid finds nothing listening", "tcp_refused", DOWN, dead_backend,
             slow=True, needs=("squid",)),
    Scenario("tinyproxy finds nothing listening", "tcp_refused", DOWN, dead_backend_tinyproxy),
    Scenario(
        "the way out is prohibited, HTTPS_PROXY is known", "proxy_required", DOWN,
        only_way_out("-j REJECT --reject-with icmp-admin-prohibited", variable="HTTPS_PROXY"),
        network=True,
    ),
    Scenario(
        "the way out is silent, https_proxy is known", "proxy_required", DOWN,
        only_way_out("-j DROP", variable="https_proxy"), network=True,
    ),
    Scenario(
        "the way out is refused, HTTPS_PROXY is known", "proxy_required", DOWN,
        only_way_out("-j REJECT --reject-with tcp-reset", variable="HTTPS_PROXY"), network=True,
    ),
    Scenario(
        "the way out is closed, ALL_PROXY leads out", None, UP,
        only_way_out("-j DROP", variable="ALL_PROXY"), network=True,
    ),
)  # fmt: skip
