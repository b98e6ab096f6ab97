"""The JSON Schemas that ship with the package, by name."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


class SchemaMissingError(ReconcilerError):
    """The installation has lost one of its own files."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f'this installation has no schema "{name}"',
            hint="Install reconciler again; the package is incomplete.",
        )


def load(name: str) -> dict[str, object]:
    """Return the JSON Schema (Draft 2020-12) called `name`, freshly parsed.

    Args:
        name: The file's name without ``.schema.json``: ``audiences``, ``plan``, …

    Raises:
        SchemaMissingError: There is no such schema in this installation.
    """
    for folder in _folders():
        candidate = folder / f"{name}.schema.json"
        if candidate.is_file():
            return cast("dict[str, object]", json.loads(candidate.read_text(encoding="utf-8")))
    raise SchemaMissingError(name)


def _folders() -> tuple[Traversable, ...]:
    """Where schemas stand: inside an installed package, or at the top of an editable checkout."""
    return resources.files("reconciler") / "_schemas", Path(__file__).parent.parent / "schemas"
