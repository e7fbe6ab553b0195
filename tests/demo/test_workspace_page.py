"""The page: who may reach it, and in Chromium what a person sees and does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright, expect
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import (
    AppConfig,
    Channel,
    CustomStep,
    Panel,
    Parameter,
    Shortcut,
    Switch,
    SystemClock,
    User,
    Workspace,
)
from bot.model import say
from tests.demo.test_workspace_sockets import RawSocket, connected
from tests.servers.tools import find

Json = dict[str, Any]

STEP = CustomStep(
    "diagnose", "Diagnose a backend", inputs=(Parameter("target", title="Target", required=True),),
    outputs=(Parameter("state"),),
)  # fmt: skip
# One red pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


# ---------------------------------------------------------------- without a browser


async def _status(workspace: Workspace, path: str, **request: Any) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            request.pop("method", "GET"), workspace.base_url + path, **request
        ) as answer,
    ):
        return answer.status


async def test_the_page_brings_all_its_files_and_a_strict_policy(workspace: Workspace) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(workspace.base_url) as answer:
            assert answer.content_type == "text/html"
            policy = answer.headers["Content-Security-Policy"]
            page = await answer.text()
        assert "default-src 'none'" in policy
        assert "http" not in page.replace("https://www.w3.org", "")  # nothing from elsewhere
        for name in ("main.js", "base.css", "blocks.css", "theme.js", "icon.svg"):
            async with session.get(f"{workspace.base_url}page/{name}") as answer:
                assert answer.status == 200, name


@pytest.mark.parametrize("name", ["..%2f__init__.py", "nothing.js", "%2e%2e%2fworkspace.py"])
async def test_only_the_pages_own_files_are_served(workspace: Workspace, name: str) -> None:
    assert await _status(workspace, f"page/{name}") == 404


async def test_another_sites_script_cannot_act_here(
    workspace: Workspace, mira: User, ops: Channel
) -> None:
    body = json.dumps({"user": mira.id, "channel": ops.id, "text": "hacked"})
    common = {"method": "POST", "data": body}
    json_type = {"Content-Type": "application/json"}
    foreign = {"Origin": "https://evil.example", **json_type}
    assert await _status(workspace, "do/say", headers=foreign, **common) == 403
    rebound = {"Host": "evil.example", **json_type}
    assert await _status(workspace, "do/say", headers=rebound, **common) == 403
    simple = {"Content-Type": "text/plain"}
    assert await _status(workspace, "do/say", headers=simple, **common) == 415
    assert workspace.messages(ops) == []
    assert await _status(workspace, "do/say", headers=json_type, **common) == 200
    assert [m.text for m in workspace.messages(ops)] == ["hacked"]


async def test_another_sites_script_cannot_listen_here(workspace: Workspace, mira: User) -> None:
    assert await _status(workspace, "feed", headers={"Origin": "https://evil.example"}) == 403


async def test_a_visitor_sees_only_their_own_channels_and_ephemerals(
    workspace: Workspace, client: AsyncWebClient, mira: User, ops: Channel
) -> None:
    leo = workspace.add_user("leo")
    workspace.add_channel("leos", members=[leo], private=True)
    workspace.invite(ops, leo)
    await client.chat_postEphemeral(channel=ops.id, user=leo.id, text="for Leo only")
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{workspace.base_url}feed?user=mira") as feed,
    ):
        snapshot = await feed.receive_json(timeout=5)
    assert [c["name"] for c in snapshot["channels"] if not c["is_im"]] == ["ops"]
    assert "for Leo only" not in json.dumps(snapshot)


async def test_a_panel_speaks_the_visitors_language_and_shows_what_went_wrong(
    mira_panel: tuple[Workspace, list[str]],
) -> None:
    workspace, chosen = mira_panel
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{workspace.base_url}feed") as feed,
    ):
        panel = (await feed.receive_json(timeout=5))["panel"]
        assert panel["current"] == "none"
        assert panel["switches"][1]["label"] == "Stopped"
        body = {"user": workspace.user("mira").id, "name": "broken"}
        async with session.post(f"{workspace.base_url}do/switch", json=body) as answer:
            assert (await answer.json())["error"] == "RuntimeError: it does not break"
    assert chosen == ["broken"]


# ---------------------------------------------------------------- in Chromium


@pytest.fixture
async def mira_panel() -> AsyncIterator[tuple[Workspace, list[str]]]:
    """A workspace on the real clock, with a panel of switches; and what was chosen."""
    chosen: list[str] = []

    async def choose(name: str) -> None:
        chosen.append(name)
        if name == "broken":
            raise RuntimeError("it does not break")

    panel = Panel(
        "Backend",
        [Switch("none", "Healthy"), Switch("stop", say("Stopped"), danger=True),
         Switch("broken", "Broken")],
        choose,
        "none",
    )  # fmt: skip
    app = AppConfig(
        bot_events=("function_executed",),
        shortcuts=(Shortcut("Explain this", "explain", "message"),),
        steps=(STEP,),
    )
    async with Workspace(rate_limits=False, clock=SystemClock(), panel=panel, app=app) as workspace:
        mira = workspace.add_user("mira", real_name="Mira Okafor")
        workspace.add_user("sasha", locale="ru-RU")
        workspace.add_channel("ops", members=[mira, "sasha"])
        yield workspace, chosen


@pytest.fixture
async def seen(mira_panel: tuple[Workspace, list[str]]) -> AsyncIterator[tuple[Page, Workspace]]:
    """The page in Chromium, as Mira; fails on any error in its console."""
    workspace, _ = mira_panel
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-quic"],
        )
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(10_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        await page.goto(workspace.base_url)
        await page.wait_for_selector(".place[aria-current]")
        yield page, workspace
        await browser.close()
        assert errors == []


def _client(workspace: Workspace) -> AsyncWebClient:
    return AsyncWebClient(workspace.bot_token, base_url=workspace.api_url)


async def _ack_next(socket: RawSocket) -> Json:
    frame = await socket.frame()
    await socket.ack(frame)
    return frame["payload"]


def _button(**fields: Any) -> Json:
    return {
        "type": "button",
        "action_id": "again",
        "text": {"type": "plain_text", "text": "Check again"},
        **fields,
    }


@pytest.mark.chromium
async def test_a_message_appears_and_changes_without_a_reload(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    client = _client(workspace)
    ops = workspace.channel("ops")
    ts = (await client.chat_postMessage(channel=ops.id, text="*checking* prod"))["ts"]
    message = page.locator("#stage article.message")
    await expect(message.locator("strong", has_text="checking")).to_be_visible()
    await client.chat_update(channel=ops.id, ts=ts, text="prod is up")
    await expect(message).to_contain_text("prod is up")
    await expect(message.locator(".edited")).to_be_visible()
    await client.chat_delete(channel=ops.id, ts=ts)
    await expect(message).to_have_count(0)


@pytest.mark.chromium
async def test_markup_from_outside_is_text(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    hostile = '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1">'
    await _client(workspace).chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[
            {"type": "section", "text": {"type": "mrkdwn", "text": f"{hostile} &lt;!channel&gt;"}},
            {"type": "header", "text": {"type": "plain_text", "text": "<!here> <b>plain</b>"}},
            {"type": "markdown", "text": f"{hostile} [go](javascript:hacked)"},
        ],
    )
    message = page.locator("#stage article.message")
    await expect(message).to_contain_text("<script>window.hacked = 1</script>")
    await expect(message).to_contain_text("<!channel>")
    await expect(message).to_contain_text("<!here> <b>plain</b>")
    assert await message.locator("script, img, a[href^='javascript'], .mention").count() == 0
    assert await page.evaluate("window.hacked") is None


@pytest.mark.chromium
async def test_a_command_is_completed_and_typed(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    async with connected(workspace) as socket:
        field = page.locator("#composer-text")
        await field.press_sequentially("/ws")
        await expect(page.locator("[role=option]")).to_contain_text("/wsdiag")
        await field.press("Tab")
        await expect(field).to_have_value("/wsdiag ")
        await field.press_sequentially("prod")
        await field.press("Enter")
        payload = await _ack_next(socket)
    assert (payload["command"], payload["text"]) == ("/wsdiag", "prod")
    await expect(field).to_have_value("")


@pytest.mark.chromium
async def test_a_command_that_nobody_answers_is_told_by_slackbot(
    seen: tuple[Page, Workspace],
) -> None:
    page, _ = seen
    await page.fill("#composer-text", "/wsdiag prod")
    await page.press("#composer-text", "Enter")
    whisper = page.locator("article.ephemeral")
    await expect(whisper).to_contain_text('failed with the error "dispatch_failed"')
    await expect(whisper).to_contain_text("Only visible to you")
    await page.get_by_role("button", name="Dismiss").click()
    await expect(whisper).to_have_count(0)


@pytest.mark.chromium
async def test_a_button_asks_first_when_it_has_a_confirm(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    confirm = {
        "title": {"type": "plain_text", "text": "Sure?"},
        "text": {"type": "mrkdwn", "text": "*Really?*"},
        "confirm": {"type": "plain_text", "text": "Do it"},
        "deny": {"type": "plain_text", "text": "Rather not"},
    }
    await _client(workspace).chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[{"type": "actions", "elements": [_button(confirm=confirm)]}],
    )
    async with connected(workspace) as socket:
        await page.get_by_role("button", name="Check again").click()
        await page.get_by_role("button", name="Rather not").click()
        await expect(page.locator("#confirm")).to_be_hidden()
        assert workspace.sockets.delivered == [0]
        await page.get_by_role("button", name="Check again").click()
        await page.get_by_role("button", name="Do it").click()
        payload = await _ack_next(socket)
    assert payload["actions"][0]["action_id"] == "again"


@pytest.mark.chromium
async def test_a_menu_works_with_the_keyboard(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    menu = {
        "type": "overflow",
        "action_id": "more",
        "options": [
            {"text": {"type": "plain_text", "text": name}, "value": name.lower()}
            for name in ("Mute", "Copy")
        ],
    }
    await _client(workspace).chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[
            {
                "type": "section",
                "text": {"type": "plain_text", "text": "x"},
                "accessory": menu,
            }
        ],
    )
    async with connected(workspace) as socket:
        opener = page.locator(".accessory").get_by_role("button", name="More actions")
        await opener.press("Enter")
        await page.keyboard.press("ArrowDown")
        await expect(page.get_by_role("menuitem", name="Copy")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(opener).to_be_focused()
        await opener.press("Enter")
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        payload = await _ack_next(socket)
    assert payload["actions"][0]["selected_option"]["value"] == "copy"


@pytest.mark.chromium
async def test_a_modal_keeps_what_was_typed_and_shows_errors_at_the_field(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    mira = workspace.user("mira")
    fields = [("url", "URL"), ("why", "Reason")]
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Watch"},
        "submit": {"type": "plain_text", "text": "Go"},
        "blocks": [
            {
                "type": "input",
                "block_id": block_id,
                "label": {"type": "plain_text", "text": label},
                "element": {"type": "plain_text_input", "action_id": "typed"},
            }
            for block_id, label in fields
        ],
    }
    await _client(workspace).views_open(
        trigger_id=workspace.core.triggers.issue(mira.id), view=view
    )
    dialog = page.locator("#modal")
    async with connected(workspace) as socket:
        await dialog.get_by_label("URL").fill("nowhere")
        await dialog.get_by_role("button", name="Go").click()
        await expect(dialog).to_contain_text("Please complete this required field.")
        await expect(dialog.get_by_label("URL")).to_have_value("nowhere")
        await dialog.get_by_label("Reason").fill("because")
        await dialog.get_by_role("button", name="Go").click()
        frame = await socket.frame()
        await socket.ack(frame, {"response_action": "errors", "errors": {"url": "No such host"}})
        await expect(dialog.locator(".wrong")).to_contain_text("No such host")
        await expect(dialog.get_by_label("Reason")).to_have_value("because")
        await dialog.get_by_role("button", name="Go").click()
        payload = await _ack_next(socket)
        await expect(dialog).to_be_hidden()
    assert payload["view"]["state"]["values"]["why"]["typed"]["value"] == "because"


@pytest.mark.chromium
async def test_a_thread_opens_beside_the_channel_and_takes_replies(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    client = _client(workspace)
    ts = (await client.chat_postMessage(channel=ops.id, text="root"))["ts"]
    await client.chat_postMessage(channel=ops.id, text="evidence", thread_ts=ts)
    await page.get_by_role("button", name="1 reply").click()
    thread = page.locator("#thread")
    await expect(thread).to_contain_text("evidence")
    await thread.get_by_role("combobox").fill("thanks")
    await thread.get_by_role("combobox").press("Enter")
    await expect(thread).to_contain_text("thanks")
    assert [m.text for m in workspace.thread(workspace.messages(ops)[0])] == ["evidence", "thanks"]
    await thread.get_by_role("combobox").fill("/wsdiag")
    await thread.get_by_role("combobox").press("Enter")
    await expect(page.locator(".toast")).to_contain_text("do not work in threads")


@pytest.mark.chromium
async def test_the_home_tab_is_asked_for_and_shown(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    mira = workspace.user("mira")
    await page.get_by_role("button", name="wsdiag", exact=False).first.click()
    await expect(page.locator(".home")).to_contain_text("has not published")
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "*prod* is up"}}
    await _client(workspace).views_publish(
        user_id=mira.id, view={"type": "home", "blocks": [section]}
    )
    await expect(page.locator(".home strong")).to_have_text("prod")


@pytest.mark.chromium
async def test_a_switch_of_the_panel_is_flipped(
    seen: tuple[Page, Workspace], mira_panel: tuple[Workspace, list[str]]
) -> None:
    page, _ = seen
    await page.get_by_role("radio", name="Stopped").click()
    await expect(page.get_by_role("radio", name="Stopped")).to_have_attribute(
        "aria-checked", "true"
    )
    await page.get_by_role("radio", name="Broken").click()
    await expect(page.locator(".toast")).to_contain_text("it does not break")
    assert mira_panel[1] == ["stop", "broken"]


@pytest.mark.chromium
async def test_the_language_is_the_users_and_the_app_can_ask_for_it(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    mira = workspace.user("mira")
    await page.get_by_role("button", name="Language").click()
    await expect(page.locator(".places")).to_contain_text("Каналы")
    answer = await _client(workspace).users_info(user=mira.id, include_locale=True)
    assert answer["user"]["locale"] == "ru-RU"


@pytest.mark.chromium
async def test_the_theme_follows_the_system_until_it_is_switched(
    seen: tuple[Page, Workspace],
) -> None:
    page, _ = seen
    root = page.locator("html")
    await page.emulate_media(color_scheme="dark")
    await page.reload()
    await expect(root).to_have_attribute("data-theme", "dark")
    await page.get_by_role("button", name="Switch between light and dark").click()
    await expect(root).to_have_attribute("data-theme", "light")
    await page.reload()
    await expect(root).to_have_attribute("data-theme", "light")


@pytest.mark.chromium
async def test_a_phone_shows_everything_without_scrolling_sideways(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    await page.set_viewport_size({"width": 360, "height": 740})
    cell = {"type": "raw_text", "text": "a rather long cell of a table"}
    await _client(workspace).chat_postMessage(
        channel=ops.id,
        text="x",
        blocks=[
            {"type": "table", "rows": [[cell] * 6] * 2},
            {"type": "section", "text": {"type": "mrkdwn", "text": "wss://" + "x" * 200}},
            {
                "type": "actions",
                "elements": [_button(action_id=f"a{n}") for n in range(5)],
            },
        ],
    )
    await expect(page.locator("#stage article.message")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    stage = page.locator("#stage")
    assert await stage.evaluate("node => node.scrollWidth <= node.clientWidth")
    await page.get_by_role("button", name="Open the list of channels").click()
    await expect(page.locator("#sidebar")).to_be_in_viewport()
    await page.locator("#sidebar").get_by_role("button", name="wsdiag").click()
    await expect(page.locator("#bar h1")).to_contain_text("wsdiag")
    await expect(page.locator("#sidebar")).not_to_be_in_viewport()


@pytest.mark.chromium
async def test_the_page_finds_its_way_back_when_slack_does(
    seen: tuple[Page, Workspace], mira_panel: tuple[Workspace, list[str]]
) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    await workspace.go_away()
    await expect(page.locator("#strip")).to_be_visible()
    await workspace.come_back()
    await _client(workspace).chat_postMessage(channel=ops.id, text="back again")
    await expect(page.locator("#stage")).to_contain_text("back again")
    await expect(page.locator("#strip")).to_be_hidden()


@pytest.mark.chromium
async def test_a_permalink_opens_and_marks_its_message(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    client = _client(workspace)
    ts = (await client.chat_postMessage(channel=ops.id, text="the incident"))["ts"]
    link = (await client.chat_getPermalink(channel=ops.id, message_ts=ts))["permalink"]
    await page.goto(link)
    await expect(page.locator("article.highlight")).to_contain_text("the incident")


@pytest.mark.chromium
async def test_a_message_shortcut_is_in_the_messages_menu(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    mira, ops = workspace.user("mira"), workspace.channel("ops")
    await workspace.say(mira, ops, "websocket error")
    async with connected(workspace) as socket:
        message = page.locator("#stage article.message")
        await message.hover()
        await message.get_by_role("button", name="More actions").click()
        choosing = asyncio.create_task(page.get_by_role("menuitem", name="Explain this").click())
        payload = await _ack_next(socket)
        await choosing
    assert (payload["type"], payload["callback_id"]) == ("message_action", "explain")


@pytest.mark.chromium
async def test_status_signs_are_drawn_whether_written_as_codes_or_characters(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    ops = workspace.channel("ops")
    await _client(workspace).chat_postMessage(
        channel=ops.id, text=":red_circle: 🔴 ⚠️ at 12:30:45, :nonsense: stays"
    )
    message = page.locator("#stage article.message")
    await expect(message.locator(".emoji svg")).to_have_count(3)
    await expect(message).to_contain_text("at 12:30:45, :nonsense: stays")


@pytest.mark.chromium
async def test_a_workflow_step_is_run_and_its_end_is_told(seen: tuple[Page, Workspace]) -> None:
    page, workspace = seen
    async with connected(workspace) as socket:
        await page.get_by_role("button", name="Shortcuts").click()
        await page.get_by_role("menuitem", name="Diagnose a backend").click()
        await page.locator("#confirm").get_by_label("Target").fill("prod")
        await page.locator("#confirm").get_by_role("button", name="Run").click()
        event = (await _ack_next(socket))["event"]
    assert event["inputs"] == {"target": "prod"}
    await _client(workspace).functions_completeSuccess(
        function_execution_id=event["function_execution_id"], outputs={"state": "down"}
    )
    await expect(page.locator(".toast")).to_contain_text("Diagnose a backend: done. state: down")


@pytest.mark.chromium
async def test_pictures_are_shown_with_their_description_and_logs_with_their_beginning(
    seen: tuple[Page, Workspace],
) -> None:
    page, workspace = seen
    client = _client(workspace)
    ops = workspace.channel("ops")
    done = await client.files_upload_v2(
        filename="chart.png", content=PNG, title="Chart", alt_txt="Round trips of prod"
    )
    block = {
        "type": "image",
        "alt_text": "The last day of prod",
        "slack_file": {"id": done["file"]["id"]},
    }
    await client.chat_postMessage(channel=ops.id, text="The last day.", blocks=[block])
    await client.files_upload_v2(
        channel=ops.id, filename="chart.png", content=PNG, title="Chart", alt_txt="Round trips"
    )
    await client.files_upload_v2(channel=ops.id, filename="prod.log", content="21:14 dial: refused")
    stage = page.locator("#stage")
    for name in ("The last day of prod", "Round trips"):
        picture = stage.get_by_role("img", name=name, exact=True)
        await expect(picture).to_be_visible()
        assert await picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 1
    await expect(stage.locator(".file-card pre")).to_have_text("21:14 dial: refused")
