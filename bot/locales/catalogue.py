"""The gettext catalogues: which languages there are, and loading one of them once."""

from __future__ import annotations

import functools
import gettext
import io
import logging
import struct
from pathlib import Path

LANGUAGES = ("en", "ru")
SOURCE_LANGUAGE = "en"  # the language of the msgids: it has no catalogue
DOMAIN = "wsdiag"
FOLDER = Path(__file__).parent

_log = logging.getLogger(__name__)


def language(tag: str | None) -> str:
    """The best of `LANGUAGES` for a language tag such as `ru-RU`, `ru_RU.UTF-8` or None."""
    primary = (tag or "").replace("_", "-").split("-")[0].split(".")[0].strip().lower()
    return primary if primary in LANGUAGES else SOURCE_LANGUAGE


def po_path(lang: str) -> Path:
    """Where the translations of `lang` are written by people."""
    return FOLDER / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def load(lang: str) -> gettext.NullTranslations:
    """The catalogue of one of `LANGUAGES`; an empty one (English shows) if it cannot be read."""
    if lang == SOURCE_LANGUAGE:
        return gettext.NullTranslations()
    return _load_beside(po_path(lang))


@functools.cache
def _load_beside(po: Path) -> gettext.NullTranslations:
    return read_catalogue(po)


def read_catalogue(po: Path) -> gettext.NullTranslations:
    """Read the compiled catalogue beside `po`, or compile `po` in memory if that is stale.

    An installation has only the compiled file. A checkout has the .po and, after an install, a
    .mo that an edit or a `git pull` leaves behind: then the .po is what counts.
    """
    mo = po.with_suffix(".mo")
    try:
        if _is_current(mo, po):
            with mo.open("rb") as compiled:
                return gettext.GNUTranslations(compiled)
        return _compile(po)
    except (OSError, ValueError, struct.error) as error:
        _log.warning("cannot read the catalogue %s, showing English: %s", po.name, error)
        return gettext.NullTranslations()


def _is_current(mo: Path, po: Path) -> bool:
    if not po.exists():
        return True  # nothing newer can exist; opening a missing .mo reports itself
    return mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns


def _compile(po: Path) -> gettext.GNUTranslations:
    # Only a checkout between two installs needs Babel here, so it is not imported at start.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import PoFileError, read_po  # noqa: PLC0415

    with po.open("rb") as source:
        try:
            catalogue = read_po(source, domain=DOMAIN, abort_invalid=True)
        except PoFileError as error:
            raise ValueError(error) from error
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
