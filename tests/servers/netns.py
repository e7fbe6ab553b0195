"""`NetworkLab`: two network namespaces of our own with a shaped link between them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.servers.dns_server import Rule
from tests.servers.process import ChildProcess, StartError
from tests.servers.shaper import FAR, FAR6, NEAR, NEAR6, Way
from tests.servers.tools import find, unshare_command

__all__ = ["FAR", "FAR6", "NEAR", "NEAR6", "NetworkLab", "Served", "Way"]
_SHAPER = Path(__file__).with_name("shaper.py")
_NAMES = Path(__file__).with_name("dns_server.py")


class Served(ChildProcess):
    """A child that says `{"listening": PORT}` when it is ready."""

    port = 0

    async def start(self) -> None:
        await super().start()
        try:
            said = json.loads(await self.line(lambda line: line.startswith('{"listening"')))
        except BaseException:
            await self.stop()
            raise
        self.port = said["listening"]


class NetworkLab(ChildProcess):
    """The near side is where a client runs, the far side where servers are; use `async with`.

    `lab.near([...])` and `lab.far([...])` give commands that run there; both sides share a mount
    namespace in which /etc/resolv.conf names `nameserver` (by default the far side) and nothing of
    the machine's network can be reached. Works as root and, where the kernel lets ordinary users
    have namespaces, without.
    """

    def __init__(
        self, folder: Path, way: Way | None = None, *, nameserver: str = FAR, seed: int = 1
    ) -> None:
        self.folder = folder
        self.nameserver = nameserver
        self.resolv_conf = folder / "resolv.conf"
        self._way = way
        self._seed = seed
        self._far_namespace = 0
        super().__init__([])

    async def start(self) -> None:
        """Make the namespaces and the link; StartError when this machine does not allow it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.resolv_conf.write_text(
            f"nameserver {self.nameserver}\noptions timeout:2 attempts:1\n", encoding="ascii"
        )
        options = {"resolv_conf": str(self.resolv_conf), "seed": self._seed}
        self.command = [*unshare_command(), sys.executable, "-P", str(_SHAPER), json.dumps(options)]
        await super().start()
        try:
            said = json.loads(await self.line(lambda line: line.startswith('{"ready"')))
            self._far_namespace = said["ready"]
            if self._way is not None:
                await self.shape(self._way)
        except BaseException:
            await self.stop()
            raise

    async def shape(self, both: Way | None = None, **ways: Way) -> None:
        """Change both directions, or one by `to_far=` and `to_near=`. In force on return."""
        if both is not None:
            ways = {"to_far": both, "to_near": both, **ways}
        answered = len(self.lines)
        await self.write(json.dumps({name: way.as_json() for name, way in ways.items()}))
        await self.line_after(answered)

    async def counts(self) -> dict[str, int]:
        """Packets carried `to_far`, `to_near`, and `lost`, so far."""
        answered = len(self.lines)
        await self.write("{}")
        counts: dict[str, int] = json.loads(await self.line_after(answered))
        return counts

    async def line_after(self, count: int) -> str:
        """The line that follows the first `count` ones; StartError with what was printed."""
        line = await self.line(lambda _: len(self.lines) > count)
        if not self.lines[count].startswith('{"to_far"'):
            raise StartError(self.story("does not obey"))
        del line
        return self.lines[count]

    @property
    def near_network(self) -> str:
        """The near network namespace, as a path of /proc."""
        return f"/proc/{self.pid}/ns/net"

    @property
    def far_network(self) -> str:
        """The far network namespace, as a path of /proc."""
        return f"/proc/{self.pid}/fd/{self._far_namespace}"

    def near(self, command: Sequence[str]) -> list[str]:
        """`command` so that it runs on the near side."""
        return [*self._enter(self.near_network), *command]

    def far(self, command: Sequence[str]) -> list[str]:
        """`command` so that it runs on the far side."""
        return [*self._enter(self.far_network), *command]

    def names(self, zone: Mapping[str, Sequence[str] | Rule]) -> Served:
        """A DNS server on the far side for {"name": ["address", …] or a Rule}; use `async with`."""
        told = json.dumps(
            {n: asdict(r) if isinstance(r, Rule) else list(r) for n, r in zone.items()}
        )
        return Served(self.far([sys.executable, str(_NAMES), FAR, "53", told]))

    def _enter(self, network: str) -> list[str]:
        user = [] if os.geteuid() == 0 else ["-U", "--preserve-credentials"]
        nsenter = find("nsenter") or "nsenter"
        # A new mount namespace would start the command in its root folder.
        folder = f"--wd={Path.cwd()}"
        return [nsenter, "-t", str(self.pid), *user, "-m", f"--net={network}", folder, "--"]
