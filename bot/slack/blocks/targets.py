"""What is configured: for `/wsdiag targets`. How it is at present is for `status`."""

from __future__ import annotations

from collections.abc import Sequence

from bot.locales import duration, translate
from bot.model import Message, Target, say, say_n
from bot.slack.blocks.kit import Post, paragraphs, post, section
from bot.slack.blocks.mrkdwn import escape, sentence
from bot.urls import without_secrets


def targets(configured: Sequence[Target], lang: str) -> Post:
    """Two lines each: name and address; then how it is watched, and where its alerts go."""
    if not configured:
        text = translate(say("No target is configured yet. The README says how to add one."), lang)
        return post(text, [section(text)])
    words = say_n("{n} target is watched.", "{n} targets are watched.", len(configured))
    lines = [_lines(target, lang) for target in configured]
    return post(
        sentence(words, lang), (), paragraphs((line for two in lines for line in two), section)
    )


def _lines(target: Target, lang: str) -> tuple[str, str]:
    address = escape(without_secrets(target.url), 300)
    head = f"*{escape(target.name, 150)}* · {address}"
    facts = [sentence(fact, lang) for fact in _facts(target, lang)]
    if target.channel is not None:
        facts.append(_channel(target.channel))
    return head, f"        {' · '.join(facts)}"


def _facts(target: Target, lang: str) -> list[Message]:
    every = duration(target.watch.interval_s, lang)
    if target.watch.mode == "held":
        facts = [say("connection held, full check every {every}", every=every)]
    else:
        facts = [say("checked every {every}", every=every)]
    facts.append(say("transports: {names}", names=" → ".join(target.client.transports)))
    if target.namespace != "/":
        facts.append(say("namespace {name}", name=target.namespace))
    if target.origin is not None:
        facts.append(say("Origin {origin}", origin=target.origin))
    if target.fallback_urls:
        n = len(target.fallback_urls)
        facts.append(say_n("{n} fallback URL", "{n} fallback URLs", n))
    return facts


def _channel(channel: str) -> str:
    """A link where the id is known, which Slack shows by name."""
    bare = channel.lstrip("#")
    return f"<#{bare}>" if bare[:1] in "CG" and bare.isupper() else f"#{escape(bare)}"
