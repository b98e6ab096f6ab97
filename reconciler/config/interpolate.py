"""``${NAME}`` and ``${NAME:-default}`` in string values, taken from the environment.

What comes from the environment is never parsed again: it stays text, whatever is in it. As in a shell, the
default of ``${NAME:-default}`` also stands in for a variable that is set but empty. ``$${`` is a literal ``${``.
A secret is read only where secrets belong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.config import confidential
from reconciler.secret import Secret

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
        secrets: What came from the environment and must not be told, to be kept for as long as anything is told.
    """

    tree: Tree
    problems: tuple[Problem, ...]
    secrets: tuple[Secret, ...] = ()


def interpolate(tree: Tree, environ: Mapping[str, str]) -> Interpolated:
    """Return `tree` with every reference in its string values replaced."""
    filling = _Filling(environ)
    filled = filling.visit(tree, ())
    return Interpolated(filled, tuple(filling.problems), tuple(map(Secret, filling.secrets)))


def escape(text: str) -> str:
    """Return `text` written so that interpolation gives it back."""
    return text.replace("${", "$${")


class _UnusableError(Exception):
    def __init__(self, summary: str, detail: str) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail


class _Filling:
    """Goes through a tree and notes what it meets.

    Args:
        environ: Where names are looked up.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[Problem] = []
        self.secrets: dict[str, None] = {}

    def visit(self, tree: Tree, path: KeyPath) -> Tree:
        """Return `tree`, which stands at `path`, filled."""
        if isinstance(tree, dict):
            return {key: self.visit(value, (*path, key)) for key, value in tree.items()}
        if isinstance(tree, list):
            return [self.visit(item, (*path, index)) for index, item in enumerate(tree)]
        if not isinstance(tree, str) or "${" not in tree:
            return tree
        try:
            return _REFERENCE.sub(lambda match: self._replacement(match, path), tree)
        except _UnusableError as problem:
            self.problems.append(Problem(path, problem.summary, problem.detail))
            return tree

    def _replacement(self, match: re.Match[str], path: KeyPath) -> str:
        if match["literal"]:
            return "${"
        body = _BODY.fullmatch(match["body"] or "")
        if body is None or "${" in (body["default"] or ""):
            # What was written is not quoted back: the default of a broken reference may hold a secret.
            advice = "Write ${NAME} or ${NAME:-default}, without nesting, or $${ for a literal ${."
            raise _UnusableError("a ${…} that cannot be read", advice)
        name, value = body["name"], self._environ.get(body["name"])
        if objection := confidential.objection(name, value or "", path):
            raise _UnusableError(*objection)
        if body["defaulted"] and not value:
            return str(body["default"])
        if value is None:
            raise _UnusableError(
                f"environment variable {name} is not set", f"Set it, or give a default: ${{{name}:-default}}."
            )
        if _SURROGATE.search(value):
            raise _UnusableError(f"environment variable {name} is not UTF-8", "Set it to text in UTF-8.")
        if confidential.is_secret(name, value):
            self.secrets[value] = None
        return value
