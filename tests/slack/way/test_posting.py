"""Slack's bounds on answers: five uses of a response_url, three seconds between edits."""

from __future__ import annotations

import asyncio

from bot.slack.blocks.kit import Post
from bot.slack.way.client import SlackClient
from bot.slack.way.posting import EDIT_GAP_S, Place, Poster, ResponseUrl
from tests.slack.conftest import Scene, Stage


async def place_with_response_url(scene: Scene) -> Place:
    outcome = await scene.command("help")
    await scene.workspace.wait_for(scene.whispers)
    assert outcome.payload is not None
    url = ResponseUrl(outcome.payload["response_url"], uses=1)  # help has used it once
    return Place(scene.ops.id, scene.mira.id, "ops", response=url)


async def test_a_response_url_is_used_five_times_and_then_left_alone(
    scene: Scene, stage: Stage
) -> None:
    place = await place_with_response_url(scene)
    async with SlackClient(stage.access()) as client:
        poster = Poster(client)
        sent = [await poster.respond(place, Post(f"{n}"), in_channel=False) for n in range(6)]
    assert sent == [True] * 4 + [False] * 2
    assert all(c.answer.get("ok", True) for c in scene.workspace.calls)


async def test_a_whisper_goes_on_where_the_response_url_is_used_up(
    scene: Scene, stage: Stage
) -> None:
    place = await place_with_response_url(scene)
    assert place.response is not None
    place.response.uses = 5
    async with SlackClient(stage.access()) as client:
        assert await Poster(client).whisper(place, Post("only for you"))
    assert "only for you" in scene.whispers()
    assert len(scene.workspace.called("chat.postEphemeral")) == 1


async def test_an_old_response_url_is_not_tried(scene: Scene, stage: Stage) -> None:
    place = await place_with_response_url(scene)
    assert place.response is not None
    place.response.given_at -= 30 * 60
    async with SlackClient(stage.access()) as client:
        assert not await Poster(client).respond(place, Post("late"), in_channel=True)


async def test_edits_keep_their_distance_and_skip_what_did_not_change(
    scene: Scene, stage: Stage
) -> None:
    async with SlackClient(stage.access()) as client:
        live = Poster(client).live(Place(scene.ops.id, scene.mira.id))
        await live.open(Post("step 0"))
        changed, step = asyncio.Event(), [0]

        def render() -> Post:
            return Post(f"step {step[0]}")

        following = asyncio.create_task(live.follow(render, changed))
        changed.set()  # nothing is different yet: no edit
        await asyncio.sleep(0)
        for number in range(1, 30):  # a burst of changes is one edit
            step[0] = number
            changed.set()
        (message,) = scene.workspace.messages("ops")
        await scene.workspace.wait_for(lambda: message.text == "step 29", timeout=10)
        following.cancel()
        await asyncio.wait({following})
    (edit,) = scene.workspace.called("chat.update")
    (posted,) = scene.workspace.called("chat.postMessage")
    assert edit.at - posted.at >= EDIT_GAP_S - 0.5
