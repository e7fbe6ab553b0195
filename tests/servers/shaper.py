"""A link between two network namespaces, shaped in user space: delay, jitter, loss, rate, MTU.

Run as a program inside fresh network and mount namespaces (`tests.servers.netns` does so), needs
root there, Linux and nothing but the standard library. It makes a second network namespace, puts a
TUN device into each, and carries packets between them. It says `{"ready": FD}` on stdout, where FD
is its descriptor of the far namespace, then obeys JSON lines on stdin until that ends.

This takes the place of tc-netem, which many kernels lack.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import itertools
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

NEAR, FAR = "10.77.0.1", "10.77.0.2"
NEAR6, FAR6 = "fd77::1", "fd77::2"
_MTU = 1500
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of the link. Times in ms, `rate_kbit` in kbit/s, sizes in bytes of IP packets.

    `loss` is a share from 0 to 1; packets above `hole` bytes vanish without a word (a broken path
    MTU discovery); `queue` is what may wait for the rate before the tail is dropped.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    loss: float = 0.0
    rate_kbit: float | None = None
    hole: int | None = None
    queue: int = 256 * 1024

    @classmethod
    def of(cls, values: dict[str, Any]) -> Way:
        """From JSON; TypeError on unknown words."""
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Shaper:
    """Decides when a packet of one direction arrives, or that it does not. Pure: time is given."""

    def __init__(self, way: Way, chance: random.Random) -> None:
        self.way = way
        self._chance = chance
        self._busy_until = 0.0
        self._last_arrival = 0.0

    def arrival(self, now: float, size: int) -> float | None:
        """When a packet of `size` bytes sent at `now` arrives (same clock, seconds); None: lost.

        Packets keep their order, as on one path.
        """
        way = self.way
        if way.hole is not None and size > way.hole:
            return None
        if way.loss and self._chance.random() < way.loss:
            return None
        leaves = now
        if way.rate_kbit:
            per_byte = 8 / (way.rate_kbit * 1000)
            waiting = max(0.0, self._busy_until - now) / per_byte
            if waiting + size > way.queue:
                return None
            leaves = max(now, self._busy_until) + size * per_byte
            self._busy_until = leaves
        delay = way.delay_ms + self._chance.uniform(-1, 1) * way.jitter_ms
        self._last_arrival = max(self._last_arrival, leaves + max(0.0, delay) / 1000)
        return self._last_arrival


# ---------------------------------------------------------------- namespaces and devices


def _set_up(name: str, address: str, address6: str) -> int:
    """Loopback and a TUN device in the current network namespace; the device's descriptor."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI)
    fcntl.ioctl(device, _TUNSETIFF, request)
    for command in (
        "link set lo up",
        f"addr add {address}/24 dev {name}",
        f"-6 addr add {address6}/64 dev {name} nodad",
        f"link set {name} up mtu {_MTU}",
        f"route add default dev {name}",
    ):
        done = subprocess.run(
            ["ip", *command.split()],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
        if done.returncode and "-6" not in command:  # a kernel without IPv6 is fine
            raise OSError(f"ip {command}: {done.stderr.strip()}")
    return device


def _new_network() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare(CLONE_NEWNET)")


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


# ---------------------------------------------------------------- the forwarder


class Forwarder:
    """Carries packets between the two devices until stdin ends."""

    def __init__(self, near: int, far: int, seed: int) -> None:
        self._out = {near: far, far: near}
        chance = random.Random(seed)
        self._shapers = {near: Shaper(Way(), chance), far: Shaper(Way(), chance)}
        self._near, self._far = near, far
        self._waiting: list[tuple[float, int, int, bytes]] = []
        self._numbers: Iterator[int] = itertools.count()
        self._orders = b""
        self.carried = {"to_far": 0, "to_near": 0, "lost": 0}

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        """Change one or both directions; the answer counts packets so far."""
        if "to_far" in order:
            self._shapers[self._near].way = Way.of(order["to_far"])
        if "to_near" in order:
            self._shapers[self._far].way = Way.of(order["to_near"])
        return dict(self.carried)

    def run(self) -> None:
        while True:
            timeout = None
            if self._waiting:
                timeout = max(0.0, self._waiting[0][0] - time.monotonic())
            # select() waits with microseconds, epoll() with milliseconds.
            ready, _, _ = select.select([self._near, self._far, 0], [], [], timeout)
            if 0 in ready and not self._read_orders():
                return
            for device in (self._near, self._far):
                if device in ready:
                    self._take(device)
            self._hand_over()

    def _take(self, device: int) -> None:
        shaper = self._shapers[device]
        while True:
            try:
                packet = os.read(device, 65_536)
            except BlockingIOError:
                return
            arrival = shaper.arrival(time.monotonic(), len(packet))
            if arrival is None:
                self.carried["lost"] += 1
                continue
            entry = (arrival, next(self._numbers), self._out[device], packet)
            heapq.heappush(self._waiting, entry)

    def _hand_over(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, device, packet = heapq.heappop(self._waiting)
            try:
                os.write(device, packet)
            except OSError:
                self.carried["lost"] += 1  # the device was set down: nobody receives
                continue
            self.carried["to_far" if device == self._far else "to_near"] += 1

    def _read_orders(self) -> bool:
        data = os.read(0, 65_536)
        if not data:
            return False
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            _say(self.obey(json.loads(line)))
        return True


def _say(words: dict[str, Any]) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


def main(options: dict[str, Any]) -> None:
    """options: `resolv_conf` (a file to mount over the system's), `seed`."""
    if options.get("resolv_conf"):
        subprocess.run(
            ["mount", "--bind", options["resolv_conf"], "/etc/resolv.conf"],
            check=True,
            env={"PATH": "/usr/bin:/bin"},
        )
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    near = _set_up("near", NEAR, NEAR6)
    _new_network()
    far = _set_up("far", FAR, FAR6)
    far_namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
    _enter(home)
    _say({"ready": far_namespace})
    Forwarder(near, far, int(options.get("seed", 1))).run()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
