"""Getting payloads to the app: over its sockets, or as signed HTTP requests.

Commands and interactions are sent once; events are sent again at once, after one minute and after
five (https://docs.slack.dev/apis/events-api#retries).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.demo.workspace.core import Core
from bot.demo.workspace.records import Json
from bot.demo.workspace.sockets import ACK_DEADLINE_S, Ack
from bot.tasks import call_off

RETRY_AFTER_S = (0.0, 60.0, 300.0)


@dataclass(slots=True)
class EventDelivery:
    """The story of one event: every attempt's error (None: acknowledged)."""

    event_id: str
    kind: str
    attempts: list[str | None]
    done: bool = False


def sign(secret: str, timestamp: str, body: str) -> str:
    """`X-Slack-Signature` (https://docs.slack.dev/authentication/verifying-requests-from-slack)."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class Deliveries:
    """Sends payloads and follows up on events in the background."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.events: list[EventDelivery] = []

    async def send(self, kind: str, payload: Json, *, accepts_response: bool = True) -> Ack:
        """Deliver a command or an interaction, once."""
        return await self._send(kind, payload, accepts_response=accepts_response)

    def post_event(self, payload: Json) -> EventDelivery:
        """Deliver an event, now and again until it is acknowledged or given up."""
        delivery = EventDelivery(payload["event_id"], payload["event"]["type"], [])
        self.events.append(delivery)
        task = asyncio.create_task(self._follow_up(delivery, payload))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return delivery

    async def _follow_up(self, delivery: EventDelivery, payload: Json) -> None:
        retry: tuple[int, str] | None = None
        for attempt in range(1 + len(RETRY_AFTER_S)):
            if attempt:
                await self._core.clock.sleep(RETRY_AFTER_S[attempt - 1])
            ack = await self._send("events_api", payload, accepts_response=False, retry=retry)
            delivery.attempts.append(ack.error)
            delivery.done = ack.error is None
            self._core.changes.publish("event", delivered=delivery.done)
            if delivery.done or ack.final:
                break
            retry = (attempt + 1, ack.error or "timeout")
        delivery.done = True

    async def _send(
        self,
        kind: str,
        payload: Json,
        *,
        accepts_response: bool,
        retry: tuple[int, str] | None = None,
    ) -> Ack:
        app = self._core.state.app
        if app.socket_mode:
            return await self._core.sockets.deliver(
                kind, payload, accepts_response=accepts_response, retry=retry
            )
        if app.request_url is None:
            return Ack(error="connection_failed")
        return await self._post(app.request_url, kind, payload, retry)

    async def _post(self, url: str, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        headers = {"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        if kind == "events_api":
            body = json.dumps(payload)
            headers["Content-Type"] = "application/json"
            if retry is not None:
                headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        else:
            fields = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
            body = urlencode({name: str(value) for name, value in fields.items()})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        timestamp = str(int(self._core.clock.now()))
        headers |= {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self._core.tokens.signing_secret, timestamp, body),
        }
        try:
            async with (
                asyncio.timeout(ACK_DEADLINE_S),
                self._session.post(url, data=io.BytesIO(body.encode()), headers=headers) as answer,
            ):
                if answer.status != 200:
                    final = answer.headers.get("X-Slack-No-Retry") == "1"
                    return Ack(error="http_error", final=final)
                return Ack(payload=_payload(await answer.text()))
        except TimeoutError:
            return Ack(error="http_timeout")
        except aiohttp.ClientError:
            return Ack(error="connection_failed")

    async def close(self) -> None:
        """Stop following up."""
        await call_off(*self._tasks)
        if self._session is not None:
            await self._session.close()
            self._session = None


def _payload(text: str) -> Any:
    """The body of an HTTP answer as an ack's payload: JSON, or bare text of a command."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
