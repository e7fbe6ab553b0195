"""TLS listeners of another kind: inspected, too weak, HTTP/2 only."""

from __future__ import annotations

from collections.abc import Callable

from bot.model import State, Target
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.servers.certificates import CertificateFiles
from tests.servers.proxies import Nginx

DOWN = State.DOWN
# Issuers as inspecting products write them into what they sign on the fly.
INSPECTORS = (
    ("FGT60FTK20012345", "Fortinet"),
    ("Zscaler Intermediate Root CA (zscaler.net)", "Zscaler Inc."),
    ("Kaspersky Anti-Virus Personal Root Certificate", "AO Kaspersky Lab"),
    ("Acme SSL Inspection CA", "Acme Holding"),
    ("Sophos SSL CA_C01001", "Sophos"),
)


def shown(pick: Callable[[Bench], CertificateFiles], more: str = "") -> Start:
    """nginx or Node with this certificate; `more` is for nginx alone, and chooses it."""

    async def start(bench: Bench) -> Target:
        files = pick(bench)
        if not more and bench.chance.random() < 0.5:
            server = await bench.node(tls=files.for_node())
            return target(server.url, ca_file=str(bench.ca.ca_file))
        url = (await bench.node()).url
        front = await bench.nginx(more + Nginx.pass_to(url), certificate=files)
        return target(front.url, ca_file=str(bench.ca.ca_file))

    return start


def inspected(bench: Bench) -> CertificateFiles:
    return bench.ca.inspected(*bench.chance.choice(INSPECTORS))


async def http2_only(bench: Bench) -> Target:
    server = await bench.node(kind="h2", tls=bench.ca.issue().for_node())
    return target(server.url, ca_file=str(bench.ca.ca_file))


SCENARIOS = (
    Scenario("inspected on the way", "tls_mitm_corp_ca", DOWN, shown(inspected)),
    Scenario(
        "rsa of 1024 bits",
        "tls_weak_key",
        DOWN,
        shown(lambda b: b.ca.rsa(bits=1024), "ssl_ciphers DEFAULT:@SECLEVEL=0;"),
    ),
    Scenario("http/2 only (node)", "tls_h2_only", DOWN, http2_only),
)
