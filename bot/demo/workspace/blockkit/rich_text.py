"""The rich_text block and its parts.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.demo.workspace.blockkit.rules import (
    Rule,
    anything,
    array,
    boolean,
    choice,
    integer,
    shape,
    string,
    typed,
    url,
)

KIND = string()
_STYLES = (
    "bold",
    "italic",
    "strike",
    "code",
    "underline",
    "highlight",
    "client_highlight",
    "unlink",
)
_STYLE = shape({}, dict.fromkeys(_STYLES, boolean))
_STYLED = {"style": _STYLE}
_PARTS: Mapping[str, Rule] = {
    "text": shape({"type": KIND, "text": string()}, _STYLED),
    "link": shape(
        {"type": KIND, "url": url()}, {**_STYLED, "text": string(shortest=0), "unsafe": boolean}
    ),
    "emoji": shape(
        {"type": KIND, "name": string()},
        {"unicode": string(), "skin_tone": integer(1, 6), "url": url(), **_STYLED},
    ),
    "user": shape({"type": KIND, "user_id": string()}, _STYLED),
    "usergroup": shape({"type": KIND, "usergroup_id": string()}, _STYLED),
    "channel": shape({"type": KIND, "channel_id": string()}, _STYLED),
    "team": shape({"type": KIND, "team_id": string()}, _STYLED),
    "broadcast": shape({"type": KIND, "range": choice("here", "channel", "everyone")}, _STYLED),
    "date": shape(
        {"type": KIND, "timestamp": integer(0), "format": string()},
        {"url": url(), "fallback": string(), **_STYLED},
    ),
    "color": shape({"type": KIND, "value": string()}, _STYLED),
}
_INLINE = array(typed(lambda: _PARTS))
_SECTION = shape({"type": KIND, "elements": _INLINE})
_GROUPS: Mapping[str, Rule] = {
    "rich_text_section": _SECTION,
    "rich_text_preformatted": shape(
        {"type": KIND, "elements": array(typed(lambda: _PARTS, ("text", "link")))},
        {"border": integer(0, 1), "language": string()},
    ),
    "rich_text_quote": shape({"type": KIND, "elements": _INLINE}, {"border": integer(0, 1)}),
    "rich_text_list": shape(
        {
            "type": KIND,
            "style": choice("bullet", "ordered"),
            "elements": array(typed(lambda: {"rich_text_section": _SECTION})),
        },
        {"indent": integer(0, 8), "offset": integer(0), "border": integer(0, 1)},
    ),
}
ELEMENTS = array(typed(lambda: _GROUPS))

RICH_TEXT: Rule = shape(
    {"type": KIND, "elements": ELEMENTS}, {"block_id": string(255), "verbatim": anything}
)
