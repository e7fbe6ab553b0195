"""The answer to `/wsdiag`: what a tired person reads first on a phone, then the evidence."""

from __future__ import annotations

from bot.locales import duration, translate
from bot.model import Report, State, say
from bot.slack.blocks.buttons import report_buttons
from bot.slack.blocks.common import (
    FACES,
    Reader,
    advice_blocks,
    cause_lines,
    evidence_blocks,
    impact,
    labelled,
    other_blocks,
    row,
    why_blocks,
)
from bot.slack.blocks.kit import HEADER_TEXT, Block, Post, context, header, post, section
from bot.slack.mrkdwn import escape, plain, sentence, when
from bot.wording import headline


def summary(report: Report, report_id: str | None, reader: Reader) -> Post:
    """Verdict, impact, cause, fix; then evidence by layer, reasons, alternatives and advice.

    `report_id` is what the buttons carry; None where the report could not be kept: no buttons.
    """
    lang, verdict = reader.lang, report.verdict
    verdict_words = headline(report.target_name, verdict.state)
    lines = [
        labelled(translate(say("Users:"), lang), impact(report, lang)),
        *cause_lines(verdict, lang),
    ]
    essential = [
        header(f"{FACES[verdict.state]} {plain(verdict_words, lang, limit=HEADER_TEXT - 4)}"),
        section("\n".join(lines)),
    ]
    optional = [
        *why_blocks(verdict, lang),
        *evidence_blocks(report, lang),
        *other_blocks(verdict, lang),
        *advice_blocks(verdict, lang),
        context(_provenance(report, lang)),
    ]
    buttons: tuple[Block, ...] = ()
    if report_id is not None:
        buttons = report_buttons(verdict.cause, report_id, lang)
    return post(_in_a_sentence(report, lang), essential, optional, buttons)


def _in_a_sentence(report: Report, lang: str) -> str:
    verdict, target = report.verdict, report.target_name
    if verdict.cause is None:
        return f"{sentence(headline(target, verdict.state), lang)}."
    title = translate(row(verdict.cause).title, lang)
    if verdict.state is State.DOWN:
        message = say("{target} is down: {title}.", target=target, title=title)
    elif verdict.state is State.DEGRADED:
        message = say("{target} is degraded: {title}.", target=target, title=title)
    else:
        message = say("{target}: {title}.", target=target, title=title)
    return sentence(message, lang)


def _provenance(report: Report, lang: str) -> str:
    took = duration(report.duration_ms / 1000, lang)
    at = when(report.started_at, lang)
    where = sentence(
        say("checked from {vantage} in {took}", vantage=report.vantage, took=took), lang
    )
    return f"{escape(report.target_url, 300)} · {where} · {at}"
