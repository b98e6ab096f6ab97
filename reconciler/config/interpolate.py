"""``${NAME}`` and ``${NAME:-default}`` in string values, taken from the environment.

What comes from the environment is never parsed again: it stays text, whatever is in it. As in a shell, the
default of ``${NAME:-default}`` also stands in for a variable that is set but empty. ``$${`` is a literal ``${``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.document import Tree
    from reconciler.config.model import KeyPath

_REFERENCE = re.compile(r"(?P<literal>\$\$\{)|\$\{(?P<body>[^}]*)\}|\$\{")
_BODY = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<defaulted>:-(?P<default>.*))?", re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a string value could not be completed."""

    path: KeyPath
    summary: str
    detail: str


@dataclass(frozen=True, slots=True)
class Interpolated:
    """A tree with the environment taken in.

    Attributes:
        tree: The values; a string with a problem stands as written.
        problems: In the order of the tree.
    """

    tree: Tree
    problems: tuple[Problem, ...]


def interpolate(tree: Tree, environ: Mapping[str, str]) -> Interpolated:
    """Return `tree` with every reference in its string values replaced."""
    problems: list[Problem] = []
    return Interpolated(_visit(tree, (), environ, problems), tuple(problems))


def escape(text: str) -> str:
    """Return `text` written so that interpolation gives it back."""
    return text.replace("${", "$${")


class _UnusableError(Exception):
    def __init__(self, summary: str, detail: str) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail


def _visit(tree: Tree, path: KeyPath, environ: Mapping[str, str], problems: list[Problem]) -> Tree:
    if isinstance(tree, dict):
        return {key: _visit(value, (*path, key), environ, problems) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_visit(item, (*path, index), environ, problems) for index, item in enumerate(tree)]
    if not isinstance(tree, str) or "${" not in tree:
        return tree
    try:
        return _REFERENCE.sub(lambda match: _replacement(match, environ), tree)
    except _UnusableError as problem:
        problems.append(Problem(path, problem.summary, problem.detail))
        return tree


def _replacement(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match["literal"]:
        return "${"
    body = _BODY.fullmatch(match["body"] or "")
    if body is None or "${" in (body["default"] or ""):
        # What was written is not quoted back: the default of a broken reference may hold a secret.
        summary = "a ${…} that cannot be read"
        raise _UnusableError(summary, "Write ${NAME} or ${NAME:-default}, without nesting, or $${ for a literal ${.")
    name, value = body["name"], environ.get(body["name"])
    if body["defaulted"] and not value:
        return str(body["default"])
    if value is None:
        raise _UnusableError(
            f"environment variable {name} is not set", f"Set it, or give a default: ${{{name}:-default}}."
        )
    if _SURROGATE.search(value):
        raise _UnusableError(f"environment variable {name} is not UTF-8", "Set it to text in UTF-8.")
    return value
