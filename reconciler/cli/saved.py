"""Results in files: the plan that `plan --out` saves, and whatever was printed as JSON; read by `show` and `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import orjson

from reconciler.apply.model import Applied
from reconciler.cli.writing import write_whole
from reconciler.errors import ReconcilerError
from reconciler.plan.document import parse, to_json
from reconciler.plan.drift.model import Drift
from reconciler.plan.model import Plan

if TYPE_CHECKING:
    from pathlib import Path

Saved: TypeAlias = Plan | Drift | Applied

MAX_BYTES: Final = 64 << 20
"""Of a file that is read whole."""

_PLAN: Final = "Make one with `reconciler plan --out plan.json`."


class UnreadableFileError(ReconcilerError):
    """The file cannot be read."""


class UnknownFileError(ReconcilerError):
    """The file holds nothing that can be shown."""


def write_plan(plan: Plan, path: Path) -> None:
    """Save a plan, in a folder that is made where there is none; raises CannotWriteError."""
    write_whole(path, to_json(plan), what="the plan", option="--out")


def read_plan(path: Path) -> Plan:
    """Return the plan in `path`; raises UnreadableFileError, or what `parse` raises."""
    return parse(_read(path), name=str(path))


def read_saved(path: Path) -> Saved:
    """Return what `path` holds: a plan, a drift report, or what an apply did, told by what stands in it.

    Raises:
        UnreadableFileError: It cannot be read.
        UnknownFileError: It holds none of the three.
        PlanFileError: It is a plan, or was one; the errors of the other two likewise.
    """
    from reconciler.plan.drift.document import parse_drift
    from reconciler.report.outcome_document import parse_applied

    raw = _read(path)
    match _marks(raw, path):
        case {"plan_id": _, "actions": _}:
            return parse(raw, name=str(path))
        case {"checked_at": _, "drift": _}:
            return parse_drift(raw, str(path))
        case {"plan_id": _, "outcomes": _}:
            return parse_applied(raw, str(path))
    raise UnknownFileError(
        f"{path} is JSON, but neither a plan, nor a drift report, nor what an apply did",
        hint=f"{_PLAN} `drift` and `apply` make the others: add --format json -o FILE.",
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise UnreadableFileError(f"cannot read {path}: {problem.strerror}", hint=_PLAN) from problem
    if len(content) > MAX_BYTES:
        raise UnreadableFileError(f"{path} is larger than {MAX_BYTES >> 20} MB", hint=_PLAN)
    return content


def _marks(raw: bytes, path: Path) -> object:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as why:
        raise UnknownFileError(f"{path} is not JSON: {why}", hint=_PLAN) from None
