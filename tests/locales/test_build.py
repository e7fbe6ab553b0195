"""The build hook compiles catalogues that the bot can load."""

from __future__ import annotations

import gettext
import shutil
from pathlib import Path

import hatch_build
from bot.locales.catalogue import po_path

ROOT = Path(__file__).parents[2]


def test_every_catalogue_is_compiled_beside_its_source(tmp_path: Path) -> None:
    relative = po_path("ru").relative_to(ROOT)
    source = tmp_path / relative
    source.parent.mkdir(parents=True)
    shutil.copy(ROOT / relative, source)

    assert hatch_build.compile_catalogues(tmp_path) == [source.with_suffix(".mo")]

    with source.with_suffix(".mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)
    assert catalogue.gettext("{n} ms") == "{n} мс"
    assert catalogue.ngettext("{n} cause", "{n} causes", 5) == "{n} причин"
