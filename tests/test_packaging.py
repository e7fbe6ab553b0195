"""What people install: the wheel carries everything, and its command runs from any folder."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import aiohttp
import pytest

from tests.servers.fixtures import StartPython
from tests.servers.process import ChildProcess

ROOT = Path(__file__).parent.parent
_BUILD_S = 180
_RUN_S = 60


def call(*command: str | Path, cwd: Path) -> str:
    """Output of a command that must succeed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=_BUILD_S,
        check=False,
        env={k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME"}},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sources alone: nothing that an earlier build left behind."""
    source = tmp_path_factory.mktemp("source")
    tree = source / "tree"
    shutil.copytree(ROOT / "bot", tree / "bot", ignore=shutil.ignore_patterns("*.mo", "*.pyc"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    out = source / "out"
    call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", out, cwd=tree)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    site = next(folder.glob("lib/python3*/site-packages"))
    call(
        *(sys.executable, "-m", "pip", "--python", folder / "bin" / "python"),
        *("install", "--quiet", "--no-deps", "--no-index", wheel),
        cwd=folder,
    )
    # Only the dependencies: the checkout itself may be installed there, editable.
    (site / "dependencies.pth").write_text(
        "\n".join(entry for entry in sys.path if entry.endswith("site-packages")) + "\n"
    )
    return folder


def test_the_wheel_carries_guides_catalogues_migrations_and_pages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for wanted in (
        r"bot/guide/en\.md",
        r"bot/guide/ru\.md",
        r"bot/locales/ru/LC_MESSAGES/wsdiag\.mo",
        r"bot/store/migrations/versions/.+\.py",
        r"bot/demo/page/.+\.html",
        r"bot/demo/page/.+\.css",
        r"bot/demo/page/.+\.js",
        r"bot/demo/server\.py",
        r"wsdiag-.+\.dist-info/licenses/LICENSE",
    ):
        assert any(re.fullmatch(wanted, name) for name in names), wanted
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


def test_the_installed_command_explains_itself_from_any_folder(
    installed: Path, tmp_path: Path
) -> None:
    said = call(installed / "bin" / "wsdiag", "--help", cwd=tmp_path)
    for command in ("check", "run", "demo", "config", "doctor"):
        assert command in said


async def test_the_installed_command_checks_a_backend(
    installed: Path, tmp_path: Path, socketio_server: StartPython
) -> None:
    server = await socketio_server()
    command = [str(installed / "bin" / "wsdiag"), "check", server.url, "--json"]
    said = await asyncio.to_thread(call, *command, cwd=tmp_path)
    answer = json.loads(said)
    assert (answer["state"], answer["target"]["url"]) == ("up", server.url)


async def test_the_installed_demo_prints_one_address_and_ends_with_ctrl_c(installed: Path) -> None:
    async with ChildProcess([str(installed / "bin" / "wsdiag"), "demo"]) as demo:
        line = await demo.line(lambda line: "http://" in line, deadline_s=_RUN_S)
        address = line[line.index("http://") :].split()[0]
        async with aiohttp.ClientSession() as http, http.get(address) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")
        os.kill(demo.pid, signal.SIGINT)
        await demo.said_everything()
        assert not [line for line in demo.lines if "Traceback" in line]


def test_the_installed_package_speaks_russian_and_finds_its_files(
    installed: Path, tmp_path: Path
) -> None:
    script = """
import bot
from importlib import resources
from bot import guide
from bot.locales import duration
from bot.model import Section
print(bot.__file__)
print(duration(125, "ru"))
print(guide.title(Section.SERVER, "ru"))
print(resources.files("bot.demo").joinpath("page").is_dir())
"""
    said = call(installed / "bin" / "python", "-c", script, cwd=tmp_path).splitlines()
    assert Path(said[0]).is_relative_to(installed)
    assert "мин" in said[1]
    assert re.search("[а-я]", said[2])
    assert said[3] == "True"
