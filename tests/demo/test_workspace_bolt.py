"""Real Bolt against the workspace: the pair that the bot is built on."""

from __future__ import annotations

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import AppConfig, Channel, SystemClock, User, Workspace

BUTTON = {
    "type": "actions",
    "elements": [
        {
            "type": "button",
            "action_id": "watch",
            "text": {"type": "plain_text", "text": "Watch"},
        }
    ],
}
MODAL = {
    "type": "modal",
    "callback_id": "watching",
    "title": {"type": "plain_text", "text": "Watch"},
    "submit": {"type": "plain_text", "text": "Go"},
    "blocks": [
        {
            "type": "input",
            "block_id": "url",
            "label": {"type": "plain_text", "text": "URL"},
            "element": {"type": "plain_text_input", "action_id": "typed"},
        }
    ],
}


async def test_bolt_answers_a_command_a_click_a_submission_and_a_mention() -> None:
    """https://docs.slack.dev/tools/bolt-python/"""
    async with Workspace(
        rate_limits=False, clock=SystemClock(), app=AppConfig(bot_events=("app_mention",))
    ) as workspace:
        mira: User = workspace.add_user("mira")
        ops: Channel = workspace.add_channel("ops", members=[mira])
        app = AsyncApp(client=AsyncWebClient(workspace.bot_token, base_url=workspace.api_url))

        @app.command("/wsdiag")
        async def check(ack: AsyncAck, respond: AsyncRespond, command: dict[str, str]) -> None:
            await ack()
            await respond(
                text=f"checking {command['text']}", blocks=[BUTTON], response_type="in_channel"
            )

        @app.action("watch")
        async def watch(ack: AsyncAck, body: dict[str, str], client: AsyncWebClient) -> None:
            await ack()
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

        @app.view("watching")
        async def watching(ack: AsyncAck, client: AsyncWebClient) -> None:
            await ack(response_action="errors", errors={"url": "No such host"})

        @app.event("app_mention")
        async def mentioned(event: dict[str, str], client: AsyncWebClient) -> None:
            await client.chat_postMessage(
                channel=event["channel"], thread_ts=event["ts"], text="here"
            )

        handler = AsyncSocketModeHandler(app, workspace.app_token)
        await handler.connect_async()
        try:
            assert (await workspace.command(mira, ops, "/wsdiag", "prod")).error is None
            (message,) = await workspace.wait_for(lambda: workspace.messages(ops))
            assert message.text == "checking prod"

            await workspace.click(mira, message, "watch")
            await workspace.wait_for(lambda: workspace.views(mira))
            assert (await workspace.submit(mira, {"url": "nowhere"})).error == "errors"
            assert workspace.views(mira)[0].errors == {"url": "No such host"}

            asked = await workspace.mention(mira, ops, "are you there?")
            (reply,) = await workspace.wait_for(lambda: workspace.thread(asked))
            assert reply.text == "here"
            assert list(workspace.sockets.violations) == []
        finally:
            await handler.close_async()
