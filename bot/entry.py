"""The first thing that runs of `wsdiag`: light enough to be interrupted politely.

Importing the command line takes some tenths of a second. Ctrl-C within them ends the program like
any later one, and not with a traceback.
"""

from __future__ import annotations

import sys

_INTERRUPTED = 130  # 128 + SIGINT


def main() -> None:
    """Carry out the command line of this process and exit with its code."""
    try:
        from bot.__main__ import main as carry_out  # noqa: PLC0415  this is what takes its time

        carry_out()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
