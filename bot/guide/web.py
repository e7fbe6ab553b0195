"""The guide as an HTML fragment: contents, then every entry under its anchor."""

from __future__ import annotations

import functools
from html import escape

from bot.guide.parse import Entry, Guide, load, markdown
from bot.locales import language, translate
from bot.model import say, say_n


def html(lang: str) -> str:
    """The whole guide, for the body of a page. Every anchor of the guide is an id in it."""
    return _html(language(lang))


@functools.cache
def _html(lang: str) -> str:
    guide = load(lang)
    render = markdown()
    parts = [
        f"<h1>{render.renderInline(guide.heading)}</h1>\n",
        render.render(guide.preamble),
        contents(guide),
    ]
    for entry in guide.entries:
        kind = "guide-section" if entry.code is None else "guide-cause"
        parts.append(
            f'<section class="{kind}" id="{escape(entry.anchor)}">\n'
            f"<h{entry.level}>{_jump(entry)}</h{entry.level}>\n"
            f"{render.render(entry.body)}</section>\n"
        )
    return "".join(parts)


def contents(guide: Guide) -> str:
    """Links to all sections, the causes of each folded away under it."""
    lines = []
    for entry in guide.entries:
        if entry.code is not None:
            continue
        lines.append(f'<li class="level-{entry.level}">{_link(entry)}')
        causes = guide.causes(entry.anchor)
        if causes:
            count = translate(say_n("{n} cause", "{n} causes", n=len(causes)), guide.lang)
            items = "".join(f"<li>{_link(cause)}</li>\n" for cause in causes)
            lines.append(f"<details><summary>{escape(count)}</summary>\n<ul>{items}</ul></details>")
        lines.append("</li>\n")
    label = escape(translate(say("Contents"), guide.lang))
    return f'<nav class="guide-contents" aria-label="{label}">\n<ul>{"".join(lines)}</ul></nav>\n'


def _link(entry: Entry) -> str:
    title = markdown().renderInline(entry.title)
    return f'<a href="#{escape(entry.anchor)}">{title}</a>'


def _jump(entry: Entry) -> str:
    heading = markdown().renderInline(entry.heading)
    return f'{heading} <a class="anchor" href="#{escape(entry.anchor)}" aria-hidden="true">#</a>'
