"""Opening: private files, upgrades under a lock, and errors that say what to change."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.store import Store, StoreError
from bot.store import engine as engines
from bot.store.schema import metadata
from tests.store.conftest import a_report


async def test_the_revisions_lead_to_exactly_the_tables_of_the_schema(url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return list(compare_metadata(context, metadata))

    async with await Store.open(url) as store, store._engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_many_processes_may_open_a_new_database_at_once(url: str) -> None:
    stores = await asyncio.gather(*(Store.open(url) for _ in range(4)))
    for store in stores:
        await store.check()
        await store.close()


async def test_a_database_of_a_newer_version_is_left_alone(url: str) -> None:
    async with await Store.open(url) as store:
        saved = await store.save_report(a_report())
        async with store._engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"newer version of wsdiag.*9999"):
        await Store.open(url)
    engine = engines.create(engines.parse(url))
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT id FROM reports")) == saved
    await engine.dispose()


async def test_file_and_folder_are_private(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "wsdiag.db"
    async with await Store.open(f"sqlite:///{file}") as store:
        await store.save_report(a_report())
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        files = sorted(path.name for path in file.parent.iterdir())
        assert files == ["wsdiag.db", "wsdiag.db-shm", "wsdiag.db-wal"]
        for name in files:
            assert stat.S_IMODE((file.parent / name).stat().st_mode) == 0o600


async def test_sqlite_writes_are_durable_and_checked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/wsdiag.db"
    async with await Store.open(url) as store, store._engine.connect() as connection:
        found = {
            name: await connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


async def test_closing_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = await Store.open(f"sqlite:///{tmp_path}/wsdiag.db")
    await store.save_report(a_report())
    await store.close()
    await store.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()
    with pytest.raises(StoreError, match="closed"):
        await store.check()


async def test_a_failed_opening_leaves_no_thread(tmp_path: Path) -> None:
    file = tmp_path / "wsdiag.db"
    file.write_text("not a database at all, but long enough to be taken for one " * 50)
    before = set(threading.enumerate())
    with pytest.raises(StoreError):
        await Store.open(f"sqlite:///{file}")
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


async def test_a_file_that_is_no_database_is_named_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "wsdiag.db"
    content = b"#!/bin/sh\n" + b"echo hello\n" * 1000
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"wsdiag\.db is damaged.*Move the file away"):
        await Store.open(f"sqlite:///{file}")
    assert file.read_bytes() == content


async def test_a_damaged_database_is_noticed_at_opening(tmp_path: Path) -> None:
    file = tmp_path / "wsdiag.db"
    async with await Store.open(f"sqlite:///{file}") as store:
        for n in range(30):
            await store.save_report(a_report(when_s=n))
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with file.open("r+b") as damaged:
        damaged.seek(4096)
        damaged.write(b"\xff" * 4096 * 6)
    with pytest.raises(StoreError, match="damaged"):
        await Store.open(f"sqlite:///{file}")


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/state/wsdiag\.db cannot be created.*rights"):
        await Store.open(f"sqlite:///{tmp_path}/file/state/wsdiag.db")


async def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be created or written"):
        await Store.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "cannot be read"),
        ("no url", "cannot be read"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("mysql://root:hunter2@db/wsdiag", "mysql"),
    ],
)
async def test_a_database_url_that_will_not_do_says_what_to_write(url: str, says: str) -> None:
    with pytest.raises(StoreError, match=says) as caught:
        await Store.open(url)
    assert "hunter2" not in str(caught.value)
    assert "sqlite" in str(caught.value)


async def test_a_server_out_of_reach_is_named_without_its_password() -> None:
    pytest.importorskip("asyncpg")
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:1/wsdiag") as caught:
        await Store.open("postgresql://bot:hunter2@127.0.0.1:1/wsdiag")
    assert "hunter2" not in str(caught.value)


async def test_another_process_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "wsdiag.db"
    async with await Store.open(f"sqlite:///{file}") as store:
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        saving = asyncio.create_task(store.save_report(a_report()))
        done, _ = await asyncio.wait({saving}, timeout=0.2)
        assert not done
        other.execute("COMMIT")
        other.close()
        assert await store.report(await saving) == a_report()
