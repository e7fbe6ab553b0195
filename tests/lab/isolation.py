"""Network and mount namespaces of one run: made by this process for itself.

For a process with one thread only (the kernel's rule for mount and user namespaces). Works as root
and, where the kernel lets ordinary users have user namespaces, without: the process is root inside.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.servers.netns import NetworkLab

_CLONE_NEWNS: Final = 0x00020000
_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_IFF_UP = 0x1

_libc = ctypes.CDLL(None, use_errno=True)


def _call(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


class Isolation:
    """The namespaces that this process has moved into; made by `enter`."""

    @classmethod
    def enter(cls) -> Isolation:
        """Leave the machine's network for an empty one with loopback only. Raises OSError."""
        user, group = os.geteuid(), os.getegid()
        flags = _CLONE_NEWNET | _CLONE_NEWNS | (0 if user == 0 else _CLONE_NEWUSER)
        _call(_libc.unshare(flags), "unshare")
        if user:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        # What is mounted from here on is nobody else's business.
        _call(_libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "mount --make-rprivate")
        _set_up_loopback()
        return cls()

    def move_to(self, lab: NetworkLab) -> None:
        """Go on in the far network of a link: whatever this thread starts is there."""
        enter_network(lab.far_network)

    def use_resolver(self, address: str, file: Path) -> None:
        """Make `address` the resolver of this process and its children."""
        file.write_text(f"nameserver {address}\noptions timeout:2 attempts:1\n", encoding="ascii")
        place = os.path.realpath("/etc/resolv.conf").encode()
        _call(_libc.mount(str(file).encode(), place, None, _MS_BIND, None), "mount --bind")


def enter_network(path: str) -> None:
    """Move this thread into the network namespace behind a path of /proc. Raises OSError."""
    _enter(path, _CLONE_NEWNET)


def enter_mounts(path: str) -> None:
    """Move this process into the mount namespace behind a path of /proc. Raises OSError."""
    here = Path.cwd()
    _enter(path, _CLONE_NEWNS)
    os.chdir(here)


def _enter(path: str, kind: int) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _call(_libc.setns(descriptor, kind), f"setns {path}")
    finally:
        os.close(descriptor)


def _set_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", 0)
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, request)
        flags = struct.unpack("16sH14x", answer)[1] | _IFF_UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags))
