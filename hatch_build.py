"""Build hook: compiles the message catalogues, for wheels and for editable installs alike.

The .mo files are made beside their .po, where `bot.locales` looks for them; they are ignored by
git and named as artifacts in pyproject.toml.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(root: Path) -> list[Path]:
    """Compile every bot/locales/*/LC_MESSAGES/*.po below `root`; the files that were written."""
    written = []
    for po in sorted(root.glob("bot/locales/*/LC_MESSAGES/*.po")):
        with po.open("rb") as source:
            catalogue = read_po(source, domain=po.stem, abort_invalid=True)
        mo = po.with_suffix(".mo")
        with mo.open("wb") as target:
            write_mo(target, catalogue)
        written.append(mo)
    return written


class CatalogueHook(BuildHookInterface[Any]):
    """Runs before the files of a wheel are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_catalogues(Path(self.root))
