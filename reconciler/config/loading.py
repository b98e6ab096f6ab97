"""Files to configuration, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.config import addresses, advertisers, files, meaning, policies, schema
from reconciler.config.build import build
from reconciler.config.document import parse
from reconciler.config.inspection import Inspection
from reconciler.config.interpolate import interpolate
from reconciler.config.model import Loaded
from reconciler.diagnostics import Diagnostic, Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def load(path: Path, environ: Mapping[str, str]) -> Loaded:
    """Read a file, or every ``*.yaml`` and ``*.yml`` of a directory, and say everything that is wrong with it.

    Never raises for what people wrote. Whether the sources' files and columns exist is not looked at.

    Args:
        path: The file or directory.
        environ: Where ``${NAME}`` is looked up. No value of it appears in a finding.

    Returns:
        The sound parts, and the findings: each once, sorted by file, line and column, those without a place first.
        Every audience in it has its advertiser and its source in it too.
    """
    folder, texts, unreadable = files.read(path)
    document, malformed = parse(texts, complete=not unreadable)
    interpolated = interpolate(document.tree, environ)
    inspection = Inspection(document, interpolated.tree)
    for problem in interpolated.problems:
        inspection.error(problem.path, problem.summary, problem.detail)
    if document.tree:
        _inspect(inspection)
    config = build(inspection, folder, interpolated.secrets)
    return Loaded(config, _sorted([*unreadable, *malformed, *inspection.found]))


def _inspect(inspection: Inspection) -> None:
    schema.check(inspection)
    advertisers.check(inspection)
    meaning.check(inspection)
    addresses.check(inspection)
    policies.check(inspection)


def _sorted(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    nowhere = Location("", 0, 0)
    return tuple(sorted(dict.fromkeys(found), key=lambda each: each.location or nowhere))
