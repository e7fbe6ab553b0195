"""A database of each kind: a SQLite file, and a PostgreSQL server of the test run's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.evidence import TcpEvidence
from bot.model import (
    Confidence,
    Finding,
    Layer,
    Named,
    Observation,
    Reason,
    Report,
    Section,
    State,
    Status,
    Verdict,
    say,
)
from bot.store import Keep, Store
from tests.servers.process import free_port

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEBIAN = Path("/usr/lib/postgresql")


def at(seconds: float) -> datetime:
    """A moment of the test's story."""
    return START + timedelta(seconds=seconds)


def a_report(state: State = State.DOWN, code: str = "tcp_refused", when_s: float = 0) -> Report:
    """A report with evidence and sentences, as a diagnosis would give."""
    trouble = state in (State.DOWN, State.DEGRADED)
    cause = Named(code, Layer.TCP, Section.SERVER, Confidence.CERTAIN) if trouble else None
    finding = Finding(
        probe="tcp",
        status=Status.FAIL if trouble else Status.OK,
        reason=Reason.REFUSED if trouble else None,
        evidence=TcpEvidence("192.0.2.7", 443, 4, errno="ECONNREFUSED" if trouble else None),
        duration_ms=1.5,
        address="192.0.2.7",
    )
    why = (say("{address} refuses connections.", address="192.0.2.7"),) if trouble else ()
    verdict = Verdict(state, cause, alternatives=("srv_restarting",), why=why)
    return Report("prod", "https://prod.example", "local", (finding,), verdict, at(when_s), 40.25)


def seen(
    state: State, when_s: float, code: str = "tcp_refused", target: str = "prod"
) -> Observation:
    """A confirmed look."""
    return Observation(target, at(when_s), state, a_report(state, code, when_s))


def _postgres_program(name: str) -> str | None:
    newest_first = sorted(DEBIAN.glob(f"*/bin/{name}"), reverse=True)
    return str(newest_first[0]) if newest_first else shutil.which(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server on loopback; yields its URL without a database name."""
    pytest.importorskip("asyncpg", reason="asyncpg is not installed (wsdiag[postgres])")
    initdb, server = _postgres_program("initdb"), _postgres_program("postgres")
    if initdb is None or server is None:
        pytest.skip("PostgreSQL's server is not installed (make tools)")
    # The server refuses to run as root; Debian's package brings an account for it.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="wsdiag-pg-") as folder:
        if user:
            shutil.chown(folder, user)
        data, port = f"{folder}/data", free_port()
        subprocess.run(
            [initdb, "-D", data, "-U", "wsdiag", "--auth=trust", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, user=user, cwd=folder, timeout=60,
        )  # fmt: skip
        process = subprocess.Popen(
            [server, "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port), "-F"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, user=user, cwd=folder, text=True,
        )  # fmt: skip
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if "ready to accept connections" in line:
                    break
            else:
                pytest.fail("PostgreSQL did not start")
            yield f"postgresql://wsdiag@127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.fixture(params=["sqlite", "postgres"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'wsdiag.db'}"
    server: str = request.getfixturevalue("postgres")
    name = f"t{abs(hash(request.node.nodeid)):x}"
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(f"{server}/postgres", timeout=20)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    finally:
        await connection.close(timeout=10)
    return f"{server}/{name}"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    """An open store on a new database."""
    async with await Store.open(url, keep=Keep(reports=50)) as opened:
        yield opened


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    """For a test that opens and closes stores itself."""
    async with AsyncExitStack() as exits:
        yield exits
