from __future__ import annotations

import tomllib

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.settings import toml

EXAMPLE = """\
# a comment
channel = "#x"

list = [
  1,
  2,
]
text = '''
[targets.fake]
key = 1
'''

[targets.prod] # comment
  url = "u"
"quoted key" = 1
inner.dotted = 3

[targets."a.b".client]
x = { y = 1 }
"""


def test_a_key_is_found_on_the_line_where_its_statement_begins() -> None:
    for path, line in {
        ("channel",): 2,
        ("list",): 4,
        ("text",): 8,
        ("targets",): 13,
        ("targets", "prod"): 13,
        ("targets", "prod", "url"): 14,
        ("targets", "prod", "quoted key"): 15,
        ("targets", "prod", "inner", "dotted"): 16,
        ("targets", "a.b", "client"): 18,
        ("targets", "a.b", "client", "x", "y"): 19,
    }.items():
        assert toml.line_of(EXAMPLE, path) == line, path


def test_a_key_that_is_not_there_has_no_line() -> None:
    assert toml.line_of(EXAMPLE, ("targets", "fake")) is None
    assert toml.line_of("", ("a",)) is None


@settings(deadline=None, max_examples=50)
@given(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), unique=True, max_size=30), st.data())
def test_lines_are_right_whatever_stands_between(keys: list[str], data: st.DataObject) -> None:
    filler = st.sampled_from(["", "# note", "# [x]\n# y = 1"])
    value = st.sampled_from(["1", '"a # b"', "[\n 1,\n]", '"""\nz = 1\n"""', "{ q = 1 }"])
    lines: list[str] = []
    expected = {}
    for key in keys:
        lines += data.draw(filler).split("\n")
        expected[key] = len(lines) + 1
        lines += f"{key} = {data.draw(value)}".split("\n")
    text = "\n".join(lines)
    assert set(tomllib.loads(text)) == set(keys)
    assert {key: toml.line_of(text, (key,)) for key in keys} == expected
