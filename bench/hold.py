"""A thousand targets over TLS in one process, against `socket.io-client` with as many connections.

The bot is whole, as it ships, in a process of its own beside a strict local workspace; Node's
client once with its defaults and once with an acknowledgement every two seconds, which is the work
that the bot does. Read ratios: everything shares this machine, and so do the backends.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figure
from bench.processes import Bot, Fleet, Node, Talking, Usage
from bot.demo.workspace import Workspace
from bot.storms import MOST
from tests.servers.certificates import CertificateAuthority

TARGETS = 1_000
PORTS = 20
_SETTLE_S = 15.0
_GIVEN_BACK_S = 65.0  # the bot gives memory back once a minute: after that, many or few
_IDLE_S = 30.0
_DOWN_S = 20.0
_SLOW_S = 600.0


@dataclass(slots=True)
class Peer:
    """What one client came to. Seconds, KB, per cent of one core."""

    kb: float = 0.0
    cpu: float = 0.0
    noticed_s: float = 0.0
    back_s: float = 0.0


async def figures(_times: int) -> list[Figure]:
    """Memory, idle processor time, a restart of everything, and what was posted of it."""
    with tempfile.TemporaryDirectory(prefix="wsdiag-bench-") as name:
        folder = Path(name)
        ca = CertificateAuthority(folder)
        async with Fleet(PORTS, tls=ca.issue().for_node()) as fleet:
            plain = await _node(fleet, ca.ca_file, None, restart=False)
            echo = await _node(fleet, ca.ca_file, 2_000, restart=True)
            ours, news = await _bot(fleet, ca.ca_file, folder)
    node_kb = min(plain.kb, echo.kb)
    print(f"      Node: {plain.kb:.0f} KB and {plain.cpu:.1f} % with its defaults, "
          f"{echo.kb:.0f} KB and {echo.cpu:.1f} % with the echo")  # fmt: skip
    print(f"      {news}")
    of = f"of {TARGETS} connections"
    return [
        Figure("memory per target", ours.kb, 0.65 * node_kb, "0.65 × Node", unit="KB"),
        Figure("idle processor", ours.cpu, 0.75 * echo.cpu, "0.75 × Node with the echo", unit="%"),
        Figure("a killed fleet noticed, the last", ours.noticed_s, 1.5 * echo.noticed_s,
               f"1.5 × Node, the last {of}", unit="s"),
        Figure("all connected again", ours.back_s, 3.0, f"the last {of}", unit="s"),
        Figure("incidents that did not open and close once", news.wrong, 0, "none", unit=""),
        Figure(f"messages beside one for each {MOST}", news.surplus, 0, "none", unit=""),
    ]  # fmt: skip


async def _node(fleet: Fleet, ca: Path, echo_ms: int | None, *, restart: bool) -> Peer:
    peer = Peer()
    async with Node(_urls(fleet, 2), ca=ca, echo_ms=echo_ms) as few:
        await few.until(lambda: few.open_connections() == 2)
        await asyncio.sleep(_SETTLE_S / 3)
        least = Usage.of(few.pid)
    async with Node(_urls(fleet, TARGETS), ca=ca, echo_ms=echo_ms) as node:
        await node.until(lambda: node.open_connections() == TARGETS)
        await asyncio.sleep(_SETTLE_S)
        used, peer.cpu = await node.idle(_IDLE_S)
        peer.kb = (used.rss_kb - least.rss_kb) / (TARGETS - 2)
        if restart:
            await _restart(fleet, node, peer, lost="lost", made="connect")
    return peer


@dataclass(frozen=True, slots=True)
class News:
    """What became of the restart."""

    opened: Counter[str]
    closed: Counter[str]
    roots: int

    @property
    def wrong(self) -> int:
        """Targets that had not exactly one incident, opened once and closed once."""
        names = {f"t{n}" for n in range(TARGETS)} | {*self.opened, *self.closed}
        return sum((self.opened[name], self.closed[name]) != (1, 1) for name in names)

    @property
    def surplus(self) -> int:
        """Messages of the channel, more or less than all targets need."""
        return abs(self.roots - math.ceil(TARGETS / MOST))

    def __str__(self) -> str:
        return f"{self.opened.total()} opened, {self.closed.total()} closed, {self.roots} messages"


async def _bot(fleet: Fleet, ca: Path, folder: Path) -> tuple[Peer, News]:
    peer = Peer()
    async with Workspace() as workspace:
        channel = workspace.add_channel("ops", members=[workspace.add_user("mira")])
        async with Bot(folder / "few", workspace, _toml(channel.id, _urls(fleet, 2), ca)) as few:
            await _all_looked_at(few, 2)
            await asyncio.sleep(_GIVEN_BACK_S)
            least = Usage.of(few.pid)
        toml = _toml(channel.id, _urls(fleet, TARGETS), ca)
        async with Bot(folder / "bot", workspace, toml) as bot:
            await _all_looked_at(bot, TARGETS)
            await asyncio.sleep(_GIVEN_BACK_S)
            used, peer.cpu = await bot.idle(_IDLE_S)
            peer.kb = (used.rss_kb - least.rss_kb) / (TARGETS - 2)
            await _restart(fleet, bot, peer, lost="disconnected", made="connected")
            opened, closed = "incident-opened", "incident-closed"

            def over() -> bool:
                kinds = Counter(e.name for e in bot.events)
                return kinds[opened] == kinds[closed]

            await bot.until(over, _SLOW_S)
            await asyncio.sleep(_SETTLE_S)  # the last edits
            return peer, News(
                Counter(e.who for e in bot.events if e.name == opened),
                Counter(e.who for e in bot.events if e.name == closed),
                len(workspace.messages("ops")),
            )


async def _restart(fleet: Fleet, client: Talking, peer: Peer, *, lost: str, made: str) -> None:
    """Kill every backend at once, and bring them back after a while."""
    killed = time.time()
    await fleet.kill()

    def who(name: str, since: float) -> set[str]:
        return {e.who for e in client.since(since, name)}

    await client.until(lambda: len(who(lost, killed)) == TARGETS)
    peer.noticed_s = _last(client, killed, lost) - killed
    await asyncio.sleep(max(0.0, _DOWN_S - (time.time() - killed)))
    await fleet.start()
    back = time.time()
    await client.until(lambda: len(who(made, back - 0.5)) == TARGETS)
    peer.back_s = max(0.0, _last(client, back - 0.5, made) - back)


def _last(client: Talking, since: float, name: str) -> float:
    """When the last of all had its first event of that name."""
    first: dict[str, float] = {}
    for event in client.since(since, name):
        first.setdefault(event.who, event.at)
    return max(first.values())


async def _all_looked_at(bot: Bot, count: int) -> None:
    """Every connection is held, and the first look at each is over."""
    deadline = time.monotonic() + _SLOW_S
    await bot.until(lambda: bot.open_connections() == count)
    while time.monotonic() < deadline:
        looked = (await bot.metrics()).get("wsdiag_target_last_check_timestamp_seconds", {})
        if len(looked) == count:
            return
        await asyncio.sleep(2)
    raise RuntimeError(bot.story(f"{count} first looks took more than {_SLOW_S:.0f} s"))


def _urls(fleet: Fleet, count: int) -> list[str]:
    return [f"https://127.0.0.1:{fleet.ports[n % len(fleet.ports)]}" for n in range(count)]


def _toml(channel: str, urls: Sequence[str], ca: Path) -> str:
    """Routine checks once an hour: a client of Node's has none."""
    targets = (
        f'[targets.t{n}]\nurl = "{url}"\nca_file = "{ca}"\nquery = {{ n = "{n}" }}\n'
        "watch = { interval_s = 3600 }\n"
        for n, url in enumerate(urls)
    )
    return f'channel = "{channel}"\n' + "".join(targets)
