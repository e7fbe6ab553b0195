"""What blocks point at: files that must be there, and kinds that this workspace does not take.

The shape of blocks is `blockkit`'s affair; this needs to know the workspace.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.demo.workspace.records import File, Json
from bot.demo.workspace.state import State

# https://docs.slack.dev/reference/block-kit/composition-objects/slack-file-object
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif"})


def reference_problems(state: State, blocks: list[Any], at: str) -> list[str]:
    """What Slack would refuse although the blocks are well-formed, each with its JSON pointer."""
    problems: list[str] = []
    for pointer, value in _objects(blocks, at):
        if value.get("type") in state.refused_blocks:
            problems.append(f"unsupported type: {value['type']} [json-pointer:{pointer}/type]")
        if "slack_file" in value and file_of(state, value["slack_file"]) is None:
            problems.append(f"invalid slack file [json-pointer:{pointer}/slack_file]")
    return problems


def file_of(state: State, slack_file: Any) -> File | None:
    """The picture that a slack_file names by id or by url, if an app may show it."""
    if not isinstance(slack_file, dict) or ("id" in slack_file) == ("url" in slack_file):
        return None
    found = state.files.get(str(slack_file.get("id")))
    if "url" in slack_file:
        found = next(
            (f for f in state.files.values() if slack_file["url"] == state.file_url(f)), None
        )
    if found is None or found.content is None or not found.completed:
        return None
    return found if found.content_type in _PICTURES else None


def _objects(value: Any, at: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _objects(entry, f"{at}/{index}")
    elif isinstance(value, dict):
        yield at, value
        for key, entry in value.items():
            yield from _objects(entry, f"{at}/{key}")
