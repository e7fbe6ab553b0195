"""The troubleshooting guide: sections 1 to 8 and one entry per cause, in every language.

`en.md` and `ru.md` are the texts; `parse` says how they are cut. The surfaces ask here for the
part they show: Slack blocks for a modal, HTML for the bot's page.
"""

from __future__ import annotations

from bot.guide import mrkdwn
from bot.guide.find import Topic, find
from bot.guide.links import GuideLinks
from bot.guide.parse import Entry, GuideError, cause_anchor, load
from bot.guide.parse import section_anchor as anchor
from bot.guide.web import html
from bot.locales import translate
from bot.model import Section, say

__all__ = [
    "GuideError",
    "GuideLinks",
    "Topic",
    "anchor",
    "cause_anchor",
    "cause_title",
    "find",
    "html",
    "slack_blocks",
    "title",
]


def title(section: Section, lang: str) -> str:
    """The heading of a section as plain text, such as `1A. The server`."""
    return mrkdwn.plain(_section(section, lang).title)


def cause_title(code: str, lang: str) -> str | None:
    """The title of a cause's entry as plain text; None if the guide has none for that code."""
    entry = load(lang).find(cause_anchor(code))
    return mrkdwn.plain(entry.title) if entry else None


def slack_blocks(section: Section, lang: str, code: str | None = None) -> list[mrkdwn.Block]:
    """Blocks of a modal: the entry of a cause and then its section, or the section alone.

    Slack's limits are kept (3000 characters a section, 150 a header, 100 blocks a view). A code
    that the guide does not know shows the section.
    """
    entry = _section(section, lang)
    cause = load(lang).find(cause_anchor(code)) if code else None
    blocks: list[mrkdwn.Block] = []
    if cause:
        blocks += [*mrkdwn.entry_blocks(cause), {"type": "divider"}]
    blocks += mrkdwn.entry_blocks(entry)
    if not cause:
        blocks += mrkdwn.markdown_blocks(_causes_listed(section, lang))
    return mrkdwn.within_view(blocks, translate(say("The rest is in the guide."), lang))


def _section(section: Section, lang: str) -> Entry:
    entry = load(lang).find(anchor(section))
    if entry is None:  # the tests hold the guide against the vocabulary
        raise GuideError(f"the guide in {lang} has no section {section.value}")
    return entry


def _causes_listed(section: Section, lang: str) -> str:
    entries = load(lang).causes(anchor(section))
    if not entries:
        return ""
    intro = translate(say("Causes explained here:"), lang)
    lines = [f"**{intro}**", ""]
    lines += [f"- `{entry.code}` — {entry.title}" for entry in entries]
    return "\n".join(lines)
