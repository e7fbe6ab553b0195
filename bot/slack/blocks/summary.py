"""The answer to `/wsdiag`: what a tired person reads first on a phone, then the evidence."""

from __future__ import annotations

from collections.abc import Sequence

from bot.locales import duration, translate
from bot.model import Report, say
from bot.slack.blocks.buttons import report_buttons
from bot.slack.blocks.common import (
    Reader,
    changed_blocks,
    details,
    fix_lines,
    labelled,
    users,
    verdict_header,
    verdict_words,
)
from bot.slack.blocks.kit import Block, Post, context, post, section
from bot.slack.blocks.mrkdwn import escape, sentence, when
from bot.wording import CONFIDENCES


def summary(
    report: Report,
    report_id: str | None,
    reader: Reader,
    *,
    before: Report | None = None,
    head: Sequence[Block] = (),
) -> Post:
    """The verdict, what users feel and the fix, a line each, and the buttons: enough to act on the
    first screen of a phone. Then what changed since `before`, the last good report, and the
    evidence behind a line.

    `report_id` is what the buttons carry; None where the report could not be kept: no buttons.
    `head` stands above it all.
    """
    lang, verdict = reader.lang, report.verdict
    lines = [
        users(report, lang),
        *fix_lines(verdict.cause, lang),
    ]
    buttons: tuple[Block, ...] = ()
    if report_id is not None:
        buttons = report_buttons(verdict.cause, report_id, lang)
    return post(
        sentence(verdict_words(report, lang), lang),
        [
            *head,
            verdict_header(report, lang),
            section("\n".join(lines)),
            *changed_blocks(before, report, lang),
            *buttons,
            context(_provenance(report, lang)),
        ],
        details(report, lang),
    )


def _provenance(report: Report, lang: str) -> str:
    """How sure the verdict is, of what, from where and when."""
    took = duration(report.duration_ms / 1000, lang)
    where = sentence(
        say("checked from {vantage} in {took}", vantage=report.vantage, took=took), lang
    )
    cause = report.verdict.cause
    told = [escape(report.target_url, 300), where, when(report.started_at, lang)]
    if cause is not None:
        sure = sentence(CONFIDENCES[cause.confidence], lang)
        told.insert(0, labelled(translate(say("Cause:"), lang), sure))
    return " · ".join(told)
