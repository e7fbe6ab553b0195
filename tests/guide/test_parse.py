"""Cutting a guide file at its anchors."""

from __future__ import annotations

import pytest

from bot.guide.parse import GuideError, parse

SOURCE = """# The guide

Hello.

<a id="section-1a"></a>

### 1A. The server

Look.

```markdown
<a id="section-not-this"></a>

# Not a heading
```

<a id="cause-a"></a>

#### `a` — First

One.

<a id="cause-b"></a>
#### `b` — Second, **bold**

<a id="section-3"></a>

## 3. Diagnostics

End.
"""


def test_entries_are_cut_at_their_anchors() -> None:
    guide = parse(SOURCE, "en")
    assert (guide.heading, guide.preamble) == ("The guide", "Hello.")
    assert [(entry.anchor, entry.level) for entry in guide.entries] == [
        ("section-1a", 3),
        ("cause-a", 4),
        ("cause-b", 4),
        ("section-3", 2),
    ]
    assert [entry.title for entry in guide.entries] == [
        "1A. The server",
        "First",
        "Second, **bold**",
        "3. Diagnostics",
    ]
    assert guide.entries[1].body == "One."
    assert not guide.entries[2].body
    assert guide.entries[3].body == "End."


def test_what_looks_like_an_anchor_inside_code_stays_code() -> None:
    body = parse(SOURCE, "en").entries[0].body
    assert body.startswith("Look.")
    assert body.endswith("# Not a heading\n```")


def test_causes_belong_to_the_section_before_them() -> None:
    guide = parse(SOURCE, "en")
    assert [entry.code for entry in guide.causes("section-1a")] == ["a", "b"]
    assert guide.causes("section-3") == ()
    assert guide.causes("section-nine") == ()


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("", "no title"),
        ("# T\n\n## Unmarked\n", "Unmarked"),
        ('# T\n\n<a id="section-1"></a>\n\nText.\n', "no heading follows the anchor section-1"),
        (
            '# T\n\n<a id="section-1"></a>\n\n<a id="section-2"></a>\n\n## 2\n',
            "no heading follows the anchor section-1",
        ),
        (
            '# T\n\n<a id="section-1"></a>\n\n## 1\n\n<a id="section-1"></a>\n\n## 2\n',
            "section-1 is there twice",
        ),
        ('# T\n\n<a id="other"></a>\n\n## 1\n', "neither a section nor a cause"),
        ('# T\n\n<a id="cause-a"></a>\n\n## First\n', "`a` — title"),
        ('# T\n\n<a id="cause-a"></a>\n\n## `b` — First\n', "`a` — title"),
        ('<a id="section-1"></a>\n\n# T\n', "only the title"),
    ],
)
def test_a_file_that_breaks_the_convention_is_refused(source: str, complaint: str) -> None:
    with pytest.raises(GuideError, match=complaint):
        parse(source, "en")
