"""What findings and verdicts are called when a person reads them: the words, in no language yet.

Pure. Chat, terminal and web pages show the same facts in different dress; the facts are put into
`Message`s here, once, and each surface translates, escapes and lays them out.
"""

from bot.wording.lines import (
    EvidenceLine,
    Fact,
    evidence_lines,
    is_look,
    milliseconds,
    skipped,
)
from bot.wording.users import impact
from bot.wording.words import (
    CONFIDENCES,
    LABELS,
    LAYERS,
    OUTCOMES,
    REASONS,
    STATES,
    headline,
    label,
    reason,
)

__all__ = [
    "CONFIDENCES",
    "LABELS",
    "LAYERS",
    "OUTCOMES",
    "REASONS",
    "STATES",
    "EvidenceLine",
    "Fact",
    "evidence_lines",
    "headline",
    "impact",
    "is_look",
    "label",
    "milliseconds",
    "reason",
    "skipped",
]
