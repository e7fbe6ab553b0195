"""`/wsdiag guide` and `/wsdiag targets`: what explains, and what is watched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from bot.demo.workspace.blockkit import Surface
from bot.guide import GuideLinks, Topic, cause_title
from bot.locales import LANGUAGES
from bot.model import ClientSettings, Section, Target, Transport, WatchSettings
from bot.slack.blocks.common import Reader
from bot.slack.blocks.guide import guide_modal, guide_text, guide_topics
from bot.slack.blocks.targets import targets
from bot.slack.way.client import Mode
from tests.slack.conftest import Scene, Stage
from tests.slack.rules import assert_acceptable, assert_postable, shown

Start = Callable[[], Awaitable[Scene]]


@pytest.mark.parametrize("mode", list(Mode))
async def test_one_topic_opens_as_a_modal(stage: Stage, running: Start, mode: Mode) -> None:
    stage.mode = mode
    scene = await running()
    await scene.command("guide tcp_refused")
    (view,) = await scene.workspace.wait_for(lambda: scene.workspace.views("mira"), timeout=10)
    assert view.payload["blocks"][0]["text"]["text"] == cause_title("tcp_refused", "en")
    assert scene.whispers() == []


async def test_several_topics_are_listed_for_the_sender(scene: Scene) -> None:
    await scene.command("guide certificate")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    assert "/wsdiag guide tls_expired" in str(told.blocks)
    assert "#cause-tls_expired" in str(told.blocks)
    assert scene.workspace.views("mira") == []


async def test_the_bare_word_shows_the_sections(scene: Scene) -> None:
    await scene.command("guide")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    assert all(f"guide {section.value}" in str(told.blocks) for section in Section)


async def test_words_that_the_guide_does_not_have_are_told(scene: Scene) -> None:
    await scene.command("guide <!channel> flux capacitor")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "flux capacitor" in told
    assert "<!channel>" not in told


async def test_a_mention_is_answered_in_text_as_it_can_open_nothing(scene: Scene) -> None:
    await scene.workspace.mention("mira", "ops", "guide 7")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    assert "Support" in told.text
    assert "Then write to the developers" in str(told.blocks)


async def test_a_modal_that_comes_too_late_becomes_a_message(scene: Scene) -> None:
    scene.workspace.faults.error("expired_trigger_id", method="views.open")
    await scene.command("guide 1A")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert "1A. The server" in told


def test_every_topic_can_be_shown_in_every_language() -> None:
    everything = [Topic(section) for section in Section] + [
        Topic(Section.SERVER, "tcp_refused"), Topic(Section.SERVER, "of_another_version"),
    ]  # fmt: skip
    for lang in LANGUAGES:
        for links in (GuideLinks(), GuideLinks("https://guide.example/{lang}")):
            reader = Reader(lang, links)
            assert_postable(guide_topics(everything * 10, "/wsdiag", reader))
            for topic in everything:
                assert_postable(guide_text(topic, reader))
                assert_acceptable(guide_modal(topic, reader)["blocks"], Surface.MODAL)


async def test_targets_say_what_is_watched_and_how(stage: Stage, running: Start) -> None:
    ops = stage.workspace.channel("ops").id
    stage.targets["staging"] = Target(
        "staging",
        "https://user:secret@staging.example/?token=secret",
        fallback_urls=("https://b.example",),
        namespace="/chat",
        client=ClientSettings(transports=(Transport.POLLING,)),
        channel=ops,
        watch=WatchSettings(mode="periodic", interval_s=300),
    )
    scene = await running()
    await scene.command("targets")
    (told,) = await scene.workspace.wait_for(lambda: scene.workspace.ephemerals("mira"))
    text = str(told.blocks)
    assert told.text == "2 targets are watched."
    assert "connection held, full check every 1 min" in text
    assert "checked every 5 min" in text
    assert "transports: polling" in text
    assert "namespace /chat" in text
    assert "1 fallback URL" in text
    assert f"<#{ops}>" in text
    assert "secret" not in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_any_number_of_targets_is_postable(lang: str) -> None:
    many = [Target(f"t{n}" * 30, f"https://t{n}.example", channel="#<ops>") for n in range(200)]
    assert_postable(targets(many, lang))
    assert "&lt;ops&gt;" in shown(targets(many, lang))
    assert_postable(targets((), lang))
