"""News of incidents reach their channels: in order, once, whatever Slack does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import State
from bot.slack.alerting.stamps import ALERT_EVENT
from bot.store import Store, StoreError
from tests.slack.newsroom import Newsroom
from tests.slack.reports import report
from tests.slack.rules import assert_acceptable


def rename_table(store: Store, name: str, other: str) -> None:
    """Real trouble of a database: nothing about this table works, until it is renamed back."""
    with contextlib.closing(sqlite3.connect(store.place, timeout=10)) as connection:
        connection.execute(f"ALTER TABLE {name} RENAME TO {other}")


async def failing(store: Store) -> bool:
    try:
        await store.pending()
    except StoreError:
        return True
    return False


async def test_an_incident_is_one_message_that_its_recovery_rewrites_and_answers(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        (root,) = newsroom.roots()
        assert root.text.startswith("prod is down: ")
        assert newsroom.workspace.thread(root) == []
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text == "prod is up again after 1 min."
    assert "prod is down" not in str(root.blocks)
    (reply,) = newsroom.workspace.thread(root)
    assert reply.text == root.text
    assert not reply.reply_broadcast
    for message in (root, reply):
        bare = [{k: v for k, v in b.items() if k != "block_id"} for b in message.blocks]
        assert_acceptable(bare)


async def test_an_alert_is_held_against_the_last_good_report(newsroom: Newsroom) -> None:
    await newsroom.store.good_reports.keep(report(State.UP, url=newsroom.url("prod")))
    await newsroom.observe(State.DEGRADED)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert "Transport: WebSocket → polling" in str(root.blocks)


@pytest.mark.parametrize(
    ("state", "code"), [(State.DEGRADED, None), (State.DOWN, "http_502_upstream_down")]
)
async def test_a_change_that_is_no_worse_edits_the_message_and_notifies_nobody(
    newsroom: Newsroom, state: State, code: str | None
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        await newsroom.observe(state, code=code)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.revisions == 1
    assert len(newsroom.workspace.called("chat.postMessage")) == 1


async def test_what_was_degraded_and_goes_down_is_told_in_thread_and_channel(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    (root, reply) = newsroom.told()
    assert root.text.startswith("prod is down")
    assert root.revisions == 1
    assert reply.reply_broadcast
    assert reply.thread_ts == root.ts
    assert reply.text.startswith("prod is down now: ")
    assert_acceptable([{k: v for k, v in b.items() if k != "block_id"} for b in reply.blocks])


async def test_what_is_down_by_the_time_it_is_told_is_told_once(newsroom: Newsroom) -> None:
    await newsroom.observe(State.DEGRADED)
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert newsroom.roots()[0].text.startswith("prod is down")
    assert newsroom.replies() == []


async def test_getting_worse_is_told_although_more_became_known_meanwhile(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
    await newsroom.observe(State.DOWN)
    await newsroom.observe(State.DOWN, code="http_502_upstream_down")
    async with newsroom.delivering():
        await newsroom.delivered()
    (root, reply) = newsroom.told()
    assert root.revisions == 1
    assert reply.text.removeprefix("prod is down now") == root.text.removeprefix("prod is down")


async def test_of_going_down_twice_while_nobody_could_be_told_the_last_time_is_told(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
    for state in (State.DOWN, State.DEGRADED, State.DOWN):
        await newsroom.observe(state)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert newsroom.replies() == ["worse"]


async def test_what_goes_down_and_half_up_again_all_night_does_not_page_all_night(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        for _ in range(10):
            for state in (State.DOWN, State.DEGRADED):
                newsroom.states["prod"] = await newsroom.store.load("prod")  # as after a restart
                await newsroom.observe(state)
                await newsroom.delivered()
        (root,) = newsroom.roots()
        assert root.text.startswith("prod is flapping: ")
        assert newsroom.replies() == ["worse"]
        for _ in range(12):
            await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    assert newsroom.roots()[0].text.startswith("prod is down: ")
    assert newsroom.replies() == ["worse", "worse"]


@pytest.mark.parametrize("state", [State.DEGRADED, State.UP])
async def test_having_been_worse_for_a_while_is_not_told_afterwards(
    newsroom: Newsroom, state: State
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
    await newsroom.observe(State.DOWN)
    await newsroom.observe(state)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert newsroom.replies() == (["recovery"] if state is State.UP else [])


async def test_getting_worse_is_told_once_when_slacks_answer_is_lost(newsroom: Newsroom) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
        fault = newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    assert fault.met == 1
    assert newsroom.replies() == ["worse"]


async def test_getting_worse_that_a_killed_process_told_is_not_told_again(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
    await newsroom.observe(State.DOWN)
    await newsroom.died_after_sending("worse", newsroom.roots()[0].ts)
    async with newsroom.delivering():
        await newsroom.delivered()
        assert newsroom.replies() == ["worse"]
        await newsroom.observe(State.DEGRADED)
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    assert newsroom.replies() == ["worse", "worse"]


async def test_metadata_names_the_incident(newsroom: Newsroom) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.metadata is not None
    assert root.metadata["event_type"] == ALERT_EVENT
    incident = newsroom.states["prod"].incident
    assert incident is not None
    assert root.metadata["event_payload"]["incident"] == incident.id


async def test_a_backlog_is_folded_into_the_newest_state(newsroom: Newsroom) -> None:
    for state in (State.DEGRADED, State.DOWN, State.DEGRADED, State.UP):
        await newsroom.observe(state)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again after 3 min")
    assert root.revisions == 0
    assert len(newsroom.workspace.thread(root)) == 1


async def test_what_slack_accepted_before_a_crash_is_found_and_not_sent_again(
    newsroom: Newsroom,
) -> None:
    await newsroom.observe(State.DOWN)
    fault = newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
    async with newsroom.delivering():
        await newsroom.workspace.wait_for(newsroom.roots)
        await newsroom.delivered()
    assert fault.met == 1
    assert len(newsroom.roots()) == 1


async def test_a_new_process_looks_for_what_the_old_one_may_have_sent(newsroom: Newsroom) -> None:
    await newsroom.observe(State.DOWN)
    await newsroom.died_after_sending("root")
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_clock_that_was_set_back_makes_no_news_of_what_was_told(newsroom: Newsroom) -> None:
    newsroom.clock += timedelta(days=3)
    await newsroom.observe(State.DOWN)
    await newsroom.died_after_sending("root")
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_database_that_fails_after_the_answer_makes_no_second_answer(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        hung = newsroom.workspace.faults.hang(method="chat.postMessage")
        await newsroom.observe(State.UP)
        await newsroom.workspace.wait_for(lambda: "up again" in newsroom.roots()[0].text)
        async with asyncio.timeout(15):
            while not hung.met:  # noqa: ASYNC110  the workspace tells of changes, not of this
                await asyncio.sleep(0.01)
        await asyncio.to_thread(rename_table, newsroom.store, "deliveries", "lost")
        newsroom.workspace.faults.clear()
        await newsroom.workspace.wait_for(newsroom.replies)
        async with asyncio.timeout(15):
            while not await failing(newsroom.store):  # noqa: ASYNC110  a database has no event
                await asyncio.sleep(0.05)
        await asyncio.to_thread(rename_table, newsroom.store, "lost", "deliveries")
        await newsroom.delivered()
    assert newsroom.replies() == ["recovery"]


async def test_a_recovery_that_was_answered_before_a_crash_is_not_answered_again(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    await newsroom.observe(State.UP)
    newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert len(newsroom.workspace.thread(root)) == 1


async def test_where_history_cannot_be_read_it_is_told_again(newsroom: Newsroom) -> None:
    await newsroom.observe(State.DOWN)
    newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
    newsroom.workspace.remove_scope("channels:history")
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 2


@pytest.mark.parametrize("trouble", ["internal_error", "fatal_error", "service_unavailable"])
async def test_passing_trouble_is_waited_out(newsroom: Newsroom, trouble: str) -> None:
    newsroom.workspace.faults.error(trouble, times=3, method="chat.postMessage")
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_server_error_and_a_rate_limit_are_waited_out(newsroom: Newsroom) -> None:
    newsroom.workspace.faults.server_error(2, method="chat.postMessage")
    newsroom.workspace.faults.rate_limit(1, method="chat.postMessage", retry_after=1)
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_slack_may_ask_for_a_wait_that_is_longer_than_a_call_may_take(
    newsroom: Newsroom,
) -> None:
    newsroom.workspace.faults.rate_limit(method="chat.postMessage", retry_after=120)
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        asked_at = datetime.now(UTC) + timedelta(days=1)
        await newsroom.tried()
    (waiting,) = await newsroom.store.pending()
    assert waiting.retry_at is not None
    assert waiting.retry_at - asked_at >= timedelta(seconds=120)


async def test_a_new_process_waits_as_long_as_slack_asked_the_old_one_to(
    newsroom: Newsroom,
) -> None:
    newsroom.workspace.faults.rate_limit(1, method="chat.postMessage", retry_after=120)
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.tried()
    other = newsroom.workspace.add_channel("other")
    await newsroom.observe(State.DOWN, "staging", code="tcp_timeout")  # behind the first one
    await newsroom.observe(State.DOWN, "elsewhere", other.id)
    async with newsroom.delivering():
        await newsroom.delivered(but=2)
        assert len(newsroom.roots("other")) == 1
    assert newsroom.roots() == []
    assert [d.attempts for d in await newsroom.store.pending()] == [1, 0]


async def test_where_even_the_default_channel_is_gone_the_news_wait_for_either(
    newsroom: Newsroom,
) -> None:
    workspace = newsroom.workspace
    old, default = workspace.add_channel("old"), workspace.add_channel("default")
    newsroom.default_channel = default.id
    workspace.archive("old")
    workspace.archive("default")
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=old.id)
        await newsroom.tried(2)
        workspace.archive("default", archived=False)
        await newsroom.delivered()
    (root,) = newsroom.roots("default")
    assert "Meant for" in str(root.blocks)


async def test_slack_out_of_reach_delays_and_loses_nothing(newsroom: Newsroom) -> None:
    await newsroom.workspace.go_away()
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.tried(2)
        await newsroom.workspace.come_back()
        await newsroom.delivered()
    assert len(newsroom.roots()) == 1


async def test_a_channel_that_cannot_be_posted_to_sends_its_news_to_the_default_one(
    newsroom: Newsroom,
) -> None:
    workspace = newsroom.workspace
    archived = workspace.add_channel("old")
    workspace.archive(archived)
    newsroom.default_channel = newsroom.channel
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=archived.id)
        await newsroom.delivered()
        (root,) = newsroom.roots()
        assert f"Meant for {archived.id}, where I cannot post (is_archived)." in str(root.blocks)
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")
    assert len(workspace.thread(root)) == 1


async def test_after_a_restart_the_news_still_find_the_message_in_the_default_channel(
    newsroom: Newsroom,
) -> None:
    archived = newsroom.workspace.add_channel("old")
    newsroom.workspace.archive(archived)
    newsroom.default_channel = newsroom.channel
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=archived.id)
        await newsroom.delivered()
    await newsroom.observe(State.UP)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")


async def test_without_another_channel_the_news_wait_until_the_bot_is_invited(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    channel = newsroom.workspace.add_channel("quiet", installed=False)
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=channel.id)
        await newsroom.tried()
        newsroom.workspace.invite("quiet")
        await newsroom.delivered()
    assert len(newsroom.roots("quiet")) == 1
    assert "/invite" in caplog.text


async def test_trouble_in_one_channel_does_not_hold_up_another(newsroom: Newsroom) -> None:
    channel = newsroom.workspace.add_channel("quiet", installed=False)
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, "staging", channel=channel.id)
        await newsroom.observe(State.DOWN, "prod")
        await newsroom.delivered(but=1)
    assert len(newsroom.roots()) == 1


async def test_a_message_that_someone_deleted_is_posted_again(newsroom: Newsroom) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        newsroom.workspace.core.state.remove(newsroom.roots()[0])
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")


async def test_what_replaced_a_deleted_message_is_found_and_not_sent_again(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        newsroom.workspace.delete_message(newsroom.roots()[0])
        fault = newsroom.workspace.faults.drop(method="chat.postMessage", after=True)
        await newsroom.observe(State.DOWN, code="http_502_upstream_down")
        await newsroom.delivered()
    assert fault.met == 1
    assert len(newsroom.roots()) == 1


async def test_a_channel_that_is_opened_again_meanwhile_gets_no_second_message(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
        archived = newsroom.workspace.faults.error("is_archived", method="chat.update")
        await newsroom.observe(State.UP)
        await newsroom.delivered()
    assert archived.met == 1
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")


async def test_what_cannot_be_answered_in_its_channel_any_more_is_told_in_the_default_one(
    newsroom: Newsroom,
) -> None:
    workspace = newsroom.workspace
    quiet = workspace.add_channel("quiet")
    newsroom.default_channel = newsroom.channel
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=quiet.id)
        await newsroom.delivered()
        workspace.remove(quiet, workspace.bot)
        fault = workspace.faults.error("not_in_channel", method="chat.postMessage")
        lost = workspace.faults.drop(method="chat.postMessage", after=True)
        await newsroom.observe(State.UP, channel=quiet.id)
        await newsroom.delivered()
    assert (fault.met, lost.met) == (1, 1)
    (root,) = newsroom.roots("quiet")
    assert root.text.startswith("prod is up again")
    (told,) = newsroom.told()
    assert told.text == root.text
    assert f"Meant for {quiet.id}" in str(told.blocks)


@pytest.mark.parametrize(
    "trouble", ["restricted_action_thread_locked", "restricted_action_non_threadable_channel"]
)
async def test_a_thread_that_takes_no_answer_holds_nothing_up(
    newsroom: Newsroom, trouble: str
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        newsroom.workspace.faults.error(trouble, method="chat.postMessage")
        await newsroom.observe(State.UP)
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    over, _ = newsroom.roots()
    assert over.text.startswith("prod is up again")
    assert newsroom.workspace.thread(over) == []


@pytest.mark.parametrize(
    ("refusals", "bare"), [(16, True), (17, False)], ids=["a-sentence-is-taken", "nor-a-sentence"]
)
async def test_what_slack_does_not_accept_ends_as_a_bare_sentence_and_holds_nobody_up(
    newsroom: Newsroom, *, refusals: int, bare: bool
) -> None:
    newsroom.workspace.faults.error("invalid_arguments", refusals, method="chat.postMessage")
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, "staging")
        await newsroom.observe(State.DOWN, "prod", code="tcp_timeout")
        await newsroom.delivered()
        assert len(newsroom.workspace.messages(newsroom.channel)) == 2
        await newsroom.observe(State.UP, "staging")
        await newsroom.delivered()
    told = {m.text.split()[0]: m.text for m in newsroom.workspace.messages(newsroom.channel)}
    assert list(told) == (["staging", "prod"] if bare else ["prod", "staging"])
    assert told["prod"].startswith("prod is down: ")
    assert told["staging"].startswith("staging is up again")


CODES = ("tcp_refused", "tcp_timeout", "http_502_upstream_down", "dns_nxdomain")


async def test_news_of_one_channel_arrive_in_their_order(newsroom: Newsroom) -> None:
    for number, code in enumerate(CODES):
        await newsroom.observe(State.DOWN, f"target{number}", code=code)
    newsroom.workspace.faults.error("internal_error", method="chat.postMessage")
    async with newsroom.delivering():
        await newsroom.delivered()
    told = [m.text.split()[0] for m in newsroom.roots()]
    assert told == [f"target{number}" for number in range(4)]


async def test_posts_keep_slacks_pace_of_one_a_second(newsroom: Newsroom) -> None:
    newsroom.workspace.limits.enabled = True
    for number, code in enumerate(CODES[:2]):
        await newsroom.observe(State.DOWN, f"target{number}", code=code)
    async with newsroom.delivering(post_gap_s=1.05):
        await newsroom.delivered()
    assert len(newsroom.roots()) == 2
    refused = [c for c in newsroom.workspace.calls if c.answer.get("error") == "ratelimited"]
    assert refused == []


async def test_a_channel_given_by_name_is_posted_to_and_edited(newsroom: Newsroom) -> None:
    newsroom.channel = "#ops"
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    await newsroom.observe(State.UP)
    async with newsroom.delivering():  # a new process, which does not know the id yet
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is up again")
    assert len(newsroom.workspace.thread(root)) == 1


async def test_blocks_that_slack_refuses_do_not_stop_an_alert(newsroom: Newsroom) -> None:
    newsroom.workspace.faults.error("invalid_blocks", method="chat.postMessage")
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is down")


async def test_a_refused_token_keeps_the_news_and_says_what_to_do(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    newsroom.workspace.revoke()
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.tried()
    assert (await newsroom.store.outbox()).depth == 1
    assert "reinstall the app" in caplog.text
    assert newsroom.workspace.bot_token not in caplog.text


async def test_a_locked_thread_keeps_nobody_from_hearing_that_it_got_worse(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
        newsroom.workspace.faults.error(
            "restricted_action_thread_locked", method="chat.postMessage"
        )
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    _, news = newsroom.told()
    assert news.thread_ts is None
    assert news.text.startswith("prod is down now: ")


async def test_a_permission_that_is_missing_in_one_channel_sends_its_news_to_the_default_one(
    newsroom: Newsroom,
) -> None:
    quiet = newsroom.workspace.add_channel("quiet")
    newsroom.default_channel = newsroom.channel
    newsroom.workspace.faults.error("no_permission", method="chat.postMessage")
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel=quiet.id)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert "where I cannot post (no_permission)" in str(root.blocks)


# ---------------------------------------------------------------- quiet targets


async def test_a_quiet_target_is_told_when_quiet_ends_and_holds_nobody_up(
    newsroom: Newsroom,
) -> None:
    newsroom.hushed = {"prod"}
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED, "prod")
        await newsroom.observe(State.DOWN, "staging", code="tcp_timeout")
        await newsroom.delivered(but=1)
        await newsroom.observe(State.DOWN, "prod")
        assert [m.text.split()[0] for m in newsroom.roots()] == ["staging"]
        newsroom.hushed = set()
        newsroom.store.wake.set()  # as an act does
        await newsroom.delivered()
    assert [m.text[:12] for m in newsroom.roots()] == ["staging is d", "prod is down"]


async def test_what_came_and_went_while_it_was_quiet_is_not_told(newsroom: Newsroom) -> None:
    newsroom.hushed = {"prod"}
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.observe(State.UP)
        await newsroom.delivered()
        newsroom.hushed = set()
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert root.text.startswith("prod is down: ")
    assert "Earlier" not in str(root.blocks)


async def test_a_message_that_stands_is_kept_up_to_date_while_it_is_quiet_and_pages_nobody(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DEGRADED)
        await newsroom.delivered()
        newsroom.hushed = {"prod"}
        await newsroom.observe(State.DOWN)
        await newsroom.workspace.wait_for(
            lambda: newsroom.roots()[0].text.startswith("prod is down")
        )
        await newsroom.observe(State.DOWN, code="http_502_upstream_down")
        await newsroom.delivered(but=1)
        assert newsroom.replies() == []
        newsroom.hushed = set()
        newsroom.store.wake.set()
        await newsroom.delivered()
    assert newsroom.replies() == ["worse"]


async def test_what_nobody_could_be_told_before_it_was_muted_stays_untold(
    newsroom: Newsroom,
) -> None:
    await newsroom.workspace.go_away()
    await newsroom.observe(State.DOWN)
    async with newsroom.delivering():
        await newsroom.tried()
    newsroom.hushed = {"prod"}
    await newsroom.workspace.come_back()
    await newsroom.observe(State.UP)
    async with newsroom.delivering():
        await newsroom.delivered()
    assert newsroom.roots() == []


async def test_what_is_shown_beside_an_incident_is_drawn_anew_and_notifies_nobody(
    newsroom: Newsroom,
) -> None:
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN)
        await newsroom.delivered()
        incident = newsroom.states["prod"].incident
        assert incident is not None
        await newsroom.store.refresh(incident.id, newsroom.clock)
        await newsroom.delivered()
    (root,) = newsroom.roots()
    assert (root.revisions, newsroom.replies()) == (1, [])


async def test_a_person_who_cannot_be_written_to_holds_nothing_up(newsroom: Newsroom) -> None:
    newsroom.workspace.faults.error("user_disabled", method="chat.postMessage")
    async with newsroom.delivering():
        await newsroom.observe(State.DOWN, channel="U0123ABCD")
        await newsroom.delivered()
    assert newsroom.roots() == []
