"""What `wsdiag check` says on a terminal: live progress, the summary, and the `--json` object."""

from bot.terminal.contract import EXIT_CODES, GuideUrl, contract
from bot.terminal.progress import LiveProgress
from bot.terminal.stream import Output, adapt, until_closed
from bot.terminal.style import MARKS, STYLES
from bot.terminal.summary import print_summary

__all__ = [
    "EXIT_CODES",
    "MARKS",
    "STYLES",
    "GuideUrl",
    "LiveProgress",
    "Output",
    "adapt",
    "contract",
    "print_summary",
    "until_closed",
]
