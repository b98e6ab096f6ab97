"""Whatever a file looks like: `fmt` keeps what it says, and every comment beside what it is about."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import HealthCheck, given, settings

from reconciler.config.canonical import canonical, meaning
from reconciler.config.compose import Node, compose
from tests.config.layouts import Layout, layouts


def _composed(text: str) -> Node:
    root, problems = compose("audiences.yaml", text)
    assert root is not None, (text, problems)
    assert problems == [], text
    return root


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(layouts())
def test_the_same_meaning_in_one_form(layout: Layout) -> None:
    before = _composed(layout.text)
    written = canonical("audiences.yaml", layout.text)
    assert meaning(_composed(written)) == meaning(before)
    assert canonical("audiences.yaml", written) == written


@settings(deadline=None, max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(layouts())
def test_every_comment_stays_with_what_it_is_about(layout: Layout) -> None:
    written = canonical("audiences.yaml", layout.text).splitlines()
    text = "\n".join(written)
    for comment, count in Counter([*layout.above, *layout.beside, *layout.others]).items():
        assert text.count(comment) == count, comment
    for comment, key in layout.above.items():
        (at,) = (number for number, line in enumerate(written) if comment in line)
        below = next(line for line in written[at + 1 :] if line.strip() and not line.lstrip().startswith("#"))
        assert _subject(below) == key
    for comment, key in layout.beside.items():
        (line,) = (line for line in written if comment in line)
        assert key in {_subject(line), _subject(_below(written, line))}


def _below(written: list[str], line: str) -> str:
    """Return the first line after `line` that is no comment: where a comment between a key and its value goes."""
    rest = written[written.index(line) + 1 :]
    return next((each for each in rest if each.strip() and not each.lstrip().startswith("#")), "")


def _subject(line: str) -> str:
    """Return the key of a line, or what a plain item says."""
    return re.split(r"[:\s]", line.strip().removeprefix("- ").strip(), maxsplit=1)[0]
