"""Ctrl-C at a moment when nothing has begun yet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

# SIGINT arrives while this module is being imported.
INTERRUPTED = """
import importlib.abc, os, signal, sys
module = sys.argv.pop()
class Interrupt(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from bot.entry import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "bot.locales", "bot.composition.errors"])
def test_an_interrupt_while_modules_are_imported_ends_with_130_and_no_traceback(
    module: str,
) -> None:
    root = Path(__file__).parents[1]
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, "config", module],
        env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
