"""Scalars on one line: with quotes where a reader needs them, and without where none does."""

from __future__ import annotations

import re
import sys
from typing import Final

import yaml
from yaml.resolver import Resolver

from reconciler.config.compose import compose

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.,()/+-]*( [A-Za-z0-9_.,()/+-]+)*")
_TEXT: Final = "tag:yaml.org,2002:str"
_RESOLVER: Final = Resolver()
# PyYAML reads YAML 1.1, but for these two words, which other readers of it take for true and false.
_SWITCHES: Final = frozenset({"y", "n"})


def scalar(text: str) -> str:
    """Return `text` as YAML on one line, without quotes where no reader could take it for anything but text."""
    return text if _PLAIN.fullmatch(text) and is_always_text(text) else quoted(text)


def quoted(text: str) -> str:
    """Return `text` as YAML on one line, in double quotes; what would not show, or turn what does, as escapes.

    YAML lets the reading direction be turned, and letters of no width stand: then a line is not what it seems to be.
    """
    written = str(yaml.safe_dump(text, default_style='"', allow_unicode=True, width=sys.maxsize)).rstrip("\n")
    return "".join(each if each.isprintable() else _escaped(each) for each in written)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def is_always_text(plain: str) -> bool:
    """Whether `plain`, written without quotes, is text to readers of YAML 1.1 as well as of 1.2."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, plain, (True, False))  # type: ignore[no-untyped-call]  # its stubs
    return tag == _TEXT and plain.lower() not in _SWITCHES


def rewritten(source: str, text: str) -> str:
    """Return the canonical form of a scalar that is quoted, or that only some readers take for text.

    Args:
        source: The scalar as it is written, on one line, without anchor and tag.
        text: What it says.
    """
    style = source[:1]
    if style not in {'"', "'"}:
        return quoted(text) if _is_sometimes_text(source) else source
    if scalar(text) == text:
        return text
    is_simple = style == "'" and text.isprintable() and '"' not in text and "\\" not in text
    return f'"{text}"' if is_simple else source


def _is_sometimes_text(plain: str) -> bool:
    """Whether `plain`, written without quotes, is text here (YAML 1.2) and something else to a reader of YAML 1.1."""
    if is_always_text(plain):
        return False
    root, _ = compose("", f"_: {plain}")
    entry = root.content.get("_") if root and isinstance(root.content, dict) else None
    return entry is not None and isinstance(entry.value.content, str)
