"""`python -m bench [NAME …]` prints figures; exit code 1 when one is over its limit."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from bench import ack, chaos, link, startup, verdicts
from bench.figures import Figure
from tests.servers.tools import missing

BENCHES: dict[str, tuple[Callable[[int], Coroutine[Any, Any, list[Figure]]], tuple[str, ...]]] = {
    "link": (link.figures, ("netns", "node")),
    "ack": (ack.figures, ()),
    "startup": (startup.figures, ()),
    "verdicts": (verdicts.figures, ("node",)),
    "chaos": (chaos.figures, ()),
}


def main() -> int:
    """Run the benches that were named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--times", type=int, default=9, help="runs of each (9)")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    over = 0
    for name in options.names or BENCHES:
        bench, tools = BENCHES[name]
        lacking = [reason for tool in tools if (reason := missing(tool))]
        if lacking:
            print(f"skip  {name}: {'; '.join(lacking)}")
            continue
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # as the bot runs
            figures = runner.run(bench(options.times))
        for figure in figures:
            print(figure.line(), flush=True)
            over += figure.ratio > 1
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
