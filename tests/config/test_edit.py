"""Adding audiences to a file of people's own: what stands there stays, character by character."""

from __future__ import annotations

from difflib import ndiff

import pytest
from hypothesis import HealthCheck, given, settings

from reconciler.config import Adopted, Delivery, FileOptions
from reconciler.config.canonical import meaning
from reconciler.config.compose import compose
from reconciler.config.edit import UneditableError, with_audiences
from tests.config.layouts import Layout, layouts

_ONE = {"new": Adopted("New, one", "7300000000000000042", Delivery.STREAMING)}
_BLOCK = """\
  new:
    advertiser: acme
    name: New, one
    import: "7300000000000000042"
"""


def _edited(text: str) -> str:
    return with_audiences("audiences.yaml", text, "acme", _ONE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("audiences:\n  a: {name: A}\n", ""),
        ("audiences:\n  a: {name: A}  # a\n  # tail of all\n\n", "# about what comes next\nmoved: []\n"),
        ("audiences:\n  a:\n    name: |\n      A\n", "moved: []\n"),
        ("audiences:\n  a:\n    name: A\n    # tail of a\n", "...\n"),
        ("version: 1\naudiences: &all\n  a:\n    name: A\n", "state: {}\n"),
    ],
    ids=["at the end", "before a comment on what is next", "after a block scalar", "before ...", "under an anchor"],
)
def test_they_come_after_those_that_are_there(before: str, after: str) -> None:
    text = before + after
    written = _edited(text)
    assert written.replace(_BLOCK, "") == text
    assert written.index("new:") > written.index("a:")
    assert _edited(before.rstrip("\n") + "\n").endswith(_BLOCK)


def test_they_stand_as_far_in_and_apart_as_those_that_are_there() -> None:
    text = "audiences:\n    a:\n        name: A\n\n    b:\n        name: B\n"
    assert _edited(text) == text + "\n" + "".join(f"  {line}" for line in _BLOCK.splitlines(keepends=True))


def test_a_file_without_audiences_gets_the_section() -> None:
    assert _edited("version: 1\n# end\n") == f"version: 1\n# end\n\naudiences:\n{_BLOCK}"


def test_an_empty_section_in_braces_is_opened() -> None:
    assert _edited("audiences: {}  # none\nmoved: []\n") == f"audiences:  # none\n{_BLOCK}moved: []\n"


@pytest.mark.parametrize(
    "text",
    [
        "audiences: {a: {name: A}}\n",
        "audiences: {a: {name: A}, # why, not\n}\n",
        "audiences: {\n}\n",
        "{version: 1, audiences: {}}",
        '{"version": 1}',
    ],
)
def test_braces_stay_braces(text: str) -> None:
    written = _edited(text)
    assert 'new: {advertiser: acme, name: "New, one", import: "7300000000000000042"}' in written
    assert "- " not in [line[:2] for line in ndiff(list(text), list(written))]


def test_files_keep_their_options_in_braces_and_without() -> None:
    made = {"r": Adopted("R", "7300000000000000042", Delivery.FILE, file=FileOptions(90, "REACH_FREQUENCY"))}
    for text in ("version: 1\n", "{version: 1}"):
        root, _ = compose("", with_audiences("audiences.yaml", text, "acme", made))
        assert root is not None
        said = meaning(root)
        assert isinstance(said, dict)
        assert isinstance(said["audiences"], dict)
        assert said["audiences"]["r"] == {
            "advertiser": ("str", "acme"),
            "name": ("str", "R"),
            "delivery": ("str", "file"),
            "file": {"retention_in_days": ("int", 90), "audience_sub_type": ("str", "REACH_FREQUENCY")},
            "import": ("str", "7300000000000000042"),
        }


def test_lines_end_as_they_do_in_the_file() -> None:
    text = "version: 1\r\naudiences:\r\n  a: {name: A}"
    assert _edited(text) == text + "\r\n" + _BLOCK.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "x: &a {b: {name: B}}\naudiences: *a\n",
        "x: &a {audiences: {b: {}}}\n<<: *a\n",
        "audiences: &a\n  b: {name: B}\nx: *a\n",
        "audiences:\n  a:\n    where: |\n      true",
    ],
    ids=["an alias", "a merged key", "an anchor used elsewhere", "text that the end of the file cuts off"],
)
def test_what_would_change_something_else_is_refused(text: str) -> None:
    with pytest.raises(UneditableError) as refused:
        _edited(text)
    assert "in audiences.yaml without touching" in refused.value.message


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(layouts())
def test_whatever_the_file_looks_like_nothing_in_it_is_lost(layout: Layout) -> None:
    try:
        written = _edited(layout.text)
    except UneditableError:
        return
    root, _ = compose("", written)
    assert root is not None
    said = meaning(root)
    assert isinstance(said, dict)
    assert isinstance(said["audiences"], dict)
    assert "new" in said["audiences"]
    before = _alike(layout.text, written)
    after = _alike(layout.text[::-1], written[::-1])
    empty_braces = 3  # the only thing that is ever replaced
    assert before + after >= len(layout.text) - empty_braces


def _alike(one: str, other: str) -> int:
    """Return how many characters the two begin with alike."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
