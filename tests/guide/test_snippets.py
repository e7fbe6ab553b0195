"""What people copy out of the guide: shells and proxies must accept it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it.tree import SyntaxTreeNode
from typer.main import get_group

from bot import guide
from bot.__main__ import app
from bot.guide.parse import load, markdown
from bot.locales import LANGUAGES
from bot.slack.asking.parse import parse
from bot.slack.asking.requests import (
    Misunderstood,
)
from tests.servers.tools import find

_RUN_S = 30


def fences(language: str, *, lang: str = "en") -> Iterator[tuple[str, str]]:
    for entry in load(lang).entries:
        for node in SyntaxTreeNode(markdown().parse(entry.body)).walk():
            if node.type == "fence" and node.info == language:
                yield entry.anchor, node.content


def run(*command: str | Path, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        input=text,
        capture_output=True,
        text=True,
        timeout=_RUN_S,
        check=False,
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_shell_understands_every_command(lang: str) -> None:
    blocks = list(fences("bash", lang=lang))
    assert len(blocks) > 50
    for anchor, content in blocks:
        done = run("bash", "-n", text=content)
        assert not done.stderr, f"{anchor}: {done.stderr}"


@pytest.mark.nginx
def test_nginx_accepts_every_location_of_the_guide(tmp_path: Path) -> None:
    """Each snippet in a configuration of its own, with the upstream and map it leans on."""
    tried = 0
    for anchor, content in fences("nginx"):
        if "location" not in content:
            continue  # a line or two of a larger block
        outside, inside = _split(content.replace("...", ""))
        if "http://backend" in content and "upstream" not in outside:
            outside += "upstream backend { server 127.0.0.1:3000; }\n"
        if "$connection_upgrade" in inside and "map" not in outside:
            outside += "map $http_upgrade $connection_upgrade { default upgrade; '' close; }\n"
        config = tmp_path / f"{anchor}.conf"
        config.write_text(
            f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}\n"
            f"http {{ access_log off; {_temporary(tmp_path)}\n{outside}"
            f"server {{ listen 127.0.0.1:18080;\n{inside} }} }}\n",
            encoding="utf-8",
        )
        done = run(find("nginx") or "nginx", "-t", "-q", "-p", tmp_path, "-c", config)
        assert done.returncode == 0, f"{anchor}: {done.stderr}"
        tried += 1
    assert tried >= 10


def _temporary(folder: Path) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)


def _split(content: str) -> tuple[str, str]:
    """What belongs into `http` (maps, upstreams) and what into `server`."""
    outside, inside, depth, outer = "", "", 0, False
    for line in content.splitlines(keepends=True):
        code = line.split("#")[0]
        if depth == 0:
            outer = code.startswith(("map ", "upstream ", "limit_req_zone "))
        depth += code.count("{") - code.count("}")
        outside, inside = (outside + line, inside) if outer else (outside, inside + line)
    return outside, inside


@pytest.mark.haproxy
def test_haproxy_accepts_the_configuration_of_the_guide(tmp_path: Path) -> None:
    (content,) = [content for _, content in fences("haproxy") if "backend" in content]
    config = tmp_path / "haproxy.cfg"
    config.write_text(
        f"{content}\nfrontend web\n    bind 127.0.0.1:18080\n    default_backend socketio\n",
        encoding="utf-8",
    )
    done = run(find("haproxy") or "haproxy", "-c", "-f", config)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_commands_of_wsdiag_are_there_with_their_options(lang: str) -> None:
    known = {
        command.name: {option for parameter in command.params for option in parameter.opts}
        for command in get_group(app).commands.values()
    }
    text = Path(guide.__file__).with_name(f"{lang}.md").read_text(encoding="utf-8")
    used = re.findall(r"`wsdiag ([a-z]+)([^\n`]*)`", text)
    for _anchor, content in fences("bash", lang=lang):
        used += re.findall(r"^wsdiag ([a-z]+)([^\n#]*)", content, re.MULTILINE)
    assert used
    for command, rest in used:
        assert command in known
        assert set(re.findall(r"--[a-z-]+", rest)) <= known[command]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_slash_commands_are_there(lang: str) -> None:
    text = Path(guide.__file__).with_name(f"{lang}.md").read_text(encoding="utf-8")
    used = set(re.findall(r"`/wsdiag ([a-z]+)", text))
    assert used
    for word in used:
        typed = "explain TEXT" if word == "explain" else word
        assert not isinstance(parse(typed, ["prod"]), Misunderstood)
