"""The document under examination: its values, what was found so far, and which parts are still sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reconciler.config.document import look_up
from reconciler.config.wording import quoted
from reconciler.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.config.document import Document, Tree
    from reconciler.config.model import KeyPath
    from reconciler.diagnostics import Location

# Keys of an advertiser and of a source whose values hold credentials.
_SECRETS = {("advertisers", "access_token"), ("sources", "connection")}


class Inspection:
    """Collects findings against a document.

    An error leaves its path *unsound*: later checks ask first, so that one mistake is reported once and
    nothing is concluded from it.

    Args:
        document: What people wrote, and where.
        tree: The same with the environment taken in.
    """

    def __init__(self, document: Document, tree: Tree) -> None:
        self.document = document
        self.tree = tree
        self._found: dict[Diagnostic, None] = {}
        self._faulty: set[KeyPath] = set()
        self._above_faulty: set[KeyPath] = set()

    @property
    def found(self) -> tuple[Diagnostic, ...]:
        """The findings, each once, in the order they were made."""
        return tuple(self._found)

    def error(self, path: KeyPath, summary: str, detail: str = "", *, at: Literal["value", "key"] = "value") -> None:
        """Note that what stands at `path` is wrong, and point at its value or at its key."""
        self._note(Severity.ERROR, path, summary, detail, at)
        self.spoil(path)

    def warning(self, path: KeyPath, summary: str, detail: str = "", *, at: Literal["value", "key"] = "value") -> None:
        """Note something about `path` that stops nothing."""
        self._note(Severity.WARNING, path, summary, detail, at)

    def spoil(self, path: KeyPath) -> None:
        """Make `path` unsound without a finding: another one stands for it."""
        self._faulty.add(path)
        self._above_faulty.update(path[:length] for length in range(len(path) + 1))

    def is_sound(self, *path: str | int) -> bool:
        """Whether nothing is wrong at `path`, above it or below it."""
        return path not in self._above_faulty and not self.is_spoilt(*path)

    def is_spoilt(self, *path: str | int) -> bool:
        """Whether `path`, or something above it, is wrong as a whole."""
        return any(path[:length] in self._faulty for length in range(len(path) + 1))

    def value(self, *path: str | int) -> Tree:
        """Return the value at `path`, or None where there is none or it is not sound."""
        return look_up(self.tree, path) if self.is_sound(*path) else None

    def text(self, *path: str | int) -> str | None:
        """Return the string at `path`, or None where there is none or it is not sound."""
        value = self.value(*path)
        return value if isinstance(value, str) else None

    def mapping(self, *path: str | int) -> Mapping[str, Tree]:
        """Return the mapping at `path`, its parts sound or not; empty where there is none."""
        value = look_up(self.tree, path)
        return value if isinstance(value, dict) else {}

    def items(self, *path: str | int) -> tuple[Tree, ...]:
        """Return the list at `path`, its parts sound or not; empty where there is none."""
        value = look_up(self.tree, path)
        return tuple(value) if isinstance(value, list) else ()

    def has(self, *path: str | int) -> bool:
        """Whether people wrote `path`, with whatever value."""
        return path in self.document.values

    def names(self, section: str) -> Mapping[str, Tree] | None:
        """Return what a section declares, sound or not; None where that cannot be told."""
        if not self.document.complete or (section,) in self._faulty:
            return None
        return self.mapping(section)

    def shown(self, *path: str | int) -> str:
        """Return the scalar at `path` for a message: as written, ``${NAME}`` unfilled, and never a credential."""
        if (path[:1] + path[2:3]) in _SECRETS:
            return '"***"'
        written = look_up(self.document.tree, path)
        if not isinstance(written, str):
            return str(written).lower()
        # The parameters of a Spark Connect URL may hold a token.
        return quoted(written.partition(";")[0] if path == ("engine",) else written)

    def as_written(self, *path: str | int) -> str:
        """Return the scalar at `path` as text, ``${NAME}`` unfilled."""
        return str(look_up(self.document.tree, path))

    def is_interpolated(self, *path: str | int) -> bool:
        """Whether the value at `path` came from the environment in part, and so must not be shown."""
        return look_up(self.document.tree, path) != look_up(self.tree, path)

    def place(self, *path: str | int) -> Location | None:
        """Return where to point for `path`."""
        return self.document.place(path)

    def _note(self, severity: Severity, path: KeyPath, summary: str, detail: str, at: Literal["value", "key"]) -> None:
        key = self.document.keys.get(path) if at == "key" else None
        self._found[Diagnostic(severity, summary, detail, key or self.document.place(path))] = None
