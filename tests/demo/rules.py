"""The rules of Slack that the local workspace enforces, as its tests name them.

`python -m tests.demo.rules` writes docs/slack-rules.md: a row per test that breaks (or, at the
limit, keeps) a rule with the raw SDK or plain HTTP, with the page that states it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "slack-rules.md"

# What each module is about; the page in the browser is ours and follows no rule of Slack.
MODULES = {
    "test_workspace_api": "Tokens, scopes, membership",
    "test_rules_tiers": "Rate limits and scopes, method by method",
    "test_workspace_limits": "Rate limits over time",
    "test_workspace_messages": "Messages",
    "test_workspace_blockkit": "Blocks",
    "test_rules_older": "Blocks that a workspace does not know yet",
    "test_rules_files": "Files and pictures",
    "test_workspace_answers": "response_url, and trouble",
    "test_workspace_views": "Modals and the Home tab",
    "test_rules_views": "What menus and the Home tab add",
    "test_workspace_sockets": "Socket Mode, events, commands, shortcuts",
    "test_workspace_http": "Signed HTTP",
    "test_rules_steps": "Custom steps of workflows",
    "test_workspace_bolt": "All of it with Bolt",
}

_PAGE = re.compile(r"https://[^\s)\"]+[^\s)\".,:]")
_HEAD = """# Slack's rules, and the test that breaks each

`bot/demo/workspace` is a Slack for the demo and the tests. So that it does not mirror a misreading
of our own, each of its rules has a test that breaks the rule with Slack's own SDK or with plain
HTTP, names the page that states it, and shares no code with the bot (`bot/slack`). This table is
made from those tests by `python -m tests.demo.rules`.
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """A test: what it holds in words, the pages it cites, and where it is."""

    words: str
    pages: tuple[str, ...]
    module: str
    test: str


def rules() -> Iterator[Rule]:
    """Every test of `MODULES`, in order; those of a table once for each row with words."""
    for module in MODULES:
        path = HERE / f"{module}.py"
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if not node.name.startswith("test_"):
                    continue
                words = node.name.removeprefix("test_").replace("_", " ")
                pages = tuple(_PAGE.findall(ast.get_docstring(node) or ""))
                if node.name == "test_slack_refuses_blocks_that_break_the_rule_that":
                    yield from _rows(tree, module, node.name)
                else:
                    yield Rule(words, pages, module, node.name)


def _rows(tree: ast.Module, module: str, test: str) -> Iterator[Rule]:
    """The rows of BROKEN: (words, page below the reference of Block Kit, …)."""
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and _named(node) == "BROKEN":
            assert isinstance(node.value, ast.List)
            for row in node.value.elts:
                assert isinstance(row, ast.Tuple)
                words, page = (ast.literal_eval(part) for part in row.elts[:2])
                reference = f"https://docs.slack.dev/reference/block-kit/{page}"
                yield Rule(words, (reference,), module, test)


def _named(node: ast.Assign | ast.AnnAssign) -> str:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else ""


def table() -> str:
    """docs/slack-rules.md as it should be."""
    found = list(rules())
    parts = [_HEAD]
    for module, about in MODULES.items():
        parts += [
            f"## {about}\n",
            f"`tests/demo/{module}.py`\n",
            "| rule | stated in |",
            "|---|---|",
        ]
        for rule in found:
            if rule.module == module and rule.pages:
                links = ", ".join(f"[{_short(page)}]({page})" for page in rule.pages)
                parts.append(f"| {rule.words.replace('|', chr(92) + '|')} | {links} |")
        parts.append("")
    return "\n".join(parts)


def _short(page: str) -> str:
    for host in ("https://docs.slack.dev/", "https://github.com/"):
        page = page.removeprefix(host)
    return page.rstrip("/").removeprefix("reference/")


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
