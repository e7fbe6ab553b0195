"""Chains with a link missing, certificates that are wanted of us, fronts that say so oddly."""

from __future__ import annotations

import ssl

from bot.model import State, Target
from tests.lab.below_http import secured, secured_by_nginx
from tests.lab.scenario import Bench, Scenario, Start, target
from tests.lab.unseen_hellos import python_tls
from tests.lab.unseen_tls import nginx_tls
from tests.servers.process import ChildProcess, accepts
from tests.servers.proxies import Apache, Nginx
from tests.servers.tools import find, require

DOWN, UP = State.DOWN, State.UP

# Common name and organisation of what boxes of several makes issue with, shortened.
_BOXES = (
    ("Zscaler Intermediate Root CA (zscloud.example)", "Zscaler Inc."),
    ("FGT60E4Q16", "Fortinet"),
    ("Forward Trust CA", "Example Ltd"),
    ("SSL Decryption CA", "Example Ltd"),
    ("Corporate SSL-Bump Root", "Example Ltd"),
    ("AVG Web/Mail Shield Root", "AVG Technologies"),
    ("Example Secure Web Gateway", "Example Ltd"),
    ("ca.goskope.example", "netSkope Inc"),
    ("DigiGuard Content Filter CA", "School Board"),
)


async def inspected_by_some_make(bench: Bench) -> Target:
    """An inspecting box of any make; its root is trusted by nobody here."""
    files = bench.ca.inspected(*bench.chance.choice(_BOXES))
    return target((await bench.node(tls=files.for_node())).url, ca_file=str(bench.ca.ca_file))


def apache_tls(more: str = "", location: str = "", *, scheme: str = "https") -> Start:
    """Apache ends TLS; `location` is about every path, so that TLS has to be negotiated anew."""

    async def start(bench: Bench) -> Target:
        require("apache2")
        server, files = await bench.node(), bench.ca.issue()
        lines = f"""
LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so
SSLSessionCache none
SSLEngine on
SSLCertificateFile {files.cert}
SSLCertificateKeyFile {files.key}
SSLCACertificateFile {bench.ca.ca_file}
{more}
<Location />
{location}
</Location>
ProxyPass / {server.url}/ upgrade=websocket
"""
        front: Apache = await bench.apache(lines)
        return target(f"{scheme}://localhost:{front.port}", ca_file=str(bench.ca.ca_file))

    return start


async def optional_and_forbidden(bench: Bench) -> Target:
    """nginx asks for a certificate, takes anybody in, and its rules forbid everything."""
    page = bench.chance.choice(("<h1>403 Forbidden</h1>", "no", '{"error":"forbidden"}'))
    server = await bench.node()
    front = await bench.nginx(
        f"ssl_verify_client optional; ssl_client_certificate {bench.ca.ca_file};"
        f"if ($ssl_client_verify != SUCCESS) {{ return 403 '{page}'; }}"
        + Nginx.pass_to(server.url),
        certificate=bench.ca.issue(),
    )
    return target(front.url, ca_file=str(bench.ca.ca_file))


async def node_without_such_a_name(bench: Bench) -> Target:
    """A Node front whose SNICallback fails: it hangs up without an alert."""
    require("node")
    files, port = bench.ca.issue("shop.example"), bench.free_port()
    code = f"""
const fs = require("fs");
const shop = require("tls").createSecureContext({{
  cert: fs.readFileSync({str(files.cert)!r}), key: fs.readFileSync({str(files.key)!r}),
}});
const front = require("tls").createServer({{
  SNICallback: (name, done) => name === "shop.example" ? done(null, shop) : done(new Error(name)),
}}, (socket) => socket.end());
front.on("tlsClientError", () => {{}});
front.listen({port}, "127.0.0.1");
"""
    process = await bench.enter_async_context(ChildProcess([find("node") or "node", "-e", code]))
    await accepts("127.0.0.1", port, process)
    return target(f"https://localhost:{port}", ca_file=str(bench.ca.ca_file))


def _one_old_cipher(context: ssl.SSLContext, bench: Bench) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(bench.chance.choice(("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA")))


async def _nothing(_reader: object, _writer: object) -> None:
    return


def _s(name: str, cause: str | None, state: State, start: Start, *other: str) -> Scenario:
    return Scenario(name, cause, state, start, frozenset(other), slow=True)


SCENARIOS = (
    _s("the root in place of the intermediate", "tls_missing_intermediate", DOWN,
       secured(lambda ca: ca.wrong_intermediate(root=True))),
    _s("a stranger's intermediate", "tls_missing_intermediate", DOWN,
       secured_by_nginx(lambda ca: ca.wrong_intermediate())),
    _s("the intermediate has expired", "tls_expired", DOWN,
       secured(lambda ca: ca.expired_intermediate())),
    _s("inspected by a box of some make", "tls_mitm_corp_ca", DOWN, inspected_by_some_make),
    _s("apache does tls", None, UP, apache_tls()),
    _s("apache wants a certificate", "tls_client_cert_required", DOWN,
       apache_tls("SSLVerifyClient require")),
    _s("apache wants a certificate for a path, TLS 1.2", "tls_client_cert_required", DOWN,
       apache_tls("SSLProtocol TLSv1.2", "SSLVerifyClient require")),
    _s("apache wants a certificate for a path, TLS 1.3", "tls_client_cert_required", DOWN,
       apache_tls("SSLProtocol TLSv1.3", "SSLVerifyClient require")),
    _s("forbidden without a certificate", "tls_client_cert_required", DOWN,
       optional_and_forbidden, "http_waf_403"),
    _s("a certificate is welcome, not needed", None, UP,
       nginx_tls("ssl_verify_client optional; ssl_client_certificate {ca};")),
    _s("apache's tls on an http url", "tls_https_on_http_url", DOWN, apache_tls(scheme="http")),
    _s("node has no such name", "tls_sni_unrecognized", DOWN, node_without_such_a_name,
       "tls_rst_in_handshake"),
    _s("python with one old cipher", "tls_cipher_mismatch", DOWN,
       python_tls(_nothing, _one_old_cipher)),
)  # fmt: skip
