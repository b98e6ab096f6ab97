"""What holds for every text: it is found again, shows as it is, and is never carried out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.publish.body import LONGEST_LOG, compose, log_as_markdown
from reconciler.publish.errors import InvalidKeyError, UnpostableError
from reconciler.publish.github import GitHub
from reconciler.publish.gitlab import without_quick_actions
from reconciler.publish.marker import marked, marker
from reconciler.publish.model import Comment

KEYS = st.from_regex(r"[A-Za-z0-9]{1,9}([._-][A-Za-z0-9]{1,9}){0,3}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=200)
LINES = st.lists(
    st.sampled_from(
        ["/close", "  /merge now", "\t/label ~x", "text", "", "```", "````", "~~~", "``` js", "> /close", "/"]
    ),
    max_size=12,
).map("\n".join)


class _Nowhere(GitHub):
    """GitHub's limits without GitHub."""

    def __init__(self) -> None:
        pass


def comment(body: str, number: int = 1, *, trusted: bool = True) -> Comment:
    return Comment(number, body, trusted, "")


@given(KEYS, KEYS, TEXTS.filter(str.strip))
def test_a_report_is_found_by_its_own_key_and_no_other(key: str, other: str, report: str) -> None:
    posted = comment(compose(report, key, _Nowhere()))

    assert marked([posted], key) == [posted]
    assert marked([posted], other) == ([posted] if key == other else [])


@given(TEXTS, KEYS)
def test_no_key_shows(text: str, key: str) -> None:
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(f"{marker(key)}\n# Title\n")
    assert re.sub(r"<!--.*?-->", "", rendered).split() == ["<h1>Title</h1>"]
    if re.search(r"[^A-Za-z0-9._-]", text) or not text:
        with pytest.raises(InvalidKeyError):
            marker(text)


def test_line_ends_that_a_forge_changed_do_not_hide_a_report() -> None:
    posted = comment("<!-- reconciler:plan -->\r\n# Plan\r\n")

    assert marked([posted], "plan") == [posted]


def test_the_first_one_posted_comes_first() -> None:
    posts = [comment(marker("plan"), number) for number in (30, 10, 20)]

    assert [each.number for each in marked(posts, "plan")] == [10, 20, 30]


@given(st.integers(0, 400))
def test_where_it_came_from_is_left_out_where_there_is_no_room(spare: int) -> None:
    report = "x" * (GitHub.longest - len(marker("plan")) - 1 - spare)
    origin = "<sub>From commit 0123456789</sub>"
    body = compose(report, "plan", _Nowhere(), origin=origin)

    assert len(body) <= GitHub.longest
    assert body.endswith(origin) == (spare >= len(origin) + 2)


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(UnpostableError):
        compose("x" * GitHub.longest, "plan", _Nowhere())


@given(TEXTS)
def test_a_log_is_one_block_of_code_whatever_it_holds(log: str) -> None:
    tokens = MarkdownIt("gfm-like", {"linkify": False}).parse(log_as_markdown("Title", log))

    assert [each.type for each in tokens] == ["heading_open", "inline", "heading_close", "fence"]


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1).filter(lambda line: line[:2] != "::")))
def test_a_log_shows_every_line(lines: list[str]) -> None:
    (*_, fence) = MarkdownIt("commonmark").parse(log_as_markdown("Title", "\n".join(lines)))

    assert fence.content.splitlines() == (lines or ["It said nothing."])


@given(LINES)
def test_outside_code_no_line_is_a_quick_action(text: str) -> None:
    safe = without_quick_actions(text)
    code = {
        number
        for token in MarkdownIt("commonmark").parse(safe)
        if token.type == "fence" and token.map
        for number in range(*token.map)
    }
    for number, line in enumerate(safe.split("\n")):
        if number not in code:
            assert not re.match(r"\s*/[A-Za-z]", line), safe


@given(LINES)
def test_lines_that_are_shown_stay_what_they_were(text: str) -> None:
    assert without_quick_actions(text).replace("\\/", "/") == text


def test_a_log_of_signs_that_do_not_show_is_cut_before_they_are_written_out() -> None:
    posted = log_as_markdown("Failed", "\x1b" * (LONGEST_LOG + 7))

    assert posted.count("\\x1b") == LONGEST_LOG // 4
    assert f"… and {3 * LONGEST_LOG + 7:,} characters more" in posted
