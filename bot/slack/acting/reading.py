"""*Guide* and `/wsdiag guide`: the section that explains, in the reader's language."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot import guide
from bot.guide import Topic
from bot.model import Section, say
from bot.slack import forms
from bot.slack.blocks.guide import guide_modal, guide_text, guide_topics
from bot.slack.blocks.progress import notice
from bot.slack.clicks import admitted_report
from bot.slack.desk import COMMAND, Desk
from bot.slack.way.client import REACHING
from bot.slack.way.posting import Place

_REFUSED = say("Slack did not open the guide. Click once more.")


async def open_guide(
    desk: Desk, web: AsyncWebClient, report_id: str, trigger_id: str, place: Place
) -> None:
    """Show the guide's section for the report's cause in a modal (within 3 s of the click)."""
    report = await admitted_report(desk, report_id, place)
    if report is None:
        return
    cause = report.verdict.cause
    topic = Topic(cause.section, cause.code) if cause else Topic(Section.DIAGNOSTICS)
    view = guide_modal(topic, desk.reader(place))
    await forms.show(desk, web, view, trigger_id, place, refused=_REFUSED)


async def answer_guide(
    desk: Desk, web: AsyncWebClient, words: str, trigger_id: str | None, place: Place
) -> None:
    """Show what `words` mean: a modal where there is a trigger, else a message to the asker."""
    reader = desk.reader(place)
    topics = guide.find(words) if words.strip() else tuple(map(Topic, Section))
    if not topics:
        nothing = say("The guide has nothing on “{words}”.", words=words)
        hint = say("{command} shows what it has.", command=f"{COMMAND} guide")
        await desk.poster.whisper(place, notice(nothing, reader.lang, hint=hint))
        return
    if len(topics) > 1:
        await desk.poster.whisper(place, guide_topics(topics, COMMAND, reader))
        return
    if trigger_id is not None:
        try:
            await web.views_open(trigger_id=trigger_id, view=guide_modal(topics[0], reader))
        except REACHING:
            pass  # too late for a modal: a message says it as well
        else:
            return
    await desk.poster.whisper(place, guide_text(topics[0], reader))
