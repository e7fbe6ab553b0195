"""How the workspace says no: one exception that carries Slack's own error code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class SlackError(Exception):
    """A request Slack would refuse: `code` goes into `error`, `fields` beside it in the answer.

    Codes are those of the method pages, https://docs.slack.dev/reference/methods.
    """

    def __init__(self, code: str, *, status: int = 200, **fields: Any) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.fields = fields

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        return {"ok": False, "error": self.code, **self.fields}


def explained(code: str, problems: Sequence[str], *, errors: bool = False) -> SlackError:
    """An error with the places that caused it, in the wording of `response_metadata.messages`.

    Args:
        code: Slack's error, such as `invalid_blocks`.
        problems: lines like `missing required field: text [json-pointer:/blocks/0]`.
        errors: also list them bare under `errors`, as chat.postMessage does.
    """
    fields: dict[str, Any] = {
        "response_metadata": {"messages": [f"[ERROR] {problem}" for problem in problems]}
    }
    if errors:
        fields["errors"] = list(problems)
    return SlackError(code, **fields)
