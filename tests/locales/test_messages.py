"""The Russian catalogue against the code, and the tool that keeps them in step."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from bot.locales import LANGUAGES
from bot.locales.messages import (
    PACKAGE,
    Said,
    extract,
    merge,
    problems,
    read,
    render,
    said,
    unusable_places,
)
from bot.locales.sentences import PLACE

MARKUP = {
    "person",
    "until",
    "at",
    "names",
}  # filled at the surface (bot.slack.blocks.mrkdwn.marked)

in_the_code = functools.cache(extract)  # it reads every module: once is enough

TRANSLATED = [lang for lang in LANGUAGES if lang != "en"]


def template(*messages: str | tuple[str, str]) -> Catalog:
    catalogue = Catalog(charset="utf-8")
    for message in messages:
        catalogue.add(message)
    return catalogue


def russian(**strings: str | tuple[str, ...]) -> Catalog:
    catalogue = Catalog(locale="ru", charset="utf-8")
    for text, string in strings.items():
        catalogue.add((text, f"{text}s") if isinstance(string, tuple) else text, string)
    return catalogue


# ---------------------------------------------------------------- what is in the repository


@pytest.mark.parametrize("lang", TRANSLATED)
def test_every_sentence_is_translated_with_all_its_places_and_forms(lang: str) -> None:
    assert not list(problems(read(lang), in_the_code())), "run `make messages`, then translate"


@pytest.mark.parametrize("lang", TRANSLATED)
def test_the_catalogue_holds_nothing_that_nobody_says(lang: str) -> None:
    said = {message.id for message in in_the_code()}
    assert {message.id for message in read(lang)} <= said, "run `make messages`"


def test_every_place_is_one_that_translate_fills() -> None:
    assert not list(unusable_places(in_the_code()))


def calls() -> Iterator[tuple[str, Said]]:
    """Every call of say and say_n in the package, with its place."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in said(ast.parse(path.read_text(encoding="utf-8"))):
            yield f"{path.relative_to(PACKAGE)}:{call.node.lineno}", call


def test_every_sentence_is_written_out_where_it_is_said() -> None:
    """A sentence made at run time can be neither extracted nor translated."""
    for where, call in calls():
        assert call.sentence, where


def test_every_place_of_a_sentence_gets_a_value() -> None:
    for where, call in calls():
        texts = call.sentence if isinstance(call.sentence, tuple) else (call.sentence or "",)
        given = {keyword.arg for keyword in call.node.keywords}
        counted = {"n"} if len(texts) == 2 else set()
        if None in given or not given | counted:
            continue  # **values, or a table whose rows are filled in later
        places = {place for text in texts for place in PLACE.findall(text)}
        assert places <= given | counted | MARKUP, where
        assert given <= places | counted, where


# ---------------------------------------------------------------- the tool


def test_say_and_say_n_are_extracted_wherever_they_stand(tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text(
        "from bot.model import say as s, say_n\n"
        'a = s("Hello, {name}." " Welcome.", name=s("inner"))\n'
        """b = f"{s('in an f-string')}"\n"""
        'c = say_n("{n} probe", "{n} probes", n=2)\n'
        'd = say("not ours")\n'
        "e = s(c)\n",
        encoding="utf-8",
    )
    assert {message.id for message in extract(tmp_path) if message.id} == {
        "Hello, {name}. Welcome.",
        "inner",
        "in an f-string",
        ("{n} probe", "{n} probes"),
    }


@pytest.mark.parametrize(
    ("string", "problem"),
    [
        ("", "not translated"),
        ("Привет", "places differ (name)"),
        ("Привет, {nmae}", "places differ (name, nmae)"),
    ],
)
def test_a_sentence_that_is_missing_or_lost_a_place_is_a_problem(string: str, problem: str) -> None:
    found = list(problems(russian(**{"Hello, {name}": string}), template("Hello, {name}")))
    assert len(found) == 1
    assert found[0].startswith(problem)


def test_a_sentence_that_is_not_in_the_catalogue_is_a_problem() -> None:
    assert list(problems(russian(), template("Hello"))) == ["not in the catalogue: Hello"]


def test_a_fuzzy_translation_is_a_problem() -> None:
    catalogue = Catalog(locale="ru", charset="utf-8")
    catalogue.add("Hello", "Привет", flags=["fuzzy"])
    assert list(problems(catalogue, template("Hello"))) == ["fuzzy: Hello"]


@pytest.mark.parametrize("forms", [("раз", "раза"), ("раз", "", "раз")])
def test_a_plural_without_all_three_forms_is_a_problem(forms: tuple[str, ...]) -> None:
    found = list(problems(russian(time=forms), template(("time", "times"))))
    assert len(found) == 1
    assert found[0].startswith("not translated (2 of 3)")


def test_a_complete_catalogue_has_no_problem() -> None:
    catalogue = russian(**{"{n} time": ("один раз", "{n} раза", "{n} раз"), "Hello": "Привет"})
    assert not list(problems(catalogue, template(("{n} time", "{n} times"), "Hello")))


def test_a_format_specification_is_no_place() -> None:
    found = list(unusable_places(template("{seconds:.1f} s", "{Name}", '{"code":1} {name}')))
    assert found == ["{seconds:.1f} is no place: {seconds:.1f} s", "{Name} is no place: {Name}"]


def test_merging_keeps_translations_drops_the_unsaid_and_guesses_nothing() -> None:
    merged = merge(russian(Hello="Привет", Gone="Ушло"), template("Hello", "Hello!"))
    assert {message.id: message.string for message in merged if message.id} == {
        "Hello": "Привет",
        "Hello!": None,
    }
    assert b"Gone" not in render(merged)


def test_rendering_is_stable() -> None:
    once = render(merge(read("ru"), in_the_code()))
    assert once == render(merge(read("ru"), in_the_code()))
    assert b"POT-Creation-Date" not in once
