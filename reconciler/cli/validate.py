"""`reconciler validate`: every error in the files and the sources, at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from reconciler.cli.actions import announce_findings
from reconciler.cli.options import output_options, workspace_options
from reconciler.cli.outputs import FINDING_FORMS
from reconciler.cli.workspace import scratch
from reconciler.config import load

if TYPE_CHECKING:
    from reconciler.cli.outputs import Output
    from reconciler.cli.workspace import Place
    from reconciler.diagnostics import Diagnostic


@click.command("validate")
@workspace_options
@output_options(*FINDING_FORMS)
@click.option("--skip-sources", is_flag=True, help="Check the files alone, for where the data cannot be reached.")
def command(place: Place, output: Output, skip_sources: bool) -> int:
    """Check the files: their form, their meaning, and whether the sources have what they promise.

    Calls nobody. Every finding is shown at once, each with file, line and column. Exit code 1 if one is an error.
    """
    found = _check(place, skip_sources=skip_sources)
    output.findings(found, config=place.config)
    announce_findings(found)
    return 1 if any(finding.is_error for finding in found) else 0


def _check(place: Place, *, skip_sources: bool) -> tuple[Diagnostic, ...]:
    from reconciler.identity import Engine
    from reconciler.plan.policy import static_violations
    from reconciler.refresh.sources import check_sources

    environ = {"TIKTOK_ACCESS_TOKEN": "local", **os.environ} if place.sandbox else dict(os.environ)
    loaded = load(place.config, environ)
    found = (*loaded.diagnostics, *static_violations(loaded.config))
    if not skip_sources:
        with scratch() as folder, Engine(folder / "engine") as engine:
            found = (*found, *check_sources(loaded.config, engine))
    return tuple(sorted(found, key=lambda each: (each.location is None, each.location or ())))
