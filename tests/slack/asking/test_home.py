"""The App Home: what it shows, what is done there, and what a person sets for themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.workspace import Message, View
from bot.demo.workspace.blockkit import Surface
from bot.incidents import TargetState, observe
from bot.locales import LANGUAGES
from bot.model import Act, ActKind, Observation, State, Target
from bot.slack.blocks.home import Home, Uptime, home, on_page, target_key
from bot.slack.blocks.status import TargetStatus
from bot.slack.way.access import Policy, Rule
from bot.slack.way.client import Mode
from bot.spans import Span
from bot.store import NewDelivery, Store
from tests.charts.past import END, incident, samples
from tests.slack.conftest import Scene, Stage
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable

Start = Callable[[], Awaitable[Scene]]


async def tab(scene: Scene, says: str = "", user: str = "mira") -> View:
    """The tab of somebody, once it says this."""

    def there() -> View | None:
        view = scene.workspace.home(user)
        return view if view is not None and says in str(view.payload["blocks"]) else None

    view = await scene.workspace.wait_for(there, timeout=20)
    assert isinstance(view, View)
    return view


async def opened(scene: Scene, user: str = "mira") -> View:
    await scene.workspace.open_home(user)
    return await tab(scene, user=user)


def direct(scene: Scene, user: str = "mira") -> list[Message]:
    """What the bot wrote to somebody directly."""
    return scene.workspace.messages(scene.workspace.direct(user).id)


async def trouble(store: Store, target: str = "prod", channel: str | None = None) -> TargetState:
    """A target goes down and is told of where it is to be told."""
    now = datetime.now(UTC)
    seen = Observation(target, now, State.DOWN, report(State.DOWN, name=target))
    after, transitions = observe(TargetState(target), seen, now)
    await store.record(after, transitions, [NewDelivery(channel, t) for t in transitions])
    return after


async def well_again(store: Store, state: TargetState, channel: str | None = None) -> None:
    now = datetime.now(UTC)
    seen = Observation(state.target, now, State.UP, report(State.UP, name=state.target))
    after, transitions = observe(state, seen, now)
    await store.record(after, transitions, [NewDelivery(channel, t) for t in transitions])


async def remembered(store: Store, hours: int) -> None:
    """A past without trouble that ends now."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    await store.history.add([], samples(Span.until(now, timedelta(hours=hours))))


async def all_told(store: Store) -> None:
    async with asyncio.timeout(40):
        while (await store.outbox()).depth:  # noqa: ASYNC110 - a database has no event
            await asyncio.sleep(0.05)


# ---------------------------------------------------------------- what it shows


async def test_the_home_tab_shows_every_target(stage: Stage, running: Start) -> None:
    stage.targets["staging"] = Target("staging", "https://staging.example")
    stage.statuses = (
        TargetStatus("prod", "https://prod.example", State.UP),
        TargetStatus("staging", "https://staging.example", State.DOWN, cause="tcp_refused"),
    )
    scene = await running()
    await scene.workspace.open_home("mira")
    view = await scene.workspace.wait_for(lambda: scene.workspace.home("mira"))
    shown = str(view.payload["blocks"])
    assert "staging is down" in shown
    assert "prod is up" in shown
    bare = [{k: v for k, v in b.items() if k != "block_id"} for b in view.payload["blocks"]]
    assert_acceptable(bare, Surface.HOME)


async def test_the_home_tab_of_a_guest_shows_nothing_of_the_targets(
    stage: Stage, running: Start
) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.UP),)
    scene = await running()
    guest = scene.workspace.add_user("guest", is_guest=True)
    await scene.workspace.open_home(guest)
    view = await scene.workspace.wait_for(lambda: scene.workspace.home(guest))
    assert "Guests" in str(view.payload["blocks"])
    assert "prod" not in str(view.payload["blocks"])


async def test_the_home_tab_says_how_every_target_was_and_is(stage: Stage, running: Start) -> None:
    ends = datetime.now(UTC) + timedelta(days=41, hours=3)
    stage.statuses = (
        TargetStatus("prod", "https://prod.example", State.UP, rtt_ms=38, certificate_until=ends),
    )
    await remembered(stage.store, hours=30)
    scene = await running()
    shown = str((await opened(scene)).payload["blocks"])
    assert "uptime 100% (24 h)" in shown
    assert "certificate for 41 d" in shown
    assert "38 ms" in shown


async def test_an_open_incident_can_be_acknowledged_from_the_tab(
    stage: Stage, running: Start
) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.DOWN),)
    await trouble(stage.store)
    scene = await running()
    view = await opened(scene)
    await scene.workspace.click("mira", view, "home_acknowledge")
    await tab(scene, "Acknowledged by")
    (kept,) = await stage.store.acts.of_target("prod")
    assert (kept.kind, kept.user) == (ActKind.ACKNOWLEDGED, scene.mira.id)


async def test_a_check_from_the_tab_is_answered_directly(stage: Stage, running: Start) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.DOWN),)
    stage.script.gate.set()
    await trouble(stage.store)
    scene = await running()
    view = await opened(scene)
    await scene.workspace.click("mira", view, "home_check")
    await scene.workspace.wait_for(
        lambda: any("prod is down: " in m.text for m in direct(scene)), timeout=20
    )
    assert scene.workspace.messages("ops") == []


async def test_who_may_not_change_anything_is_told_so_directly(
    stage: Stage, running: Start
) -> None:
    stage.policy = Policy(manage=Rule(users=frozenset({"UNOBODY00"})))
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.DOWN),)
    await trouble(stage.store)
    scene = await running()
    view = await opened(scene)
    await scene.workspace.click("mira", view, "home_acknowledge")
    (told,) = await scene.workspace.wait_for(lambda: direct(scene))
    assert told.text == "You are not on the list of those who may do this."
    assert await stage.store.acts.of_target("prod") == []


async def test_a_button_of_a_target_that_is_gone_says_so(stage: Stage, running: Start) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.DOWN),)
    scene = await running()
    view = await opened(scene)
    del stage.targets["prod"]
    await scene.workspace.click("mira", view, "home_chart")
    (told,) = await scene.workspace.wait_for(lambda: direct(scene))
    assert told.text == "That target is not watched any more."


async def test_many_targets_come_in_pages(stage: Stage, running: Start) -> None:
    stage.statuses = tuple(
        TargetStatus(f"t{n:03}", f"https://t{n}.example", State.DOWN if n == 39 else State.UP)
        for n in range(40)
    )
    for status in stage.statuses:
        stage.targets[status.name] = Target(status.name, status.url)
    scene = await running()
    view = await opened(scene)
    assert "t039 is down" in str(view.payload["blocks"])
    await scene.workspace.click("mira", view, "home_turn")
    view = await tab(scene, "t015 is up")
    assert "t039 is down" not in str(view.payload["blocks"])
    await scene.workspace.click("mira", view, "home_turn_back")
    await tab(scene, "t039 is down")


# ---------------------------------------------------------------- language


@pytest.mark.parametrize("mode", list(Mode))
async def test_people_are_spoken_to_in_the_language_of_their_slack(
    stage: Stage, running: Start, mode: Mode
) -> None:
    stage.mode = mode
    stage.workspace.user("jonas").locale = "ru-RU"
    scene = await running()
    await scene.command("chart", user="jonas")
    await scene.command("chart", user="mira")
    (russian,) = await scene.workspace.wait_for(lambda: scene.whispers("jonas"))
    (english,) = await scene.workspace.wait_for(lambda: scene.whispers("mira"))
    assert russian.startswith("Пока рисовать нечего")
    assert english.startswith("There is nothing to draw yet")


async def test_a_language_of_ones_own_goes_before_slacks_and_lasts(
    stage: Stage, running: Start
) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.UP),)
    scene = await running()
    view = await opened(scene)
    await scene.workspace.click("mira", view, "home_language", "ru")
    await tab(scene, "Только для вас")
    await scene.command("chart")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert told.startswith("Пока рисовать нечего")
    again = await running()  # another process, on the same database
    assert again.bot.desk.language(None, scene.mira.id) == "ru"
    await scene.workspace.click("mira", await tab(scene), "home_language", "slack")
    await tab(scene, "For you alone")


async def test_what_everybody_sees_is_in_the_channels_language(
    stage: Stage, running: Start
) -> None:
    stage.workspace.user("mira").locale = "ru-RU"
    stage.script.gate.set()
    scene = await running()
    await scene.command("prod")
    await scene.workspace.wait_for(
        lambda: any("prod is down" in m.text for m in scene.workspace.messages("ops"))
    )


async def test_a_locale_that_is_not_spoken_leaves_the_channels_language(
    stage: Stage, running: Start
) -> None:
    stage.lang = "ru"
    stage.workspace.user("mira").locale = "de-DE"
    scene = await running()
    await scene.command("chart")
    (told,) = await scene.workspace.wait_for(scene.whispers)
    assert told.startswith("Пока рисовать нечего")


# ---------------------------------------------------------------- told by direct message


async def following(scene: Scene, *targets: str, user: str = "mira") -> View:
    """Somebody chooses targets in the tab."""
    view = await opened(scene, user)
    person = scene.workspace.user(user).id
    await scene.workspace.click(user, view, "home_follow", [target_key(t) for t in targets])
    async with asyncio.timeout(20):
        while await scene.store.people.followed(person) != set(targets):  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # a database has no event
    return view


async def test_who_follows_a_target_is_told_once_and_the_message_kept_up_to_date(
    stage: Stage, running: Start
) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.UP),)
    stage.workspace.user("mira").locale = "ru-RU"
    scene = await running()
    await following(scene, "prod")
    down = await trouble(stage.store, channel=scene.ops.id)
    (told,) = await scene.workspace.wait_for(lambda: direct(scene))
    assert told.text.startswith("prod не работает")
    await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    assert direct(scene, "jonas") == []
    await well_again(stage.store, down, scene.ops.id)
    await scene.workspace.wait_for(lambda: scene.workspace.thread(told))
    assert len(direct(scene)) == 1
    assert "снова" in direct(scene)[0].text
    assert len(scene.workspace.messages("ops")) == 1


async def test_a_restart_does_not_tell_a_follower_twice(stage: Stage, running: Start) -> None:
    scene = await running()
    await stage.store.people.follow(scene.mira.id, ["prod"], None, datetime.now(UTC))
    stage.workspace.faults.drop(after=True, method="chat.postMessage")  # accepted, not heard of
    await trouble(stage.store)
    await scene.workspace.wait_for(lambda: direct(scene), timeout=30)
    await running()
    await all_told(stage.store)
    assert len(direct(scene)) == 1


async def test_who_has_left_is_not_told_any_more(stage: Stage, running: Start) -> None:
    stage.statuses = (TargetStatus("prod", "https://prod.example", State.UP),)
    scene = await running()
    await following(scene, "prod")
    await stage.store.people.follow(scene.mira.id, [], None, datetime.now(UTC))
    down = await trouble(stage.store, channel=scene.ops.id)
    await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await well_again(stage.store, down, scene.ops.id)
    await scene.workspace.wait_for(
        lambda: scene.workspace.thread(scene.workspace.messages("ops")[0])
    )
    assert direct(scene) == []


async def test_who_may_not_check_is_not_told_though_they_asked(
    stage: Stage, running: Start
) -> None:
    stage.policy = Policy(check=Rule(users=frozenset({"UNOBODY00"})))
    scene = await running()
    await stage.store.people.follow(scene.mira.id, ["prod"], None, datetime.now(UTC))
    down = await trouble(stage.store, channel=scene.ops.id)
    (root,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await well_again(stage.store, down, scene.ops.id)
    await scene.workspace.wait_for(lambda: scene.workspace.thread(root))
    await all_told(stage.store)
    assert direct(scene) == []


async def test_a_target_without_a_channel_is_told_to_its_followers(
    stage: Stage, running: Start
) -> None:
    scene = await running()
    await stage.store.people.follow(scene.mira.id, ["prod"], None, datetime.now(UTC))
    await trouble(stage.store)
    (told,) = await scene.workspace.wait_for(lambda: direct(scene))
    assert told.text.startswith("prod is down")


async def test_a_recovery_carries_a_picture(stage: Stage, running: Start) -> None:
    scene = await running()
    await remembered(stage.store, hours=1)
    down = await trouble(stage.store, channel=scene.ops.id)
    (root,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await well_again(stage.store, down, scene.ops.id)
    (picture,) = await scene.workspace.wait_for(
        lambda: [m for m in scene.workspace.thread(root) if m.files], timeout=60
    )
    assert "prod, the last 15 min" in picture.text
    assert picture.text.endswith("with 1 incident.")


async def test_a_picture_that_slack_refuses_costs_no_recovery(stage: Stage, running: Start) -> None:
    stage.workspace.faults.error("missing_scope", 3, method="files.getUploadURLExternal")
    scene = await running()
    await remembered(stage.store, hours=1)
    down = await trouble(stage.store, channel=scene.ops.id)
    (root,) = await scene.workspace.wait_for(lambda: scene.workspace.messages("ops"))
    await well_again(stage.store, down, scene.ops.id)
    await scene.workspace.wait_for(
        lambda: scene.workspace.called("files.getUploadURLExternal"), timeout=60
    )
    assert [m.files for m in scene.workspace.thread(root)] == [[]]
    assert (await stage.store.outbox()).depth == 0


# ---------------------------------------------------------------- its blocks


_STATES = st.sampled_from(list(State))
_NAMES = st.text("abc <&>!$е", min_size=1, max_size=64)


@given(
    st.lists(st.tuples(_NAMES, _STATES), max_size=260, unique_by=lambda t: t[0]),
    st.integers(-5, 99),
    st.integers(0, 12),
    st.sampled_from(LANGUAGES),
)
def test_slack_takes_the_tab_however_much_there_is(
    raw: list[tuple[str, State]], page: int, troubles: int, lang: str
) -> None:
    targets = [TargetStatus(name, "https://x.example", state) for name, state in raw]
    open_ones = [(incident(n, 2, None), None) for n in range(troubles)]
    shown = Home(
        targets=targets,
        incidents=open_ones,
        uptimes={t.name: Uptime(0.5, 0.99, None) for t in targets},
        quiet={},
        follows=frozenset(t.name for t in targets[::2]),
        lang=None,
        now=END,
        page=page,
    )
    blocks = home(shown, lang)
    assert_acceptable(blocks, Surface.HOME)
    assert len(blocks) <= 90
    assert len(on_page(targets, page)) == min(15, len(targets)) or len(targets) > 15


def test_who_acknowledged_is_in_the_tab() -> None:
    one = incident(1, 2, None)
    act = Act(ActKind.ACKNOWLEDGED, "prod", "U0MIRA000", END, one.id)
    targets = [TargetStatus("prod", "https://x.example", State.DOWN)]
    shown = Home(targets, [(one, act)], {}, {}, frozenset(), "en", END)
    blocks = str(home(shown, "en"))
    assert "Acknowledged by <@U0MIRA000>" in blocks
    assert "home_acknowledge" not in blocks
