"""Diagnose the target given on stdin, and write the report: `record` runs it where it matters.

Both are pickles, of (target, controls, deep) and of the report's plain data.
"""

from __future__ import annotations

import asyncio
import pickle
import sys

from bot.diagnose import diagnose
from bot.record import to_json


def _look() -> None:
    target, controls, deep = pickle.loads(sys.stdin.buffer.read())
    report = asyncio.run(diagnose(target, controls=controls, deep=deep))
    sys.stdout.buffer.write(pickle.dumps(to_json(report)))


if __name__ == "__main__":
    _look()
