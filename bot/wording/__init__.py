"""What findings and verdicts are called when a person reads them: the words, in no language yet.

Pure. Chat, terminal and web pages show the same facts in different dress; the facts are put into
`Message`s here, once, and each surface translates, escapes and lays them out.
"""

from bot.wording.lines import (
    EvidenceLine,
    Fact,
    Latency,
    evidence_lines,
    is_look,
    latency,
    milliseconds,
    skipped,
)
from bot.wording.words import (
    CONFIDENCES,
    LABELS,
    LAYERS,
    NO_VERDICT_IMPACT,
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
    "NO_VERDICT_IMPACT",
    "OUTCOMES",
    "REASONS",
    "STATES",
    "EvidenceLine",
    "Fact",
    "Latency",
    "evidence_lines",
    "headline",
    "is_look",
    "label",
    "latency",
    "milliseconds",
    "reason",
    "skipped",
]
