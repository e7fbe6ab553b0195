"""dnsmasq and unbound, as programs of their own: what a network really asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.servers.process import ChildProcess, accepts
from tests.servers.tools import find


class Dnsmasq(ChildProcess):
    """dnsmasq at `host`, port 53, with further words of its command line; use `async with`.

    What it is not told and has no upstream for it answers REFUSED.
    """

    def __init__(self, host: str, words: Sequence[str]) -> None:
        self.host = host
        program = find("dnsmasq") or "dnsmasq"
        fixed = ("--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts")
        place = (f"--listen-address={host}", "--bind-interfaces", "--pid-file=", "--user=root")
        super().__init__([program, *fixed, *place, "--log-facility=-", *words])

    async def start(self) -> None:
        """Start it; StartError when it does not come up."""
        await super().start()
        await accepts(self.host, 53, self)


class Unbound(ChildProcess):
    """unbound at `host`, port 53; `server` and `rest` are lines of its configuration."""

    def __init__(
        self, folder: Path, host: str, server: str, rest: str = "", modules: str = "iterator"
    ) -> None:
        self.host = host
        self._file = folder / "unbound.conf"
        self._text = f"""server:
    interface: {host}
    port: 53
    access-control: 0.0.0.0/0 allow
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}"
    pidfile: ""
    use-syslog: no
    logfile: ""
    module-config: "{modules}"
    do-not-query-localhost: no
    num-threads: 1
    outgoing-range: 64
    num-queries-per-thread: 32
    {server}
remote-control:
    control-enable: no
{rest}
"""
        super().__init__([find("unbound") or "unbound", "-d", "-c", str(self._file)])

    async def start(self) -> None:
        """Start it; StartError when it does not come up."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(self._text, encoding="utf-8")
        await super().start()
        await accepts(self.host, 53, self)
