from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import text

from bot import doctor, guide
from bot.diagnose import diagnose
from bot.guide import GuideLinks
from bot.locales import translate
from bot.model import Check, Report, SecretRef, Status, Target
from bot.store import Store, engine
from bot.web import Vitals, build, serving


def words(check: Check | None) -> str:
    assert check is not None
    parts = (check.message, check.fix)
    return " ".join(translate(part, "en") for part in parts if part is not None)


# ---------------------------------------------------------------- the database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "wsdiag.db"


def made(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)


def url(file: Path) -> SecretStr:
    return SecretStr(f"sqlite+aiosqlite:///{file}")


async def test_a_database_that_is_not_there_yet_is_left_alone(file: Path) -> None:
    check = await doctor.database(url(file))
    assert check.status is Status.OK
    assert "is made when the bot starts" in words(check)
    assert not file.parent.exists()


async def test_a_database_of_this_version_is_up_to_date(file: Path) -> None:
    await (await Store.open(url(file).get_secret_value())).close()
    check = await doctor.database(url(file))
    assert (check.status, "is up to date" in words(check)) == (Status.OK, True)


async def test_looking_changes_nothing_in_the_database(file: Path) -> None:
    await (await Store.open(url(file).get_secret_value())).close()
    await doctor.database(url(file))
    opened = engine.create(engine.parse(url(file).get_secret_value()))
    async with opened.connect() as connection:
        names = await connection.execute(text("SELECT name FROM sqlite_master"))
        assert "wsdiag_doctor" not in {row[0] for row in names}
    await opened.dispose()


async def test_a_database_of_a_newer_version_says_to_upgrade(file: Path) -> None:
    await (await Store.open(url(file).get_secret_value())).close()
    opened = engine.create(engine.parse(url(file).get_secret_value()))
    async with opened.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await opened.dispose()
    check = await doctor.database(url(file))
    assert check.status is Status.FAIL
    assert "newer version" in words(check)
    assert "Upgrade wsdiag" in words(check)


async def test_an_empty_file_is_set_up_later(file: Path) -> None:
    made(file, "")
    check = await doctor.database(url(file))
    assert (check.status, "is empty" in words(check)) == (Status.OK, True)


async def test_a_file_that_is_no_database_is_a_failure_with_the_fix(file: Path) -> None:
    made(file, "this is prose, and long enough to be taken for a damaged header\n" * 50)
    check = await doctor.database(url(file))
    assert check.status is Status.FAIL
    assert str(file) in words(check)


async def test_a_place_below_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    check = await doctor.database(url(tmp_path / "file" / "wsdiag.db"))
    assert check.status is Status.FAIL
    assert "WSDIAG_DATABASE_URL" in words(check)


async def test_a_password_is_not_repeated() -> None:
    check = await doctor.database(SecretStr("mysql://me:s3cret@db.example.com/x"))
    assert check.status is Status.FAIL
    assert "s3cret" not in words(check)


# ---------------------------------------------------------------- the guide


@pytest.fixture
async def own_pages() -> AsyncIterator[str]:
    async def vitals() -> Vitals:
        return Vitals(datetime.now(UTC), "1")

    async with serving(build(guide=guide.html, vitals=vitals), "127.0.0.1", 0) as address:
        yield address


@pytest.mark.parametrize("lang", ["en", "ru"])
async def test_the_bots_own_page_has_every_section(own_pages: str, lang: str) -> None:
    check = await doctor.guide(GuideLinks(None, own_pages), lang)
    assert check.status is Status.OK
    assert f"{own_pages}/guide/{lang}" in words(check)


async def test_no_page_is_fine_since_slack_shows_the_guide() -> None:
    assert (await doctor.guide(GuideLinks(), "en")).status is Status.OK


async def test_a_copy_without_anchors_is_a_warning() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<h1 id=section-1a>Guide</h1>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/guide", page)
    async with serving(app, "127.0.0.1", 0) as address:
        check = await doctor.guide(GuideLinks(f"{address}/guide", None), "en")
    assert check.status is Status.WARN
    assert "section-1b" in words(check)
    assert "section-1a," not in words(check)


async def test_a_page_that_does_not_answer_names_the_setting(own_pages: str) -> None:
    check = await doctor.guide(GuideLinks(f"{own_pages}/nowhere", None), "en")
    assert (check.status, "WSDIAG_GUIDE_URL" in words(check)) == (Status.FAIL, True)
    async with serving(web.Application(), "127.0.0.1", 0) as gone:
        pass
    check = await doctor.guide(GuideLinks(None, gone), "en")
    assert (check.status, "WSDIAG_PUBLIC_URL" in words(check)) == (Status.WARN, True)


async def test_a_proxy_of_the_environment_is_not_asked_for_loopback(
    own_pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert (await doctor.guide(GuideLinks(None, own_pages), "en")).status is Status.OK


# ---------------------------------------------------------------- targets


async def test_a_target_that_is_down_comes_with_its_fix() -> None:
    async with serving(web.Application(), "127.0.0.1", 0) as gone:
        pass
    target = Target(name="prod", url=gone)
    check = await doctor.health(target, diagnose)
    assert check.status is Status.FAIL
    assert "tcp_refused" in words(check)
    assert check.fix is not None


async def test_secrets_that_cannot_be_read_are_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    target = Target(name="prod", url="https://a.example.com")
    assert await doctor.secrets(target) is None
    monkeypatch.setenv("GOOD", '{"token": "s3cret"}')
    good = await doctor.secrets(replace(target, auth=SecretRef("env:GOOD")))
    assert good is not None
    assert good.status is Status.OK
    monkeypatch.setenv("BAD", "s3cret")
    bad = await doctor.secrets(replace(target, auth=SecretRef("env:BAD")))
    assert bad is not None
    assert bad.status is Status.FAIL
    assert "s3cret" not in words(bad)
    token = tmp_path / "token"
    token.write_text("s3cret")
    token.chmod(0o644)
    exposed = await doctor.secrets(replace(target, headers={"Cookie": SecretRef(f"@{token}")}))
    assert exposed is not None
    assert (exposed.status, "chmod 600" in words(exposed)) == (Status.WARN, True)


async def test_the_address_that_we_leave_from_is_our_own() -> None:
    check = await doctor.egress("way to prod", "http://127.0.0.1:3000")
    assert (check.status, words(check)) == (
        Status.OK,
        "Connections to 127.0.0.1 leave from 127.0.0.1.",
    )


# ---------------------------------------------------------------- everything


async def test_everything_is_looked_at_and_nothing_is_raised(file: Path, own_pages: str) -> None:
    async def quick(target: Target) -> Report:
        return await diagnose(target, deadline_s=2)

    checks = await doctor.examine(
        database_url=url(file),
        targets={"own": Target(name="own", url=own_pages)},
        diagnose=quick,
        links=GuideLinks(None, own_pages),
        slack_api_url=f"{own_pages}/api/",
    )
    assert [check.name for check in checks] == [
        "database", "guide", "way to Slack", "way to own", "target own",
    ]  # fmt: skip
    assert checks[-1].status is Status.FAIL  # it is a web server, not a Socket.IO backend
    assert os.fspath(file) in words(checks[0])


async def test_an_installation_without_targets_is_told_so(file: Path) -> None:
    checks = await doctor.examine(
        database_url=url(file),
        targets={},
        diagnose=diagnose,
        links=GuideLinks(),
        slack_api_url="http://127.0.0.1:1/api/",
    )
    assert any(c.status is Status.WARN and "WSDIAG_URL" in words(c) for c in checks)
