"""Reads a plan saved by `plan --out`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.plan.document import parse

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.plan.model import Plan


class NoPlanFileError(ReconcilerError):
    """The file cannot be read."""


def read_plan(path: Path) -> Plan:
    """Return the plan in `path`; raises NoPlanFileError, or what `parse` raises."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise NoPlanFileError(
            f"cannot read {path}: {problem.strerror}", hint="Make one with `reconciler plan --out plan.json`."
        ) from problem
    return parse(raw, name=str(path))
