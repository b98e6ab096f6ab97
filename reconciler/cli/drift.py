"""`reconciler drift`: what changed on TikTok or at the source without anyone changing the files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli import screen
from reconciler.cli.options import member_options, output_format, workspace_options
from reconciler.cli.planning import gather_inputs, scope_of
from reconciler.cli.workspace import drive, scratch, workspace
from reconciler.plan.drift.detect import detect
from reconciler.plan.drift.document import drift_document
from reconciler.plan.drift.model import DriftKind
from reconciler.report.drift_text import render_drift

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place


@click.command("drift")
@workspace_options
@output_format
@member_options
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    type=click.Choice([str(kind) for kind in DriftKind]),
    help="Leave a kind out; may be given several times.",
)
def command(place: Place, form: str, skip_members: bool, targets: tuple[str, ...], ignored: tuple[str, ...]) -> int:
    """Tell what TikTok and the sources have become since the last apply. Reads only.

    Exit code 0: no drift. 1: an error. 2: drift.
    """
    with workspace(place) as opened, scratch() as folder:
        owned = opened.store.read().state
        scope = scope_of(skip_members=skip_members, targets=targets, workspace=opened, owned=owned)
        gathered = drive(gather_inputs(opened, owned, scope, folder))
    drift = detect(gathered.inputs, now=datetime.now(UTC))
    drift = replace(drift, found=tuple(each for each in drift.found if each.kind not in ignored))
    if form == "json":
        screen.json(drift_document(drift))
    else:
        render_drift(drift, screen.results())
    return 2 if drift.found else 0
