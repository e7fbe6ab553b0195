"""`wsdiag check` in a process of its own, as a person runs it.

The process is forked before the run's event loop starts and does nothing until it is told what to
check. That saves the start of an interpreter per run; what is carried out is the command line's own
entry point, with arguments, environment, standard streams and an exit code.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.__main__ import run as command_line
from bot.model import Target
from tests.lab.isolation import enter_mounts, enter_network
from tests.servers.process import die_with_parent


@dataclass(frozen=True, slots=True)
class Answer:
    """What a process of `wsdiag check --json` left behind."""

    code: int  # exit code; negative: the signal that ended it
    out: str
    errors: str
    wall_s: float


class Person:
    """A process that waits for one order. Make it while this process has a single thread."""

    def __init__(self, folder: Path) -> None:
        self._out, self._errors = folder / "stdout", folder / "stderr"
        receiving, self._sending = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._sending)
            self._wait_for_order(receiving)
        os.close(receiving)

    async def check(
        self,
        words: list[str],
        environment: dict[str, str],
        place: tuple[str, str] | None,
        deadline_s: float,
    ) -> Answer:
        """Run `wsdiag` with these words; kill it after `deadline_s`.

        place: network and mount namespace to run in (paths of /proc); None: where we are.
        """
        return await self._order(
            {"words": words, "environment": environment, "place": place}, deadline_s
        )

    async def _order(self, order: dict[str, Any], deadline_s: float) -> Answer:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        process = os.pidfd_open(self._pid)
        loop.add_reader(process, ended.set)
        begun = time.monotonic()
        try:
            os.write(self._sending, json.dumps(order).encode() + b"\n")
            try:
                async with asyncio.timeout(deadline_s):
                    await ended.wait()
            except TimeoutError:
                os.kill(self._pid, signal.SIGKILL)
                await ended.wait()
        finally:
            loop.remove_reader(process)
            os.close(process)
        wall = time.monotonic() - begun
        return Answer(self._reap(), _read(self._out), _read(self._errors), wall)

    def dismiss(self) -> None:
        """End a process that got no order."""
        os.close(self._sending)
        if self._pid:
            self._reap()

    def _reap(self) -> int:
        """The exit code of a process that has ended, or does so now."""
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        return os.waitstatus_to_exitcode(status)

    def _wait_for_order(self, receiving: int) -> None:
        """The child's whole life."""
        die_with_parent()
        code = 1
        try:
            with os.fdopen(receiving, "rb") as orders:
                line = orders.readline()
            code = self._obey(json.loads(line)) if line else 0
        except BaseException:  # noqa: BLE001  nothing may get back into the parent's code
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _obey(self, order: dict[str, Any]) -> int:
        for path, number in ((self._out, 1), (self._errors, 2)):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(file, number)
            os.close(file)
        sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8")
        sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), encoding="utf-8")
        if order["place"]:
            network, mounts = order["place"]
            enter_network(network)
            enter_mounts(mounts)
        os.environ.clear()
        os.environ.update({"PATH": os.defpath, "HOME": str(self._out.parent)})
        os.environ.update(order["environment"])
        return command_line(order["words"])


def words(target: Target, *, deep: bool, arguments: tuple[str, ...]) -> list[str]:
    """The command line for a target that the settings call by its name."""
    return ["check", target.name, "--json", *(["--deep"] if deep else []), *arguments]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
