"""What the commands say on a terminal: live progress, summaries, and the `--json` objects."""

from bot.terminal.contract import EXIT_CODES, GuideUrl, contract
from bot.terminal.differences import as_json, print_differences
from bot.terminal.explanation import explanation_contract, print_explanation
from bot.terminal.progress import LiveProgress
from bot.terminal.stream import Output, adapt, can_show, until_closed
from bot.terminal.style import MARKS, STYLES
from bot.terminal.summary import clean, print_summary

__all__ = [
    "EXIT_CODES",
    "MARKS",
    "STYLES",
    "GuideUrl",
    "LiveProgress",
    "Output",
    "adapt",
    "as_json",
    "can_show",
    "clean",
    "contract",
    "explanation_contract",
    "print_differences",
    "print_explanation",
    "print_summary",
    "until_closed",
]
