"""Healthy servers with unusual settings, habits and certificates: nothing may be named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.credentials import reference
from bot.model import ClientCertificate, ClientSettings, Controls, State, Target, Transport
from tests.lab.scenario import HOST, Bench, Scenario, Start, target
from tests.servers.certificates import CertificateFiles
from tests.servers.proxies import Nginx

UP = State.UP
ORIGINS = ("https://app.example.com", "http://localhost:3000", "https://www.example.org:8443")


def varied(options: Callable[[Bench], dict[str, Any]], **changes: Any) -> Start:
    """A Node server whose options chance decides; `changes` are those of the target."""

    async def start(bench: Bench) -> Target:
        return replace(target((await bench.node(**options(bench))).url), **changes)

    return start


def heartbeat(low_s: float, high_s: float) -> Start:
    """Intervals and timeouts between these, seconds."""

    def options(bench: Bench) -> dict[str, Any]:
        ms = (int(bench.between(low_s, high_s) * 1000) for _ in range(2))
        return dict(zip(("ping_interval", "ping_timeout"), ms, strict=True))

    return varied(options)


def busy(bench: Bench) -> dict[str, Any]:
    """About 30 % of the event loop's time goes into something else."""
    every = bench.chance.randrange(40, 160)
    return {"stall_every_ms": every, "stall_ms": round(every * 0.3)}


def compressing(bench: Bench) -> dict[str, Any]:
    threshold = {"threshold": bench.chance.choice((1, 64, 1024))}
    return {"per_message_deflate": threshold, "http_compression": threshold}


def cookies(bench: Bench) -> dict[str, Any]:
    count, size = bench.chance.randrange(1, 5), bench.chance.randrange(500, 3_500)
    made = [f"session{n}={'c' * size}; Path=/; HttpOnly; SameSite=Lax" for n in range(count)]
    return {"set_cookies": made}


def slow_middleware(bench: Bench) -> dict[str, Any]:
    return {"auth": {"mode": "ok", "slowMs": bench.chance.randrange(80, 300)}}


def large_health(bench: Bench) -> dict[str, Any]:
    body = '{"checks":"' + "x" * bench.chance.randrange(10_000, 90_000) + '"}'
    return {"health": {"body": body}}


def recovering(bench: Bench) -> dict[str, Any]:
    return {"connection_state_recovery": {"maxDisconnectionDuration": 60_000}}


async def one_origin(bench: Bench) -> Target:
    origin = bench.chance.choice(ORIGINS)
    credentials = bench.chance.random() < 0.5
    server = await bench.node(cors={"origin": origin, "credentials": credentials})
    client = ClientSettings(with_credentials=credentials)
    return target(server.url, origin=origin, client=client)


async def namespace_with_token(bench: Bench) -> Target:
    name = bench.chance.choice(("/admin", "/v2/live", "/orders-7"))
    token = f"t{bench.chance.randrange(10**9)}"
    server = await bench.node(namespaces=["/", name], auth={"mode": "token", "token": token})
    auth = reference(f'{{"token": "{token}"}}', literal_ok=True)
    return target(server.url, namespace=name, auth=auth)


async def other_path(bench: Bench) -> Target:
    path = bench.chance.choice(("/ws/", "/realtime/socket.io/", "/api/v1/live/"))
    return target((await bench.node(path=path)).url, path=path)


async def polling_only(bench: Bench) -> Target:
    server = await bench.node(transports=["polling"])
    return target(server.url, client=ClientSettings(transports=(Transport.POLLING,)))


async def websocket_only_python(bench: Bench) -> Target:
    server = await bench.python(transports=["websocket"])
    return target(server.url, client=ClientSettings(transports=(Transport.WEBSOCKET,)))


def python(**options: Any) -> Start:
    async def start(bench: Bench) -> Target:
        return target((await bench.python(**options)).url)

    return start


def python_with(prepare: Callable[[Any], None]) -> Start:
    async def start(bench: Bench) -> Target:
        return target((await bench.python(prepare=prepare)).url)

    return start


def asks_back(server: Any) -> None:
    """Events with acknowledgements, rooms and a broadcast, as soon as somebody is there."""

    async def greet(sid: str, _environ: dict[str, Any], _auth: Any = None) -> None:
        await server.sio.enter_room(sid, "everybody")
        await server.sio.emit("hello", {"sid": sid}, to=sid, callback=lambda *_: None)
        await server.sio.emit("joined", sid, room="everybody")

    server.sio.on("connect", greet)


# ---------------------------------------------------------------- certificates


def certified(
    pick: Callable[[Bench], CertificateFiles], server: str = "", name: str = HOST
) -> Start:
    """Node or nginx (`server`: more of its configuration) with this certificate, under a name."""

    async def start(bench: Bench) -> Target:
        await bench.names({name: ("127.0.0.1",)})
        files = pick(bench)
        if server or bench.chance.random() < 0.5:
            url = (await bench.node()).url
            port = (await bench.nginx(server + Nginx.pass_to(url), certificate=files)).port
        else:
            port = (await bench.node(tls=files.for_node())).port
        return target(f"https://{name}:{port}", ca_file=str(bench.ca.ca_file))

    return start


async def client_certificate(bench: Bench) -> Target:
    """Mutual TLS, and the target has what it takes."""
    files = bench.ca.issue().for_node() | {"clientCa": str(bench.ca.ca_file)}
    server = await bench.node(tls=files)
    mine = bench.ca.issue("wsdiag.client.example")
    certificate = ClientCertificate(str(mine.cert), str(mine.key))
    return target(server.url, ca_file=str(bench.ca.ca_file), client_certificate=certificate)


async def client_certificate_at_nginx(bench: Bench) -> Target:
    url = (await bench.node()).url
    verify = f"ssl_verify_client on; ssl_client_certificate {bench.ca.ca_file};"
    front = await bench.nginx(verify + Nginx.pass_to(url), certificate=bench.ca.issue())
    mine = bench.ca.issue("wsdiag.client.example")
    certificate = ClientCertificate(str(mine.cert), str(mine.key))
    return target(front.url, ca_file=str(bench.ca.ca_file), client_certificate=certificate)


# ---------------------------------------------------------------- what surrounds the target


async def living_fallback(bench: Bench) -> Target:
    one, other = await bench.node(), await bench.node()
    return target(one.url, fallback_urls=(other.url,))


async def with_controls(bench: Bench) -> Target:
    control = await bench.node(kind="http")
    await bench.names({HOST: ("127.0.0.1",), "control.lab": ("127.0.0.1",)})
    bench.controls = Controls((f"http://control.lab:{control.port}/health",), "127.0.0.53")
    return target(f"http://{HOST}:{(await bench.node()).port}")


async def dead_control(bench: Bench) -> Target:
    """What was to prove that our network works is itself down; the backend is well."""
    bench.controls = Controls((f"http://127.0.0.1:{bench.free_port()}/",))
    return target((await bench.node()).url)


async def foreign_letters(bench: Bench) -> Target:
    await bench.names({"xn--bcher-kva.lab": ("127.0.0.1",)})
    return target(f"http://bücher.lab:{(await bench.node()).port}")


async def upper_case(bench: Bench) -> Target:
    await bench.names({HOST: ("127.0.0.1",)})
    return target(f"HTTP://{HOST.upper()}:{(await bench.node()).port}/")


async def large_token(bench: Bench) -> Target:
    token = "j" * bench.chance.randrange(2_000, 9_000)
    server = await bench.node(auth={"mode": "token", "token": token})
    return target(server.url, auth=reference(f'{{"token": "{token}"}}', literal_ok=True))


SCENARIOS = (
    Scenario("heartbeat of minutes", None, UP, heartbeat(90, 600)),
    Scenario("heartbeat of a second or less", None, UP, heartbeat(0.4, 1.0)),
    Scenario("busy at 30 %", None, UP, varied(busy)),
    Scenario("compresses everything", None, UP, varied(compressing)),
    Scenario("large cookies", None, UP, varied(cookies)),
    Scenario("middleware below the limit", None, UP, varied(slow_middleware)),
    Scenario("a large health page", None, UP, varied(large_health)),
    Scenario("connection state recovery", None, UP, varied(recovering)),
    Scenario("old clients allowed too", None, UP, varied(lambda _: {"allow_eio3": True})),
    Scenario(
        "many events at once", None, UP, varied(lambda b: {"greetings": b.chance.randrange(20, 90)})
    ),
    Scenario(
        "an event every few ms",
        None,
        UP,
        varied(lambda b: {"tick_every_ms": b.chance.randrange(3, 20)}),
    ),
    Scenario("cors for one origin", None, UP, one_origin),
    Scenario("namespace with a token", None, UP, namespace_with_token),
    Scenario("a path that is configured", None, UP, other_path),
    Scenario("polling only on both sides", None, UP, polling_only),
    Scenario("websocket only on both sides, python", None, UP, websocket_only_python),
    Scenario("python with several namespaces", None, UP, python(namespaces="*")),
    Scenario("python asks back", None, UP, python_with(asks_back)),
    Scenario("python with a cookie", None, UP, python(cookie="io")),
    Scenario(
        "wildcard certificate",
        None,
        UP,
        certified(lambda b: b.ca.issue("*.apps.lab"), name="live.apps.lab"),
        network=True,
    ),
    Scenario(
        "many names in the certificate",
        None,
        UP,
        certified(lambda b: b.ca.issue(*(f"n{i}.example" for i in range(40)), HOST)),
        network=True,
        slow=True,
    ),
    Scenario(
        "tls 1.2 only",
        None,
        UP,
        certified(lambda b: b.ca.issue(HOST), "ssl_protocols TLSv1.2;"),
        network=True,
        slow=True,
    ),
    Scenario(
        "tls 1.3 only",
        None,
        UP,
        certified(lambda b: b.ca.issue(HOST), "ssl_protocols TLSv1.3;"),
        network=True,
        slow=True,
    ),
    Scenario(
        "rsa certificate",
        None,
        UP,
        certified(lambda b: b.ca.rsa(HOST, bits=b.chance.choice((2048, 3072)))),
        network=True,
        slow=True,
    ),
    Scenario(
        "intermediate sent along",
        None,
        UP,
        certified(lambda b: b.ca.complete_chain(HOST)),
        network=True,
        slow=True,
    ),
    Scenario("client certificate given", None, UP, client_certificate),
    Scenario("client certificate given to nginx", None, UP, client_certificate_at_nginx),
    Scenario("a fallback that lives", None, UP, living_fallback),
    Scenario("controls that work", None, UP, with_controls, network=True),
    Scenario("a control that does not", None, UP, dead_control, slow=True),
    Scenario("a name in foreign letters", None, UP, foreign_letters, network=True, slow=True),
    Scenario("a url in capitals", None, UP, upper_case, network=True, slow=True),
    Scenario("a large token", None, UP, large_token),
)
