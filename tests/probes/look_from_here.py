"""Run the base suite and print its findings as JSON: `python -m tests.probes.look_from_here URL`.

Inside a network namespace, where the tests themselves are not.
"""

from __future__ import annotations

import asyncio
import json
import sys

from bot import record
from tests.probes.looking import observe, target


async def main() -> None:
    found = await observe(target(sys.argv[1]))
    sys.stdout.write(json.dumps([record.finding_to_json(f) for f in found.all]))


if __name__ == "__main__":
    asyncio.run(main())
