"""Keeps the catalogues in step with the code: `python -m bot.locales.messages` (`make messages`).

Extracts every `say` and `say_n` under `bot/`, merges them into the .po of each language, and
names what still needs a translator. A translation is never guessed: fuzzy matching is off.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po

from bot.locales.catalogue import DOMAIN, LANGUAGES, SOURCE_LANGUAGE, po_path
from bot.locales.sentences import PLACE

KEYWORDS = {"say": 1, "say_n": 2}  # function of bot.model → how many texts it takes
PACKAGE = Path(__file__).parent.parent

HEADER = "# The sentences of wsdiag in `{language}`. `make messages` brings in new ones."
_NOISE = tuple(
    f'"{name}:'.encode()
    for name in (
        *("Project-Id-Version", "Report-Msgid-Bugs-To", "POT-Creation-Date", "PO-Revision-Date"),
        *("Last-Translator", "Language-Team", "Generated-By"),
    )
)

_UNFILLED = re.compile(r"\{[^{}]*\}")


def extract(package: Path = PACKAGE) -> Catalog:
    """Every message of the Python files below `package`, with the files it is said in."""
    catalogue = Catalog(domain=DOMAIN, project="wsdiag", charset="utf-8")
    for path in sorted(package.rglob("*.py")):
        location = f"{package.name}/{path.relative_to(package).as_posix()}"
        for call in said(ast.parse(path.read_text(encoding="utf-8"))):
            if call.sentence:
                catalogue.add(call.sentence, locations=[(location, 0)])
    return catalogue


@dataclass(frozen=True, slots=True)
class Said:
    """One call of say or say_n. `sentence` is None unless it is written out in the call."""

    node: ast.Call
    sentence: str | tuple[str, str] | None


def said(module: ast.Module) -> Iterator[Said]:
    """The calls of `bot.model`'s say and say_n in a module, wherever they stand.

    Babel's own extractor takes any function of that name, and overlooks calls inside of other
    calls' arguments and, before Python 3.12, inside of f-strings.
    """
    nodes = list(ast.walk(module))
    names = {
        alias.asname or alias.name: KEYWORDS[alias.name]
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "bot.model"
        for alias in node.names
        if alias.name in KEYWORDS
    }
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            count = names.get(node.func.id)
            if count:
                yield Said(node, _sentence(node.args[:count], count))


def _sentence(arguments: list[ast.expr], count: int) -> str | tuple[str, str] | None:
    texts = tuple(
        argument.value
        for argument in arguments
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    )
    if len(texts) != count:
        return None
    return texts[0] if count == 1 else (texts[0], texts[1])


def read(lang: str) -> Catalog:
    """The catalogue of one language as its .po file has it; an empty one if there is none yet."""
    path = po_path(lang)
    if not path.exists():
        return Catalog(locale=lang, domain=DOMAIN, project="wsdiag", charset="utf-8")
    with path.open("rb") as source:
        return read_po(source, locale=lang, domain=DOMAIN, abort_invalid=True)


def render(catalogue: Catalog) -> bytes:
    """The .po file: sorted, no line numbers and no dates, so that edits make small diffs."""
    catalogue.header_comment = HEADER.format(language=catalogue.locale_identifier)
    catalogue.fuzzy = False
    out = io.BytesIO()
    write_po(
        out,
        catalogue,
        width=100,
        sort_output=True,
        include_lineno=False,
        ignore_obsolete=True,
        omit_header=False,
    )
    lines = out.getvalue().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(_NOISE))


def merge(translations: Catalog, template: Catalog) -> Catalog:
    """`translations` with exactly the messages of `template`, what was translated kept."""
    translations.update(
        template, no_fuzzy_matching=True, update_header_comment=False, keep_user_comments=True
    )
    translations.obsolete.clear()
    return translations


def problems(translations: Catalog, template: Catalog) -> Iterator[str]:
    """What a translator still has to do, a sentence each: missing, fuzzy, forms, places."""
    for wanted in template:
        if not wanted.id:
            continue
        name = _source(wanted)[0]
        written = translations.get(wanted.id, wanted.context)
        if written is None:
            yield f"not in the catalogue: {name}"
        elif written.fuzzy:
            yield f"fuzzy: {name}"
        else:
            yield from _problems_of(written, translations.num_plurals)


def _problems_of(message: Message, forms: int) -> Iterator[str]:
    source, strings = _source(message), _strings(message)
    expected = forms if message.pluralizable else 1
    if len(strings) != expected or not all(strings):
        yield f"not translated ({sum(map(bool, strings))} of {expected}): {source[0]}"
        return
    places = {place for text in source for place in PLACE.findall(text)}
    for text in strings:
        differing = places ^ set(PLACE.findall(text))
        # One form may leave the number out where the language says it in a word.
        if differing - ({"n"} if message.pluralizable else set()):
            yield f"places differ ({', '.join(sorted(differing))}): {source[0]}"


def unusable_places(template: Catalog) -> Iterator[str]:
    """Messages whose braces look like a place to `str.format` but are none to `translate`."""
    for message in template:
        for text in _source(message):
            for braces in _UNFILLED.findall(text):
                if not PLACE.fullmatch(braces) and re.match(r"\{[A-Za-z_]", braces):
                    yield f"{braces} is no place: {text}"


def _source(message: Message) -> tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, list | tuple) else (message.id,)


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string
    return tuple(string) if isinstance(string, list | tuple) else (string or "",)


def main() -> int:
    """Update the .po files in place; exit code 1 while a translator has something to do."""
    template = extract()
    left: list[str] = []
    for lang in LANGUAGES:
        if lang == SOURCE_LANGUAGE:
            continue
        merged = merge(read(lang), template)
        path = po_path(lang)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = render(merged)
        if not path.exists() or path.read_bytes() != text:
            path.write_bytes(text)
        left += [f"{lang}: {problem}" for problem in problems(merged, template)]
    left += list(unusable_places(template))
    sys.stdout.write("".join(f"{line}\n" for line in left))
    sys.stdout.write(f"{len(template)} messages, {len(left)} to do\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
