"""Many runs at once, each in a fresh process that a warm one has forked.

The warm process has imported everything and started no thread, so that a run costs no interpreter
start and may make namespaces for itself. A run that crashes or hangs takes nobody along.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from multiprocessing.connection import Connection
from typing import Final

from tests.lab import worker
from tests.lab.outcome import Kind, Outcome

_SET_UP_S: Final = 60.0  # what the components of a scenario may take to start and to end
_KILL_AFTER_S: Final = worker.DEEP_S + 30.0 + _SET_UP_S

Run = tuple[str, int]  # a scenario's name, a seed


def run_all(
    runs: Iterable[Run], jobs: int, on_outcome: Callable[[Outcome], None] = lambda _: None
) -> Sequence[Outcome]:
    """Run them all, at most `jobs` at a time; outcomes in the order of `runs`.

    `on_outcome` is told of each as soon as it is there.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([worker.__name__, "tests.lab.warm"])
    ordered = list(runs)
    found: dict[int, Outcome] = {}
    with ThreadPoolExecutor(jobs, "run") as pool:
        waiting = {pool.submit(_one, context, *run): n for n, run in enumerate(ordered)}
        for future in as_completed(waiting):
            found[waiting[future]] = future.result()
            on_outcome(future.result())
    return [found[number] for number in range(len(ordered))]


def _one(context: multiprocessing.context.ForkServerContext, name: str, seed: int) -> Outcome:
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_report, args=(sending, name, seed))
    process.start()
    sending.close()
    try:
        if not receiving.poll(_KILL_AFTER_S):
            return Outcome(name, seed, Kind.BROKEN, story=f"no outcome after {_KILL_AFTER_S:.0f} s")
        outcome: Outcome = receiving.recv()
        return outcome
    except EOFError:
        process.join(5)
        return Outcome(name, seed, Kind.BROKEN, story=f"the run ended with {process.exitcode}")
    finally:
        receiving.close()
        process.join(5)
        process.kill()
        process.join()
        process.close()


def _report(sending: Connection, name: str, seed: int) -> None:
    os.setpgid(0, 0)  # a Ctrl-C ends the lab, which then ends its runs
    sending.send(worker.run(name, seed))
