"""`reconciler validate`: every error in the files and the sources, at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli import screen
from reconciler.cli.options import output_format, workspace_options
from reconciler.cli.workspace import scratch
from reconciler.config import load

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place
    from reconciler.diagnostics import Diagnostic


@click.command("validate")
@workspace_options
@output_format
@click.option("--skip-sources", is_flag=True, help="Check the files alone, for where the data cannot be reached.")
def command(place: Place, form: str, skip_sources: bool) -> int:
    """Check the files: their form, their meaning, and whether the sources have what they promise.

    Calls nobody. Every finding is shown at once, each with file, line and column. Exit code 1 if one is an error.
    """
    from reconciler.report.diagnostics import diagnostics_document, render_diagnostics

    found = _check(place, skip_sources=skip_sources)
    if form == "json":
        screen.json(diagnostics_document(found))
    elif found:
        render_diagnostics(found, screen.results())
    if any(finding.is_error for finding in found):
        return 1
    if form == "text" and not found:
        screen.results().print("The configuration is valid.")
    return 0


def _check(place: Place, *, skip_sources: bool) -> tuple[Diagnostic, ...]:
    from reconciler.identity import Engine
    from reconciler.refresh.sources import check_sources

    environ = {"TIKTOK_ACCESS_TOKEN": "local", **os.environ} if place.sandbox else dict(os.environ)
    loaded = load(place.config, environ)
    if skip_sources:
        return loaded.diagnostics
    with scratch() as folder, Engine(folder / "engine") as engine:
        found = (*loaded.diagnostics, *check_sources(loaded.config, engine))
    return tuple(sorted(found, key=lambda each: (each.location is None, each.location or ())))
