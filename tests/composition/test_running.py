"""What the running bot sets for its process."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: what is frozen stays so.
_OLD_CYCLES = """
import gc, weakref
from bot.composition.running import spare_the_collector

class Session:
    def __init__(self):
        self.cycle = self

loaded = [[] for _ in range(400_000)]
spare_the_collector()
old = [Session() for _ in range(2_000)]
gc.collect(0)
gc.collect(1)  # from now on they are of the oldest generation
last = weakref.ref(old[-1])
del old
for _ in range(400_000):
    Session()
print("collected" if last() is None else "kept")
"""


def test_a_cycle_that_was_held_for_long_is_collected_while_others_come_and_go() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _OLD_CYCLES], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "collected"
