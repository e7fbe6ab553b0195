"""What a test needs from the machine: skipped with the reason, or failed when all is required."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE_FOLDER = Path(__file__).parent.parent / "node"
_SBIN = ("/usr/sbin", "/sbin", "/usr/local/sbin")  # where Debian keeps nginx and haproxy
TOOLS = ("node", "nginx", "haproxy", "apache2", "chromium", "netns")


def find(program: str) -> str | None:
    """Path of a program, also where an ordinary user's PATH does not look."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SBIN))
    return shutil.which(program, path=path)


@functools.cache
def missing(tool: str) -> str | None:
    """Why `tool` (one of TOOLS, or any program's name) cannot be used here; None: it can."""
    if tool == "node":
        if find("node") is None:
            return "Node is not installed"
        if not (NODE_FOLDER / "node_modules" / "socket.io").is_dir():
            return "the packages of tests/node are not installed"
        return None
    if tool == "netns":
        return _missing_netns()
    return None if find(tool) else f"{tool} is not installed"


def _missing_netns() -> str | None:
    for program in ("unshare", "ip"):
        if find(program) is None:
            return f"{program} is not installed"
    if not Path("/dev/net/tun").exists():
        return "this kernel offers no /dev/net/tun"
    command = [*unshare_command(), "sh", "-c", "ip tuntap add mode tap name probe0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except subprocess.TimeoutExpired:
        return "network namespaces do not answer here"
    if done.returncode:
        return f"no network namespaces here: {done.stderr.strip()[:120]}"
    return None


def unshare_command() -> list[str]:
    """Prefix that runs a program in network and mount namespaces of its own (root inside)."""
    user = [] if os.geteuid() == 0 else ["-U", "-r"]
    return [find("unshare") or "unshare", *user, "-n", "-m"]


def require(tool: str) -> None:
    """Skip the calling test if `tool` is missing; fail it instead if WSDIAG_REQUIRE_ALL is 1."""
    reason = missing(tool)
    if reason is None:
        return
    reason = f"{reason} (make tools)"
    if required_all():
        pytest.fail(f"WSDIAG_REQUIRE_ALL is set, but {reason}", pytrace=False)
    pytest.skip(reason)


def required_all() -> bool:
    """Whether a skip counts as a failure in this run."""
    return os.environ.get("WSDIAG_REQUIRE_ALL") == "1"
