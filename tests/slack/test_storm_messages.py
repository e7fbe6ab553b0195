"""A storm is one message, a backlog is folded: how many posts, and what stands in them."""

from __future__ import annotations

from bot.model import State
from tests.slack.newsroom import Newsroom, part_of

MANY = [f"node-{n}" for n in range(60)]


def posts(newsroom: Newsroom) -> int:
    return len(newsroom.workspace.called("chat.postMessage"))


async def all_down(newsroom: Newsroom, names: list[str], state: State = State.DOWN) -> None:
    for name in names:
        await newsroom.observe(state, name, after_s=0.05)


async def test_sixty_targets_that_fail_at_once_are_one_message_that_names_all(
    newsroom: Newsroom,
) -> None:
    newsroom.workspace.limits.enabled = True
    await all_down(newsroom, MANY)
    async with newsroom.delivering(post_gap_s=1.05):
        await newsroom.delivered()
    assert posts(newsroom) == 1
    (root,) = newsroom.roots()
    assert root.text.startswith("60 targets are down: Nothing listens on the backend's port.")
    assert all(f"{name}," in f"{root.blocks}," or f"{name}'" in str(root.blocks) for name in MANY)


async def test_hundreds_on_one_dead_backend_are_one_message_that_names_every_one_of_them(
    newsroom: Newsroom,
) -> None:
    names = [f"customer-{n:03}.eu-central" for n in range(200)]
    newsroom.workspace.limits.enabled = True
    newsroom.edit_gap_s, newsroom.join_gap_s = 1.2, 3600.0
    async with newsroom.delivering(post_gap_s=1.05):
        for name in names:  # within a minute; the first is told before the last one fails
            await newsroom.observe(State.DOWN, name, after_s=0.25)
            if name == names[0]:
                await newsroom.delivered()
        await newsroom.workspace.wait_for(
            lambda: newsroom.roots()[0].text.startswith(
                "200 targets are down: Nothing listens on the backend's port."
            )
        )
        assert posts(newsroom) == 1
        assert all(name in str(newsroom.roots()[0].blocks) for name in names)
    newsroom.edit_gap_s = newsroom.join_gap_s = 0.0
    async with newsroom.delivering(post_gap_s=1.05):
        await newsroom.delivered()
        assert newsroom.replies() == ["joined"]
        newsroom.workspace.limits.enabled = False  # so that nobody waits for its pace
        for n in range(0, 200, 100):
            (root,) = newsroom.roots()
            assert ("✅" in str(root.blocks)) == (n > 0)
            for name in names[n : n + 100]:
                await newsroom.observe(State.UP, name, after_s=0.25)
            await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("All 200 targets are up again after 1 min 40 s")
    assert all(name in str(root.blocks) for name in names)
    assert newsroom.replies() == ["joined", "recovery"]


async def test_who_fails_first_is_told_at_once_and_the_rest_joins_in_one_line(
    newsroom: Newsroom,
) -> None:
    newsroom.join_gap_s = 3600.0
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, MANY[0])
        await newsroom.delivered()
        assert newsroom.roots()[0].text.startswith("node-0 is down: ")
        await all_down(newsroom, MANY[1:])
        await newsroom.workspace.wait_for(lambda: newsroom.roots()[0].text.startswith("60 targets"))
        assert posts(newsroom) == 1
    newsroom.join_gap_s = 0.0
    async with newsroom.delivering():
        await newsroom.delivered()
    assert posts(newsroom) == 2
    root, line = newsroom.told()
    assert (line.thread_ts, line.reply_broadcast) == (root.ts, True)
    assert line.text.startswith("59 more targets: node-1, node-2, ")


async def test_edits_of_a_storm_keep_a_pace(newsroom: Newsroom) -> None:
    newsroom.edit_gap_s = newsroom.join_gap_s = 3600.0
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, MANY[0])
        await newsroom.delivered()
        await newsroom.observe(State.DOWN, MANY[1], after_s=0.1)
        await newsroom.workspace.wait_for(lambda: newsroom.roots()[0].revisions)
        await all_down(newsroom, MANY[2:10])
        await newsroom.observe(State.DOWN, "prod", code="tcp_timeout")
        await newsroom.workspace.wait_for(lambda: len(newsroom.roots()) == 2)
    assert newsroom.roots()[0].revisions == 1


async def test_members_come_back_one_by_one_and_the_last_one_closes_the_message(
    newsroom: Newsroom,
) -> None:
    names = MANY[:4]
    await all_down(newsroom, names)
    async with newsroom.delivering():
        await newsroom.delivered()
        for back, name in enumerate(names, 1):
            await newsroom.observe(State.UP, name, after_s=30)
            await newsroom.delivered()
            (root,) = newsroom.roots()
            assert str(root.blocks).count("✅") == min(back, 3) + 2 * (back == 4)
            assert newsroom.replies() == (["recovery"] if back == 4 else [])
    assert posts(newsroom) == 2
    assert root.text.startswith("All 4 targets are up again after 2 min")


async def test_a_storm_outlives_the_process(newsroom: Newsroom) -> None:
    for names in (MANY[:3], MANY[3:5]):
        await all_down(newsroom, names)
        async with newsroom.delivering():
            await newsroom.delivered()
    assert newsroom.roots()[0].text.startswith("5 targets are down: ")
    assert newsroom.replies() == ["joined"]
    await all_down(newsroom, MANY[:5], State.UP)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert newsroom.replies() == ["joined", "recovery"]


async def test_several_that_get_worse_at_once_are_one_line(newsroom: Newsroom) -> None:
    await all_down(newsroom, MANY[:4], State.DEGRADED)
    async with newsroom.delivering():
        await newsroom.delivered()
    await all_down(newsroom, MANY[:3])
    async with newsroom.delivering():
        await newsroom.delivered()
    _, line = newsroom.told()
    assert line.text == "3 targets are down now: node-0, node-1, node-2."
    assert posts(newsroom) == 2


async def test_another_cause_is_another_message(newsroom: Newsroom) -> None:
    await newsroom.observe(State.DOWN, "one", after_s=1)
    await newsroom.observe(State.DOWN, "two", code="tcp_timeout", after_s=1)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert [m.text.split()[0] for m in newsroom.roots()] == ["one", "two"]


async def test_outages_while_slack_was_away_are_one_message_per_target(newsroom: Newsroom) -> None:
    await newsroom.workspace.go_away()
    async with newsroom.delivering():
        for round_ in range(3):
            for name, code in (("prod", None), ("staging", "tcp_timeout")):
                await newsroom.observe(State.DOWN, name, code=code, after_s=1800)
                if not round_:
                    await newsroom.tried()
                await newsroom.observe(State.UP, name, after_s=240)
        await newsroom.workspace.come_back()
        await newsroom.delivered()
    told = [m.text for m in newsroom.roots()]
    assert told == [
        "prod is up again; it was down 3 times.",
        "staging is up again; it was down 3 times.",
    ]
    assert str(newsroom.roots()[0].blocks).count("4 min") == 3


async def test_a_trouble_that_lasts_is_told_with_those_that_nobody_heard_of(
    newsroom: Newsroom,
) -> None:
    await newsroom.workspace.go_away()
    async with newsroom.delivering():
        for state in (State.DOWN, State.UP, State.DOWN, State.UP, State.DOWN):
            await newsroom.observe(state, after_s=1800)
        await newsroom.tried()
        await newsroom.workspace.come_back()
        await newsroom.delivered()
        (root,) = newsroom.roots()
        assert root.text.startswith("prod is down: ")
        assert "*Earlier:*" in str(root.blocks)
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    assert [part_of(m) for m in newsroom.told()] == ["root"]
    assert newsroom.replies() == ["recovery"]


async def test_an_incident_whose_target_is_taken_out_says_so_and_not_that_it_is_up(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        await newsroom.leave(after_s=120)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is no longer watched: it was taken out of the settings")
    assert "after 2 min" in root.text
    assert "⚪ prod is no longer watched" in str(root.blocks)
    assert "I do not see what becomes of it" in str(root.blocks)
    (reply,) = newsroom.workspace.thread(root)
    assert reply.text == root.text


async def test_a_storm_tells_who_is_back_from_who_was_taken_out(newsroom: Newsroom) -> None:
    names = MANY[:3]
    await all_down(newsroom, names)
    async with newsroom.delivering():
        await newsroom.delivered()
        await newsroom.leave(names[0])
        await newsroom.delivered()
        assert newsroom.roots()[0].text.startswith("2 targets are down: ")
        for name in names[1:]:
            await newsroom.observe(State.UP, name)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("2 targets are up again after ")
    assert "what else was here is no longer watched" in root.text
    shown = str(root.blocks)
    assert "⚪ *node-0*" in shown
    assert "✅ *node-1*" in shown


async def test_a_storm_that_is_taken_out_as_a_whole_is_not_up_again(newsroom: Newsroom) -> None:
    names = MANY[:20]
    await all_down(newsroom, names)
    async with newsroom.delivering():
        await newsroom.delivered()
        for name in names:
            await newsroom.leave(name, after_s=1)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("20 targets are no longer watched.")
    assert "up again" not in f"{root.text} {root.blocks}"
    assert "✅" not in f"{root.text} {root.blocks}"
