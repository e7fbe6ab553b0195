"""The arguments of a Web API call, from a form, a query or a JSON body.

https://docs.slack.dev/apis/web-api/ ("Basic usage")
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.errors import SlackError, explained

_TRUE = {"1", "true", "True"}
_FALSE = {"0", "false", "False", ""}
LARGEST_BODY = 4 * 1024 * 1024


class Arguments:
    """Values by name, with Slack's tolerance: forms carry JSON in strings, booleans as 0 and 1."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str | None:
        """A string, or None when it is absent or empty."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise explained("invalid_arguments", [f"must provide a string [json-pointer:/{name}]"])
        return str(value)

    def required(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if value is None:
            raise explained("invalid_arguments", [f"missing required field: {name}"])
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean in any of the spellings Slack takes."""
        value = self.values.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if str(value) in _TRUE:
            return True
        if str(value) in _FALSE:
            return False
        raise explained("invalid_arguments", [f"must provide a boolean [json-pointer:/{name}]"])

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """An integer within bounds."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(str(value))
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise explained(
                "invalid_arguments",
                [f"must be an integer from {low} to {high} [json-pointer:/{name}]"],
            )
        return number

    def json(self, name: str, malformed: str = "invalid_arguments") -> Any:
        """A JSON value, parsed if it came as a string; None when absent.

        Raises:
            SlackError: `malformed` when the string is no JSON.
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(malformed) from None


async def read_arguments(request: web.Request, *, json_allowed: bool = True) -> Arguments:
    """Read a request's arguments; a JSON body of a form-only method is ignored, as in Slack.

    Raises:
        SlackError: invalid_json, json_not_object, invalid_form_data, invalid_post_type.
    """
    values: dict[str, Any] = dict(request.query)
    if request.method == "GET":
        return Arguments(values)
    kind = request.content_type
    if kind == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        if json_allowed:
            values.update(body)
    elif kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        try:
            form = await request.post()
        except ValueError:
            raise SlackError("invalid_form_data") from None
        values.update({name: v for name, v in form.items() if isinstance(v, str)})
    elif request.can_read_body:
        raise SlackError("invalid_post_type")
    return Arguments(values)


def bearer(request: web.Request, arguments: Arguments) -> str | None:
    """The token of a call: the Authorization header, else a form field, never the query."""
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if "token" in request.query:
        return None  # not accepted of apps made after February 2021
    return arguments.text("token")
