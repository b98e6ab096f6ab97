"""What a YAML parser objects to, in words that say what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import yaml

from reconciler.config.wording import quoted
from reconciler.diagnostics import Diagnostic, Location, error

if TYPE_CHECKING:
    from yaml.error import Mark


LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line (YAML 1.1, section 4.2), and so what places are counted by."""


def syntax_error(shown: str, text: str, problem: Exception) -> Diagnostic:
    """Return the finding for `problem`, which a parser raised on `text`.

    The parser's words are repeated, the text is not: it may hold a secret.
    """
    if not isinstance(problem, yaml.MarkedYAMLError) or problem.problem_mark is None:
        return error("not valid YAML", "Check escapes, quotes and indentation.", Location(shown, 1, 1))
    said, during = problem.problem or "", problem.context or ""
    at = _location(shown, problem.problem_mark)
    opened = _location(shown, problem.context_mark) if problem.context_mark else at
    before, character = _around(text, at)
    if "simple key" in during:
        return error('neither a "key: value" nor a "- item"', "A space must follow the colon, or the dash.", opened)
    if "quoted scalar" in during and "end of stream" in said:
        return error("a quote that is never closed", "Close it on the same line.", opened)
    if character == "\t":
        return error("a tab cannot indent YAML", "Use spaces.", at)
    if character == "{" and before.endswith("$"):
        return error("${…} inside braces needs quotes", 'Write "${NAME}".', at)
    if "cannot start any token" in said:
        return error(f"{quoted(character)} cannot start a value", "Put quotes around the value.", at)
    if "mapping values are not allowed" in said:
        advice = 'Check the indentation of this line; text that holds ": " needs quotes around it.'
        return error("a key is not expected here", advice, at)
    return error(f"not valid YAML: {said}", "Check the quotes, brackets and indentation just above.", at)


def _location(shown: str, mark: Mark) -> Location:
    return Location(shown, mark.line + 1, mark.column + 1)


def _around(text: str, at: Location) -> tuple[str, str]:
    """Return the line before a place, and the character at it."""
    lines = LINE_BREAK.split(text)
    line = lines[at.line - 1] if at.line <= len(lines) else ""
    return line[: at.column - 1], line[at.column - 1 : at.column]
