"""`python -m tests.lab`: run the scenarios, print what was right and wrong; see `--help`."""

from __future__ import annotations

import sys

from tests.lab.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
