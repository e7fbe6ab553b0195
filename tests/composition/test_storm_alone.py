"""A storm while the bot's own network fails: nobody is blamed, and then the truth is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bot.demo.workspace import Workspace
from tests.composition.test_service import Bot, ops, roots, until
from tests.servers.black_hole import black_hole
from tests.servers.process import free_port
from tests.servers.python_socketio import PythonServer

NAMES = ("basket", "orders", "search", "stock")
_LONG_S = 90.0


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with Workspace() as workspace:
        workspace.add_channel("ops", members=[workspace.add_user("mira")])
        yield workspace


def _write(folder: Path, workspace: Workspace, control: int, ports: dict[str, int]) -> None:
    """Looks repeat quickly, so that the truth is told soon."""
    (folder / "wsdiag.toml").write_text(
        f'channel = "{ops(workspace).id}"\ncontrol_urls = ["http://127.0.0.1:{control}/health"]\n'
        + "".join(
            f'[targets.{name}]\nurl = "http://127.0.0.1:{port}"\nwatch = {{ interval_s = 10 }}\n'
            for name, port in ports.items()
        ),
        encoding="utf-8",
    )


async def test_one_notice_while_the_control_fails_too_and_one_message_for_what_was_true(
    workspace: Workspace, tmp_path: Path
) -> None:
    control = free_port()
    with ExitStack() as lost:
        ports = {name: lost.enter_context(black_hole()) for name in NAMES}
        _write(tmp_path, workspace, control, ports)
        async with Bot(tmp_path, workspace) as bot:
            await until(workspace, "My own network is broken")
            for name in NAMES:  # each was looked at, and none is blamed
                await bot.line(lambda line, name=name: name in line and "❌" in line, _LONG_S)
            assert len(roots(workspace)) == 1
            # Of all that was out of reach, one target is well and three are not.
            async with PythonServer(port=control):
                lost.close()
                async with PythonServer(port=ports["basket"]):
                    alert = await until(workspace, "are down")
                    assert all(name in alert.text for name in ("orders", "search", "stock"))
                    assert "Nothing listens" in alert.text
                    assert "basket" not in alert.text
                    await until(workspace, "works again")
                    assert [m.text[:13] for m in roots(workspace)].count(alert.text[:13]) == 1
                    assert len(roots(workspace)) == 3
