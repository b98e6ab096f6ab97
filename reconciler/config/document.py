"""Everything people wrote as one tree of plain values, with the place of every key and value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from reconciler.config.compose import MAX_NODES, Entry, Node, Scalar, compose
from reconciler.config.wording import label
from reconciler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reconciler.config.files import TextFile
    from reconciler.config.model import KeyPath
    from reconciler.diagnostics import Location

Tree: TypeAlias = "Scalar | list[Tree] | dict[str, Tree]"
"""What JSON can say; keys are text."""

MAX_TOTAL_NODES = 4 * MAX_NODES
"""Most nodes all files may hold together, with their aliases expanded."""

_SECTIONS = ("advertisers", "sources", "audiences", "policies")
_LISTS = ("moved", "removed")


@dataclass(frozen=True, slots=True)
class Document:
    """The files, merged.

    Attributes:
        tree: The values as written, before the environment is taken in.
        keys: Where each key stands; items of a list have none.
        values: Where each value begins.
        files: The files read: name in messages → where it is.
        complete: False where a file could not be read, so that a name may be missing without being wrong.
    """

    tree: dict[str, Tree] = field(default_factory=dict)
    keys: Mapping[KeyPath, Location] = field(default_factory=dict)
    values: Mapping[KeyPath, Location] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)
    complete: bool = True

    def places(self) -> dict[KeyPath, Location]:
        """Return where to point for each node: at the value of a scalar, at the key of anything larger."""
        return {path: self._place(path) for path in self.values}

    def place(self, path: KeyPath) -> Location | None:
        """Return where to point for `path`, or for the nearest node above it that people wrote."""
        while path:
            if path in self.values:
                return self._place(path)
            path = path[:-1]
        return self.values.get(())

    def _place(self, path: KeyPath) -> Location:
        return self.values[path] if self._is_written_scalar(path) else self.keys.get(path, self.values[path])

    def _is_written_scalar(self, path: KeyPath) -> bool:
        value = look_up(self.tree, path)
        return value is not None and not isinstance(value, dict | list)


def look_up(tree: Tree, path: KeyPath) -> Tree:
    """Return the value at `path`, or None where there is none."""
    for step in path:
        if isinstance(tree, dict) and isinstance(step, str):
            tree = tree.get(step)
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree


def parse(files: Sequence[TextFile], *, complete: bool) -> tuple[Document, list[Diagnostic]]:
    """Return the one document that `files` hold together, and what could not be read or clashes.

    Args:
        files: What was read, in the order it is merged.
        complete: False where a file is missing from `files` already.
    """
    diagnostics: list[Diagnostic] = []
    roots: list[Node] = []
    total = 0
    for each in files:
        root, problems = compose(each.shown, each.text)
        diagnostics += problems
        total += root.size if root is not None else 0
        if root is not None and total > MAX_TOTAL_NODES:
            diagnostics.append(_too_many(root.at))
            root = None
        if root is None:
            complete = False
        else:
            roots.append(root)
    if not roots:
        return Document(files={each.shown: each.path for each in files}, complete=False), diagnostics
    merged = roots[0]
    for root in roots[1:]:
        merged = _merge(merged, root, diagnostics)
    keys: dict[KeyPath, Location] = {}
    values: dict[KeyPath, Location] = {}
    tree = _flatten(merged, (), keys, values)
    if not isinstance(tree, dict):  # pragma: no cover - compose returns mappings only
        raise TypeError(tree)
    return Document(tree, keys, values, {each.shown: each.path for each in files}, complete), diagnostics


def _merge(first: Node, second: Node, diagnostics: list[Diagnostic]) -> Node:
    """Merge two roots: sections by key, lists end to end; anything else may stand in one file only."""
    merged = dict(_entries(first))
    for key, entry in _entries(second).items():
        known = merged.get(key)
        if known is None:
            merged[key] = entry
        elif key in _SECTIONS and isinstance(known.value.content, dict) and isinstance(entry.value.content, dict):
            merged[key] = Entry(known.key_at, _merge_section(key, known.value, entry.value, diagnostics))
        elif key in _LISTS and isinstance(known.value.content, tuple) and isinstance(entry.value.content, tuple):
            items = known.value.content + entry.value.content
            merged[key] = Entry(known.key_at, Node(known.value.at, items))
        elif not (key == "version" and known.value.content == entry.value.content):
            diagnostics.append(_declared_twice(label((key,)), entry.key_at, known.key_at))
    return Node(first.at, merged)


def _merge_section(section: str, first: Node, second: Node, diagnostics: list[Diagnostic]) -> Node:
    merged = dict(_entries(first))
    for key, entry in _entries(second).items():
        if key in merged:
            diagnostics.append(_declared_twice(label((section, key)), entry.key_at, merged[key].key_at))
        else:
            merged[key] = entry
    return Node(first.at, merged)


def _entries(node: Node) -> Mapping[str, Entry]:
    return node.content if isinstance(node.content, dict) else {}


def _declared_twice(what: str, at: Location, first: Location) -> Diagnostic:
    return error(f"{what} is declared twice", f"It already stands at {first}; files may not repeat a key.", at)


def _too_many(at: Location) -> Diagnostic:
    known = f"At most {MAX_TOTAL_NODES:,} are read from all files together, aliases expanded."
    return error("too many values", f"{known} Split them into several directories, each with a state of its own.", at)


def _flatten(node: Node, path: KeyPath, keys: dict[KeyPath, Location], values: dict[KeyPath, Location]) -> Tree:
    """Return the plain value of `node` and note the places in it; aliases become copies."""
    values[path] = node.at
    content = node.content
    if isinstance(content, tuple):
        return [_flatten(item, (*path, index), keys, values) for index, item in enumerate(content)]
    if isinstance(content, dict):
        tree: dict[str, Tree] = {}
        for key, entry in content.items():
            keys[*path, key] = entry.key_at
            tree[key] = _flatten(entry.value, (*path, key), keys, values)
        return tree
    if isinstance(content, str | int | float) or content is None:
        return content
    raise TypeError(content)  # pragma: no cover - a Mapping is always a dict here
