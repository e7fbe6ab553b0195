"""A report shown where it was not asked for: who shares it, and why, above the report itself."""

from __future__ import annotations

from bot.model import Report, say
from bot.slack.blocks.acts import quoted
from bot.slack.blocks.common import Reader
from bot.slack.blocks.kit import Block, Post, context, section
from bot.slack.blocks.mrkdwn import marked, person
from bot.slack.blocks.summary import summary


def shared_report(
    report: Report, report_id: str | None, user: str, words: str, reader: Reader
) -> Post:
    """The summary, with whoever shared it and what they say about it first."""
    who = marked(say("Shared by {person}."), reader.lang, person=person(user))
    head: list[Block] = [context(f"↗️ {who}")]
    if words.strip():
        head.append(section(quoted(words)))
    return summary(report, report_id, reader, head=head)
