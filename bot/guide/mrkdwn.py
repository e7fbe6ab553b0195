"""Guide entries as Slack blocks: Markdown to mrkdwn sections that keep Slack's limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it.tree import SyntaxTreeNode

from bot.guide.parse import Entry, markdown

Block = dict[str, Any]

SECTION_LIMIT = 3000  # characters of a section's text, after escaping
HEADER_LIMIT = 150
BLOCK_LIMIT = 100  # blocks of a view
_COMFORTABLE = 1200  # short paragraphs share a section up to here: fewer gaps to scroll over
_FENCE = "```"
_AROUND = {"inline": "{}", "strong": "*{}*", "em": "_{}_"}  # mrkdwn around a node's content


def escape(text: str) -> str:
    """Plain text for mrkdwn: nothing in it can ping, link or name a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def entry_blocks(entry: Entry) -> Iterator[Block]:
    """A header with the title, then the body."""
    yield header(entry.title)
    yield from markdown_blocks(entry.body)


def plain(source: str) -> str:
    """The text of some inline Markdown, without its formatting."""
    return _plain(SyntaxTreeNode(markdown().parseInline(source)))


def header(title: str) -> Block:
    """A header block; the title is Markdown, of which only the text is kept."""
    text = plain(title)
    if len(text) > HEADER_LIMIT:
        text = text[: HEADER_LIMIT - 1] + "…"
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def markdown_blocks(source: str) -> Iterator[Block]:
    """The blocks of some Markdown."""
    for text in _packed(_pieces(_tree(source))):
        yield {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def within_view(blocks: Iterable[Block], ending: str) -> list[Block]:
    """At most as many blocks as a view takes; `ending` (plain text) says that some were cut."""
    kept = list(blocks)
    if len(kept) <= BLOCK_LIMIT:
        return kept
    note = {"type": "context", "elements": [{"type": "mrkdwn", "text": escape(ending)}]}
    return [*kept[: BLOCK_LIMIT - 1], note]


# ---------------------------------------------------------------- Markdown to text


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that fits into one section; between two pieces of prose stands an empty line."""

    text: str
    prose: bool = False


def _tree(source: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(markdown().parse(source))


def _pieces(root: SyntaxTreeNode) -> Iterator[_Piece]:
    """The text of each part of a document, none longer than a section may be."""
    for node in root.children:
        if node.type in ("fence", "code_block"):
            yield from (_Piece(text) for text in _code_pieces(node.content))
        else:
            text = "\n".join(_lines(node))
            prose = node.type == "paragraph"
            yield from (_Piece(part, prose) for part in _split(text, SECTION_LIMIT))


def _lines(node: SyntaxTreeNode, indent: str = "") -> Iterator[str]:
    """The lines of one block node; lists are indented by what they stand in."""
    match node.type:
        case "paragraph":
            yield indent + _inline_of(node)
        case "heading":
            yield f"{indent}*{_plain(node)}*"
        case "bullet_list" | "ordered_list":
            first = int(node.attrs.get("start", 1))
            for position, item in enumerate(node.children, first):
                mark = "•" if node.type == "bullet_list" else f"{position}."
                yield from _item_lines(item, indent, mark)
        case "fence" | "code_block":
            yield from (_FENCE, *_code(node.content).splitlines(), _FENCE)
        case "blockquote":
            for child in node.children:
                for line in _lines(child):
                    yield from (f"> {part}" for part in line.splitlines() or [""])
        case "table":
            yield from _table_lines(node, indent)
        case "hr":
            return
        case other:
            raise ValueError(f"the guide uses Markdown that Slack rendering lacks: {other}")


def _item_lines(item: SyntaxTreeNode, indent: str, mark: str) -> Iterator[str]:
    for position, child in enumerate(item.children):
        if position == 0 and child.type == "paragraph":
            yield f"{indent}{mark} {_inline_of(child)}"
        else:
            yield from _lines(child, f"{indent}    ")


def _table_lines(node: SyntaxTreeNode, indent: str) -> Iterator[str]:
    """A table has no place in mrkdwn: a row becomes a line, its first cell bold."""
    for part in node.children:
        if part.type != "tbody":
            continue
        for row in part.children:
            name, *cells = [_inline_of(cell) for cell in row.children]
            bold = name if name.startswith("`") else f"*{name}*"
            yield f"{indent}• {bold}: " + "; ".join(cell for cell in cells if cell)


def _inline_of(node: SyntaxTreeNode) -> str:
    return "".join(_inline(child) for child in node.children)


def _inline(node: SyntaxTreeNode) -> str:
    if node.type in _AROUND:
        return _AROUND[node.type].format(_inline_of(node))
    match node.type:
        case "text":
            return escape(node.content)
        case "code_inline":
            return f"`{escape(node.content.replace('`', chr(0x2CB)))}`"
        case "softbreak" | "hardbreak":
            return " " if node.type == "softbreak" else "\n"
        case "link":
            return _link(str(node.attrs.get("href", "")), _inline_of(node))
        case other:
            raise ValueError(f"the guide uses Markdown that Slack rendering lacks: {other}")


def _link(href: str, text: str) -> str:
    if not href.startswith(("https://", "http://")):
        return text  # jumps inside the guide lead nowhere in a modal
    return f"<{escape(href).replace('|', '%7C')}|{text}>"


def _plain(node: SyntaxTreeNode) -> str:
    if node.type in ("text", "code_inline"):
        return node.content
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return "".join(_plain(child) for child in node.children)


# ---------------------------------------------------------------- fitting


def _code(content: str) -> str:
    return escape(content.rstrip("\n").replace(_FENCE, "'''"))


def _code_pieces(content: str) -> Iterator[str]:
    room = SECTION_LIMIT - 2 * (len(_FENCE) + 1)
    for part in _split(_code(content), room):
        yield f"{_FENCE}\n{part}\n{_FENCE}"


def _packed(pieces: Iterable[_Piece]) -> Iterator[str]:
    """Join neighbours while they stay comfortable to read as one block."""
    held = _Piece("")
    for piece in pieces:
        gap = "\n\n" if held.prose and piece.prose else "\n"
        if held.text and len(held.text) + len(gap) + len(piece.text) > _COMFORTABLE:
            yield held.text
            held = piece
        elif held.text:
            held = _Piece(f"{held.text}{gap}{piece.text}", piece.prose)
        else:
            held = piece
    if held.text:
        yield held.text


def _split(text: str, limit: int) -> Iterator[str]:
    """Cut escaped text at line ends, else at spaces, else anywhere but inside an entity."""
    while len(text) > limit:
        head = text[:limit]
        cut = head.rfind("\n")
        if cut <= 0:
            cut = head.rfind(" ")
        if cut <= 0:
            cut = limit - len(match[0]) if (match := re.search(r"&[a-z]{0,3}$", head)) else limit
        yield text[:cut]
        text = text[cut:].lstrip("\n ")
    if text:
        yield text
