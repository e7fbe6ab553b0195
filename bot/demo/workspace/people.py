"""What people do in the workspace: the hands of tests, of the demo and of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.workspace import payloads
from bot.demo.workspace.answers import respond, slackbot_says, view_response
from bot.demo.workspace.content import command_text, slack_text
from bot.demo.workspace.core import Core
from bot.demo.workspace.deliveries import Deliveries
from bot.demo.workspace.errors import SlackError, explained
from bot.demo.workspace.inputs import action_json, chosen, find_element, interactive, is_empty
from bot.demo.workspace.methods.functions import parameter_problems
from bot.demo.workspace.methods.views import initial_state
from bot.demo.workspace.records import Channel, Json, Message, StepRun, User, View
from bot.demo.workspace.render import message_json, view_json
from bot.demo.workspace.sockets import Ack
from bot.demo.workspace.state import new_id

_SHOWN_ERRORS = {
    "timeout": "operation_timeout",
    "http_timeout": "operation_timeout",
    "http_error": "dispatch_failed",
    "connection_failed": "dispatch_failed",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of something a person did.

    `error` is None when the app acknowledged in time; else `dispatch_failed`,
    `operation_timeout`, `invalid_command`, `incomplete` (a required field is empty), `errors` (the
    app refused the submission) or Slack's code for a wrong answer. `payload` is what was sent to
    the app, with `trigger_id` and `response_url`; `ack` is the payload of its acknowledgement.
    """

    error: str | None = None
    payload: Json | None = None
    ack: Any = None


class People:
    """Acts for users; every method takes a User, and a Channel, Message or View to act on."""

    def __init__(self, core: Core, deliveries: Deliveries) -> None:
        self._core = core
        self._deliveries = deliveries

    # ---------------------------------------------------------------- saying things

    async def say(
        self, user: User, channel: Channel, text: str, *, thread_ts: str | None = None
    ) -> Message:
        """Post as a person; mentions and messages reach the app as events, if subscribed."""
        if channel.is_archived:
            raise SlackError("is_archived")
        if user.id not in channel.members:
            raise SlackError("not_in_channel")
        state = self._core.state
        if channel.is_im and (state.app.messages_tab_read_only or not state.app.messages_tab):
            raise SlackError("messages_tab_disabled")
        parent = state.message(channel.id, thread_ts) if thread_ts else None
        message = state.post(
            Message(
                channel.id,
                state.new_ts(),
                user.id,
                slack_text(text),
                thread_ts=parent.ts if parent else None,
            )
        )
        self._tell_app(user, channel, message)
        return message

    def _tell_app(self, user: User, channel: Channel, message: Message) -> None:
        state = self._core.state
        if state.bot.id not in channel.members:
            return  # no events from where the app is not
        base: Json = {
            **message_json(state, message),
            "channel": channel.id,
            "event_ts": message.ts,
            "user_team": user.team_id,
        }
        if f"<@{state.bot.id}" in message.text and not channel.is_im:
            self._event("app_mention", {**base, "type": "app_mention"}, "app_mentions:read")
        if channel.is_im:
            kind, scope, channel_type = "message.im", "im:history", "im"
        elif channel.is_private:
            kind, scope, channel_type = "message.groups", "groups:history", "group"
        else:
            kind, scope, channel_type = "message.channels", "channels:history", "channel"
        self._event(kind, {**base, "type": "message", "channel_type": channel_type}, scope)

    def _event(self, subscription: str, inner: Json, scope: str | None) -> None:
        state = self._core.state
        subscribed = subscription in state.app.bot_events
        if subscribed and (scope is None or scope in state.scopes):
            self._deliveries.post_event(payloads.event(self._core, inner))

    async def command(self, user: User, channel: Channel, command: str, text: str = "") -> Outcome:
        """Type a slash command. Its failure is told by Slackbot, as in Slack."""
        app = self._core.state.app
        known = next((c for c in app.commands if c.command == command), None)
        if known is None or "commands" not in self._core.state.scopes:
            slackbot_says(
                self._core,
                channel.id,
                user.id,
                f"`{slack_text(command)}` is not a valid command. In Slack, all messages that start"
                ' with the "/" character are interpreted as commands.',
            )
            return Outcome("invalid_command")
        payload = payloads.slash_command(
            self._core,
            user,
            channel,
            command,
            command_text(self._core.state, slack_text(text), escape=known.should_escape),
        )
        ack = await self._deliveries.send("slash_commands", payload)
        error = _SHOWN_ERRORS.get(ack.error or "")
        if error is None and ack.payload:
            error = self._answer_in_ack(payload, ack.payload)
        if error is not None:
            slackbot_says(
                self._core, channel.id, user.id, f'{command} failed with the error "{error}"'
            )
        return Outcome(error, payload, ack.payload)

    def _answer_in_ack(self, payload: Json, answer: Any) -> str | None:
        """A command's ack may be its answer; that does not use the response URL up."""
        url = self._core.response_urls.issue(payload["channel_id"], payload["user_id"])
        try:
            respond(self._core, url, answer if isinstance(answer, dict) else {"text": str(answer)})
        except SlackError as error:
            return "dispatch_failed" if error.code == "no_text" else error.code
        return None

    # ---------------------------------------------------------------- pressing things

    async def act(
        self,
        user: User,
        on: Message | View,
        action: str,
        value: Any = None,
        *,
        block_id: str | None = None,
    ) -> Outcome:
        """Press a button, pick an option: by action_id, or by the text it shows.

        Raises:
            LookupError: there is no such element or option.
        """
        if not self._core.state.app.interactivity:
            return Outcome("dispatch_failed")
        blocks = on.blocks if isinstance(on, Message) else on.payload["blocks"]
        block, element = find_element(blocks, action, block_id)
        entry = action_json(block, element, value, self._core.state.new_ts())
        if isinstance(on, View):
            self._keep(on, block, element, value)
            payload = payloads.view_actions(self._core, user, on, entry)
        else:
            values = initial_state(on.blocks)
            if block["block_id"] in values and element["action_id"] in values[block["block_id"]]:
                values[block["block_id"]][element["action_id"]] |= chosen(element, value)
            payload = payloads.message_actions(self._core, user, on, entry, values)
        ack = await self._deliveries.send("interactive", payload, accepts_response=False)
        return self._outcome(user, payload, ack)

    def _keep(self, view: View, block: Json, element: Json, value: Any) -> None:
        values = view.state.get(block["block_id"], {})
        if element["action_id"] in values:
            values[element["action_id"]] = {"type": element["type"], **chosen(element, value)}

    def _outcome(self, user: User, payload: Json, ack: Ack) -> Outcome:
        error = _SHOWN_ERRORS.get(ack.error or "")
        if error is not None:
            self._core.changes.publish("notice", user=user.id, error=error)
        return Outcome(error, payload, ack.payload)

    async def submit(self, user: User, view: View, values: Mapping[str, Any]) -> Outcome:
        """Fill in and submit a modal; `values` by block_id or action_id.

        Raises:
            LookupError: a value for a field that is not there.
        """
        fields = {
            name: (block, element)
            for block, element in interactive(view.payload["blocks"])
            for name in (block["block_id"], element["action_id"])
        }
        for name, value in values.items():
            if name not in fields:
                raise LookupError(f"no field {name!r}; there are: {sorted(fields)}")
            block, element = fields[name]
            self._keep(view, block, element, value)
        view.errors = {
            block["block_id"]: "Please complete this required field."
            for block, element in interactive(view.payload["blocks"])
            if block["type"] == "input"
            and not block.get("optional")
            and is_empty(view.state.get(block["block_id"], {}).get(element["action_id"]))
        }
        if view.errors:
            self._core.state.view_changed(view)
            return Outcome("incomplete")
        payload = payloads.view_submission(self._core, user, view)
        ack = await self._deliveries.send("interactive", payload)
        outcome = self._outcome(user, payload, ack)
        if outcome.error is not None:
            return outcome
        wrong = view_response(self._core, view, ack.payload)
        if wrong is not None:
            self._core.changes.publish("notice", user=user.id, error=wrong)
        return Outcome(wrong or ("errors" if view.errors else None), payload, ack.payload)

    async def close_modal(self, user: User, *, all_of_them: bool = False) -> Outcome:
        """Dismiss the topmost modal (or the whole stack); the app hears of it if it asked to."""
        stack = self._core.state.open_modals(user.id)
        if not stack:
            return Outcome()
        all_of_them = all_of_them or bool(stack[-1].payload.get("clear_on_close"))
        keep = 0 if all_of_them else len(stack) - 1
        outcome = Outcome()
        for view in self._core.state.close_modals(user.id, keep=keep):
            if view.payload.get("notify_on_close"):
                payload = payloads.view_closed(
                    self._core, user, view, is_cleared=all_of_them and len(stack) > 1
                )
                ack = await self._deliveries.send("interactive", payload, accepts_response=False)
                outcome = self._outcome(user, payload, ack)
        return outcome

    async def open_home(self, user: User) -> None:
        """Open the App Home; the app is told by `app_home_opened`."""
        state = self._core.state
        channel = state.direct_channel(user)
        inner: Json = {
            "type": "app_home_opened",
            "user": user.id,
            "channel": channel.id,
            "tab": "home",
            "event_ts": state.new_ts(),
        }
        if (view := state.homes.get(user.id)) is not None:
            inner["view"] = view_json(state, view)
        self._event("app_home_opened", inner, None)

    async def run_step(self, user: User, callback_id: str, inputs: Json) -> StepRun:
        """Run a workflow whose step the app's manifest declares, with these inputs.

        Raises:
            LookupError: the manifest has no such step.
            SlackError: parameter_validation_failed; the app does not take `function_executed`.
        """
        state = self._core.state
        step = next((s for s in state.app.steps if s.callback_id == callback_id), None)
        if step is None:
            raise LookupError(f"no step {callback_id!r}")
        if problems := parameter_problems(step.inputs, inputs, "/inputs"):
            raise explained("parameter_validation_failed", problems)
        token = self._core.tokens.issue_just_in_time()
        run = StepRun(new_id("Fx"), step, user.id, inputs, token)
        state.runs[run.id] = run
        self._event("function_executed", payloads.function_executed(self._core, run), None)
        return run

    async def shortcut(self, user: User, callback_id: str, on: Message | None = None) -> Outcome:
        """Use a shortcut of the manifest: a global one, or one on a message.

        Raises:
            LookupError: the manifest has no such shortcut.
        """
        kind = "global" if on is None else "message"
        shortcuts = self._core.state.app.shortcuts
        if not any(s.callback_id == callback_id and s.kind == kind for s in shortcuts):
            raise LookupError(f"no {kind} shortcut {callback_id!r}")
        if on is None:
            payload = payloads.shortcut(self._core, user, callback_id)
        else:
            payload = payloads.message_shortcut(self._core, user, callback_id, on)
        ack = await self._deliveries.send("interactive", payload, accepts_response=False)
        return self._outcome(user, payload, ack)
