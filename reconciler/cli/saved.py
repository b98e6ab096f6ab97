"""Plans in files: written by `plan --out`, read by `show` and `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError
from reconciler.plan.document import parse, to_json

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.plan.model import Plan


class NoPlanFileError(ReconcilerError):
    """The file cannot be read, or cannot be written."""


def write_plan(plan: Plan, path: Path) -> None:
    """Save a plan, in a folder that is made where there is none; raises NoPlanFileError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_json(plan))
    except OSError as problem:
        raise NoPlanFileError(
            f"cannot save the plan to {path}: {problem.strerror}", hint="Name a file that you may write, with --out."
        ) from problem


def read_plan(path: Path) -> Plan:
    """Return the plan in `path`; raises NoPlanFileError, or what `parse` raises."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise NoPlanFileError(
            f"cannot read {path}: {problem.strerror}", hint="Make one with `reconciler plan --out plan.json`."
        ) from problem
    return parse(raw, name=str(path))
