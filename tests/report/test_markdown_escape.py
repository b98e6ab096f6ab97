"""Whatever a name spells, on a forge it reads as that name and does nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.report.markdown.escape import code, prose
from reconciler.report.markdown.parts import head, row
from reconciler.report.visible import visible

FORGE = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SYNTAX = "@#!$%^&*()_+-=[]{}|\\`~:;\"'<>,.?/ \n\t\u202e"
HOSTILE = st.text(
    st.one_of(st.sampled_from(SYNTAX), st.sampled_from("aZ09é🎉"), st.characters()), min_size=1, max_size=40
)
PIECES = st.lists(
    st.sampled_from(
        [
            "@team", "#123", "GH-7", "!12", "&9", "~bug", "%v1", "$x$", "http://x.io", "www.x.io", "a@x.io",
            "`", "``", "**b**", "_i_", "<b>", "</details>", "<!--", "-->", "![x](y)", "[x](y)", "\\", "\n", " ",
            ":tada:", "| --- |", "1. ", "- ", "# ", "/close", "&amp;", "&#64;team", "{+x+}", "word",
        ]
    ),
    min_size=1,
    max_size=8,
).map("".join)  # fmt: skip
ANYTHING = st.one_of(HOSTILE, PIECES)

ACTED_ON = re.compile(
    r"""[@#!%~&](?=[\w"]) | \bGH-\d | :// | \bwww\. | :[a-z0-9_+-]*[a-z][a-z0-9_+-]*:
      | [\[{][+-]""",
    re.VERBOSE | re.IGNORECASE,
)
"""What GitHub and GitLab act on in finished text."""


def read(markdown: str) -> tuple[str, set[str]]:
    """Return the text a forge finishes with, spaces of no width shown as ␣, and the kinds of its parts."""
    tokens = FORGE.parse(markdown)
    parts = [child for token in tokens for child in token.children or ()]
    text = "".join(part.content for part in parts if part.type in {"text", "code_inline", "softbreak"})
    kinds = {part.type for part in parts} | {token.type for token in tokens if token.children is None}
    return text.replace("\u200b", "␣"), kinds


@given(ANYTHING)
def test_a_sentence_reads_as_it_was_written_and_holds_no_markup(text: str) -> None:
    read_text, kinds = read(f"x {prose(text)}")
    assert read_text.replace("␣", "") == f"x {visible(text).strip()}".rstrip()
    assert kinds <= {"paragraph_open", "paragraph_close", "text", "html_inline"}
    assert set(re.findall(r"(?<!\\)<[^>]*>", prose(text))) <= {"<span>", "</span>"}


@given(ANYTHING)
def test_at_the_beginning_of_a_line_it_is_a_sentence_too(text: str) -> None:
    _, kinds = read(prose(text))
    assert kinds <= {"paragraph_open", "paragraph_close", "text", "html_inline"}
    assert not prose(text).startswith(("/", "#", "-", "+", ">"))


@given(ANYTHING)
def test_nobody_is_mentioned_and_nothing_referred_to(text: str) -> None:
    finished = read(f"x {prose(text)}")[0].replace("␣", "\u200b")
    assert not ACTED_ON.search(finished)


@given(ANYTHING)
def test_a_code_span_shows_the_text_and_nothing_else(text: str) -> None:
    tokens = FORGE.parse(f"x {code(text)} y")
    (inline,) = [token for token in tokens if token.children]
    before, span, after = inline.children or []
    assert (before.content, span.type, after.content) == ("x ", "code_inline", " y")
    assert span.content == visible(text)


@given(ANYTHING, ANYTHING)
def test_a_table_keeps_its_cells_whatever_stands_in_them(name: str, sentence: str) -> None:
    table = head("Name", "What", "Number:") + row(code(name), prose(sentence), "1")
    cells = [token for token in FORGE.parse(table) if token.type == "inline"][3:]
    assert len(cells) == 3
    shown, said, number = (
        "".join(part.content for part in cell.children or () if part.type in {"text", "code_inline"}) for cell in cells
    )
    assert (shown.strip(), said.replace("\u200b", ""), number) == (
        visible(name).strip(),
        visible(sentence).strip(),
        "1",
    )


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("Lapsed buyers (US), 30 % off", "Lapsed buyers (US), 30 % off"),
        ("lifecycle.minimum_users asks for more", "lifecycle.minimum_users asks for more"),
        ("ping @team", "ping @&#8203;team"),
        ("see #12 and GH-3", "see #&#8203;12 and GH&#8203;-3"),
        ("a|b", "a&#124;b"),
        ("1. first", "1\\. first"),
        ("/close", "\\/close"),
        ("https://x.io", "https:&#8203;//x.io"),
        ("www.x.io", "www&#8203;.x.io"),
        ("costs $5", "costs <span>$</span>5"),
        ("\u202eevil\n", "\\\\u202eevil\\\\n"),
    ],
)
def test_only_what_would_act_is_escaped(text: str, markdown: str) -> None:
    assert prose(text) == markdown


def test_a_text_that_is_longer_than_any_of_ours_is_cut() -> None:
    assert len(code("x" * 100_000)) < 1_100
    assert prose("x" * 100_000).endswith("…")
