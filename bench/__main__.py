"""`python -m bench [NAME …]` prints figures; exit code 1 when one is over its limit."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from bench import ack, chaos, churn, faults, hold, link, notice, soak, startup, verdicts
from bench.figures import Figure
from tests.servers.tools import missing

BENCHES: dict[str, tuple[Callable[[int], Coroutine[Any, Any, list[Figure]]], tuple[str, ...]]] = {
    "link": (link.figures, ("netns", "node")),
    "ack": (ack.figures, ()),
    "startup": (startup.figures, ()),
    "verdicts": (verdicts.figures, ("node",)),
    "chaos": (chaos.figures, ()),
    "notice": (notice.figures, ("netns", "node")),
    "hold": (hold.figures, ("node",)),
}
# These take many minutes (as many as --times says, `faults` a minute and a half for each), and run
# only when they are named.
LONG: dict[str, tuple[Callable[[int], Coroutine[Any, Any, list[Figure]]], tuple[str, ...]]] = {
    "soak": (soak.figures, ("netns", "node")),
    "faults": (faults.figures, ("node",)),
    "churn": (churn.figures, ("node",)),
}


def main() -> int:
    """Run the benches that were named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = {**BENCHES, **LONG}
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--times", type=int, default=9, help="runs of each, or minutes (9)")
    options = parser.parse_args()
    unknown = set(options.names) - set(known)
    if unknown:
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    over = 0
    for name in options.names or BENCHES:
        bench, tools = known[name]
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
