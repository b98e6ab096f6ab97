"""YAML as nobody should write it: soup of its own tokens, and a sound file put together wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import yaml
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | int | float | bool | None"

SOUND: Final = (Path(__file__).parents[2] / "audiences.yaml").read_text(encoding="utf-8")
RICH: Final = Path(__file__).with_name("corpus").joinpath("sound.yaml").read_text(encoding="utf-8")
"""A file with every section and every key there is, anchors, comments and block text."""

_LAYOUT: Final = (
    "\n", "\n", "\n", "\n  ", "\n    ", "\n- ", "\n  - ", "\n\t", "\t", " ", "  ", "\r", "\r\n", "\x85",
    "\u2028", "\u2029",
)  # fmt: skip
_MARKS: Final = (
    ": ", ": ", ":", "- ", "? ", "[", "]", "{", "}", ", ", ",", "# c", " # é", "|", "|+", ">-", "|2\n", "&a ",
    "&b ", "*a", "*b",
    "<<: ", "<<: *a", "<<: [*a, *b]", "! ", "!!str ", "!!int ", "!!binary ", "!!python/object/apply:os.system ", "!x ",
    "!<tag:yaml.org,2002:str> ", "%YAML 1.1\n", "%YAML 9.9\n", "%TAG ! tag:x,1:\n", "---\n", "--- ", "...\n",
    "'", '"', "''",
    '"\\', "@", "`", "=", "~",
)  # fmt: skip
_WORDS: Final = (
    "version: 1", "version", "advertisers", "sources", "audiences", "policies", "moved", "removed", "state", "engine",
    "acme", "people", "buyers", "a", "b", "advertiser: acme", "source: people", "lifecycle", "where: 1 = 1", "import",
    "identities", "idfa", "${X}", "${X:-y}", "${", "$", "${SECRET}", "yes", "no", "NO", "on", "y", "null",
    "true", "TRUE",
    "1", "-1", "0777", "0o17", "0x1F", "1_000", "1e999", "-1e999", "1e-999", ".inf", ".nan", "NaN", "12:30:45",
    "9" * 30,
    "9" * 101, "1." + "0" * 60, "2024-01-01", "2024-01-01T00:00:00Z", "7000000000000000001", '"7000000000000000001"',
    '"\\u0000"', '"\\ud800"', '"\\uDFFF\\uD800"', '"\\U00110000"', '"\\x1b[2J"', '"\\q"', "'\\n'",
)  # fmt: skip
_STRANGE: Final = (
    "\x00", "\x07", "\x1b", "\x7f", "\x9b", "\ufeff", "\u200b", "\u202e", "\u2066", "\u200d", "\u3164",
    "\ufffe", "\uffff", "а",
    "аcme", "ｖｅｒｓｉｏｎ", "🎉", "e\u0301", "İ", "ß",
)  # fmt: skip

_pieces = st.one_of(
    st.sampled_from(_LAYOUT),
    st.sampled_from(_MARKS),
    st.sampled_from(_WORDS),
    st.sampled_from(_STRANGE),
    st.text(max_size=3),
    st.builds(
        str.__mul__, st.sampled_from(["a", " ", "[", "{", "- ", "? ", "&a ", "*a ", "!", "\\"]), st.integers(1, 2000)
    ),
)
_plain_pieces = st.one_of(st.sampled_from(_LAYOUT), st.sampled_from(_MARKS), st.sampled_from(_WORDS))

soup: Final = st.lists(_pieces, max_size=40).map("".join)
"""Anything that YAML has a meaning for, in any order."""

smooth_soup: Final = st.lists(_plain_pieces, max_size=25).map("".join)
"""The same of what a parser gets further with."""


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def encoded(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Return files of `texts`, mostly in UTF-8, else as editors and exports get it wrong."""
    wrong: list[Callable[[str], bytes]] = [
        lambda text: text.encode("utf-8-sig", "surrogatepass"),
        lambda text: text.encode("utf-16", "surrogatepass"),
        lambda text: text.encode("utf-16-le", "surrogatepass"),
        lambda text: text.encode("utf-32", "surrogatepass"),
        lambda text: text.encode("cp1252", "replace"),
        lambda text: _utf8(text)[:-1],
    ]
    return st.one_of(texts.map(_utf8), texts.map(_utf8), *(texts.map(each) for each in wrong))


_SCALARS: Final[tuple[Tree, ...]] = (
    None, True, False, 0, -1, 1, 10**30, 1.5, 1e300, float("inf"), "", " ", "x", "acme", "idfa", "${SECRET}",
    "${UNSET}",
    "7000000000000000001", 7000000000000000001, "\x1b[2J\u202e", "a" * 5000, "../../etc/passwd", "file:///etc/passwd",
    "s3://", "s3://b/../x", "https://[::1", "postgres://u:p@h/d", "a/*.csv", "x.csv?y", "audience.buyers",
    "(a+)+$", "[",
)  # fmt: skip


@st.composite
def taken_apart(draw: st.DrawFn) -> str:
    """Draw a sound file with nodes deleted, doubled, retyped, moved, renamed or buried, as JSON or as YAML."""
    tree: Tree = yaml.safe_load(draw(st.sampled_from([SOUND, RICH])))
    for _ in range(draw(st.integers(1, 6))):
        nodes = list(_below(tree))
        container, key = nodes[draw(st.integers(0, len(nodes) - 1))]
        other, other_key = nodes[draw(st.integers(0, len(nodes) - 1))]
        _mutate(draw, container, key, json.loads(json.dumps(_at(other, other_key))))
    if draw(st.booleans()):
        return json.dumps(tree, ensure_ascii=draw(st.booleans()))
    flow = draw(st.sampled_from([None, True, False]))
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=draw(st.booleans()), default_flow_style=flow)


@st.composite
def shuffled(draw: st.DrawFn) -> str:
    """Draw a sound file with lines lost, doubled, swapped, shifted, or with something put into one; comments stay."""
    lines = draw(st.sampled_from([SOUND, RICH])).splitlines()
    for _ in range(draw(st.integers(1, 5))):
        at, to = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 6)):
            case 0 if len(lines) > 1:
                del lines[at]
            case 1:
                lines.insert(to, lines[at])
            case 2:
                lines[at], lines[to] = lines[to], lines[at]
            case 3:
                lines[at] = " " * draw(st.integers(0, 9)) + lines[at].lstrip(" ")
            case 4:
                column = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:column] + draw(_plain_pieces) + lines[at][column:]
            case 5:
                lines[at] += draw(st.sampled_from(["  # said", " #", ": x", ",", "\t", " \\", " \u200b"]))
            case _:
                lines[at] = lines[at].partition(":")[0] + ": " + draw(st.sampled_from(_WORDS + _MARKS))
    return draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])).join(lines) + draw(st.sampled_from(["\n", "", "\n\n"]))


def _below(tree: Tree) -> list[tuple[dict[str, Tree] | list[Tree], str | int]]:
    found: list[tuple[dict[str, Tree] | list[Tree], str | int]] = []
    if isinstance(tree, dict | list):
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        for key in keys:
            found.append((tree, key))
            found += _below(_at(tree, key))
    return found or [([tree], 0)]


def _at(container: dict[str, Tree] | list[Tree], key: str | int) -> Tree:
    return container[key]  # type: ignore[index]  # a key fits the container it was taken from


def _mutate(draw: st.DrawFn, container: dict[str, Tree] | list[Tree], key: str | int, other: Tree) -> None:
    new: Tree
    match draw(st.integers(0, 5)):
        case 0 if len(container) > 1:
            del container[key]  # type: ignore[arg-type]  # the same
            return
        case 1:
            new = draw(st.sampled_from(_SCALARS))
        case 2:
            new = other
        case 3:
            new = [_at(container, key), _at(container, key)]
        case 4:
            new = _at(container, key)
            for _ in range(draw(st.integers(1, 40))):
                new = {"x": new}
        case _:
            new = _at(container, key)
            if isinstance(container, dict):
                name = draw(
                    st.sampled_from(["x", "", "<<", str(key).upper(), f"{key}s", str(key)[:-1], "a" * 300, "\u202e"])
                )
                container[name] = container.pop(str(key))
                return
    container[key] = new  # type: ignore[index]  # the same
