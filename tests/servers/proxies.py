"""nginx, haproxy, Apache, Caddy, tinyproxy: any configuration, unprivileged, any free port."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

from tests.servers.certificates import CertificateFiles
from tests.servers.process import ChildProcess, StartError, accepts, free_port
from tests.servers.tools import find

_TRIES = 5  # another process may take the free port before the proxy binds it


class Proxy(ChildProcess):
    """What they have in common: a folder, a port, a configuration written before each start."""

    program: ClassVar[str]

    def __init__(
        self,
        folder: Path,
        *,
        certificate: CertificateFiles | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.folder = folder
        self.certificate = certificate
        self.host = host
        self.port = port
        super().__init__([])

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    def config(self) -> str:
        """The whole configuration file."""
        raise NotImplementedError

    def _command(self, config: Path) -> list[str]:
        raise NotImplementedError

    async def start(self) -> None:
        """Write the configuration, spawn the proxy, wait until it accepts."""
        fixed = self.port
        self.folder.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, _TRIES + 1):
            self.port = fixed or free_port(self.host)
            path = self.folder / f"{self.program}.conf"
            path.write_text(self.config())
            self.command = self._command(path)
            self.lines.clear()
            await super().start()
            try:
                await accepts(self.host, self.port, self)
            except BaseException as error:
                await self.stop()
                taken = "in use" in "\n".join(self.lines)
                if not (isinstance(error, StartError) and taken and attempt < _TRIES):
                    raise
            else:
                return

    async def restart(self) -> None:
        """Kill it and start it again on the same port, with the configuration as it is now."""
        await self.kill()
        await self.start()


class Nginx(Proxy):
    """`server` is the body of the server block, `http` goes before it (upstream, map, limits).

    listen and the certificate are ours; `listen` adds words such as "backlog=1". The access log
    is `folder/access.log`.
    """

    program = "nginx"

    def __init__(
        self,
        folder: Path,
        server: str,
        *,
        http: str = "",
        listen: str = "",
        certificate: CertificateFiles | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(folder, certificate=certificate, host=host, port=port)
        self.server = server
        self.http = http
        self.listen = listen

    def config(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        tls = ""
        if self.certificate:
            tls = (
                f"ssl_certificate {self.certificate.cert};\n"
                f"ssl_certificate_key {self.certificate.key};"
            )
        temporary = "\n".join(
            f"{kind}_temp_path {self.folder / kind};"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
{"user root;" if os.geteuid() == 0 else ""}
daemon off;
worker_processes 1;
pid {self.folder / "nginx.pid"};
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
{temporary}
access_log {self.folder / "access.log"};
map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
{self.http}
server {{
listen {host}:{self.port}{" ssl" if self.certificate else ""} {self.listen};
{tls}
{self.server}
}}
}}
"""

    def _command(self, config: Path) -> list[str]:
        program = find(self.program) or self.program
        return [program, "-p", str(self.folder), "-e", "stderr", "-c", str(config)]

    @staticmethod
    def pass_to(url: str, *, websocket: bool = True, more: str = "") -> str:
        """A `location /` that proxies everything, with or without the Upgrade headers."""
        headers = ""
        if websocket:
            headers = (
                "proxy_set_header Upgrade $http_upgrade;\n"
                "proxy_set_header Connection $connection_upgrade;"
            )
        return f"""
location / {{
proxy_pass {url};
proxy_http_version 1.1;
proxy_set_header Host $http_host;
{headers}
{more}
}}
"""


class Haproxy(Proxy):
    """`frontend` is the body of the only frontend (bind is ours), `rest` the further sections."""

    program = "haproxy"

    def __init__(
        self,
        folder: Path,
        frontend: str,
        rest: str = "",
        *,
        defaults: str = "",
        bind: str = "",
        certificate: CertificateFiles | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__(folder, certificate=certificate, host=host, port=port)
        self.frontend = frontend
        self.rest = rest
        self.defaults = defaults
        self.bind = bind

    def config(self) -> str:
        tls = f" ssl crt {self.certificate.combined}" if self.certificate else ""
        return f"""
global
    maxconn 256
    log stdout format raw local0 info
defaults
    mode http
    log global
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout tunnel 1h
{self.defaults}
frontend front
    bind {self.host}:{self.port}{tls} {self.bind}
{self.frontend}
{self.rest}
"""

    def _command(self, config: Path) -> list[str]:
        return [find(self.program) or self.program, "-db", "-f", str(config)]


class Apache(Proxy):
    """`server` is what follows the modules; `{url}` of an upstream is the caller's to fill in."""

    program = "apache2"
    _MODULES = (
        "mpm_event authz_core authn_core authn_file authz_user auth_basic proxy proxy_http alias "
        "rewrite dir mime filter deflate"
    )

    def __init__(
        self, folder: Path, server: str, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        super().__init__(folder, host=host, port=port)
        self.server = server

    def config(self) -> str:
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so"
            for name in self._MODULES.split()
        )
        (self.folder / "index.html").write_text("<html><body><h1>It works!</h1></body></html>")
        return f"""
{modules}
ServerRoot {self.folder}
PidFile {self.folder / "apache.pid"}
DefaultRuntimeDir {self.folder}
Mutex sem
ErrorLog {self.folder / "error.log"}
TypesConfig /dev/null
ServerName localhost
Listen {self.host}:{self.port}
{"User www-data" if os.geteuid() == 0 else ""}
DocumentRoot {self.folder}
<Directory />
Require all granted
</Directory>
{self.server}
"""

    def _command(self, config: Path) -> list[str]:
        return [find(self.program) or self.program, "-DFOREGROUND", "-f", str(config)]


class Caddy(Proxy):
    """`site` is the body of the only site: `reverse_proxy 127.0.0.1:3000`, `respond 503` …"""

    program = "caddy"

    def __init__(self, folder: Path, site: str, **options: Any) -> None:
        super().__init__(folder, **options)
        self.site = site
        # It keeps its last configuration in its home.
        self._env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder)}

    def config(self) -> str:
        tls = f"tls {self.certificate.cert} {self.certificate.key}" if self.certificate else ""
        scheme = "https" if self.certificate else "http"
        # Without a name in its address the site answers for every Host.
        return f"""
{{
    admin off
    auto_https off
}}
{scheme}://:{self.port} {{
    bind {self.host}
    {tls}
    {self.site}
}}
"""

    def _command(self, config: Path) -> list[str]:
        program = find(self.program) or self.program
        return [program, "run", "--adapter", "caddyfile", "--config", str(config)]


class Tinyproxy(Proxy):
    """A forward proxy; `more` are lines such as `ConnectPort 443` or `BasicAuth user word`."""

    program = "tinyproxy"

    def __init__(self, folder: Path, more: str = "", **options: Any) -> None:
        super().__init__(folder, **options)
        self.more = more

    def config(self) -> str:
        return f"""
Port {self.port}
Listen {self.host}
Timeout 600
MaxClients 64
{self.more}
"""

    def _command(self, config: Path) -> list[str]:
        return [find(self.program) or self.program, "-d", "-c", str(config)]
