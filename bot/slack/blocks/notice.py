"""What the bot says of itself: a line or two, without buttons."""

from __future__ import annotations

from bot.locales import duration
from bot.model import Message, Notice, NoticeKind, say
from bot.slack.blocks.kit import Block, Post, context, post, section
from bot.slack.blocks.mrkdwn import escape, sentence, when

_DETAIL = 1_500


def notice(told: Notice, lang: str) -> Post:
    """A notice as a message."""
    lasted = duration(max(0.0, (told.at - (told.since or told.at)).total_seconds()), lang)
    mark, words = _words(told.kind, lasted)
    text = sentence(words, lang)
    blocks: list[Block] = [section(f"{mark} {text}")]
    if told.since is not None:
        span = when(told.since, lang)
        if told.kind is not NoticeKind.OUR_NETWORK:
            span += f" – {when(told.at, lang)}"
        blocks.append(context(span))
    if told.detail:
        blocks.append(context(escape(told.detail, _DETAIL)))
    return post(text, blocks)


def _words(kind: NoticeKind, lasted: str) -> tuple[str, Message]:
    match kind:
        case NoticeKind.BLIND:
            return "🙈", say(
                "I was not running for {lasted} and saw nothing of any target meanwhile.",
                lasted=lasted,
            )
        case NoticeKind.UNRECORDED:
            return "⚠️", say(
                "My database did not work for {lasted}. What lasts from that time I tell only now; "
                "what came and went within it may be missing.",
                lasted=lasted,
            )
        case NoticeKind.OUR_NETWORK:
            return "⚪", say(
                "My own network is broken: the controls fail as well. Until that is over I can "
                "say nothing of the targets, and blame none of them."
            )
        case NoticeKind.OUR_NETWORK_BACK:
            return "⚪", say(
                "My own network was broken for {lasted} and works again. What happened to the "
                "targets meanwhile, I could not see.",
                lasted=lasted,
            )
        case NoticeKind.SETTINGS_REFUSED:
            return "⚠️", say("The changed settings cannot be used, so I go on with the ones before.")
        case NoticeKind.SETTINGS_USED:
            return "✅", say("The settings are in order again, and in use.")
