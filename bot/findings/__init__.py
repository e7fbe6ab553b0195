"""The findings of one run, addressable by what they are: what causes and the verdict read. Pure.

| module | subject |
|---|---|
| `access` | typed access: `found.polling`, `found.tcp` … |
| `questions` | `FindingSet`: access, and what several causes ask of the same evidence |
| `answers` | when an answer is late, and how an exchange ended without one |
"""

from bot.findings.answers import (
    ANSWERED,
    COLD_MS,
    NOT_ENGINE_IO,
    SLOW_MS,
    cut,
    own_time_ms,
    waited_in_vain,
)
from bot.findings.questions import FindingSet

__all__ = [
    "ANSWERED",
    "COLD_MS",
    "NOT_ENGINE_IO",
    "SLOW_MS",
    "FindingSet",
    "cut",
    "own_time_ms",
    "waited_in_vain",
]
