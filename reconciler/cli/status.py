"""`reconciler status`: what became of the audiences on TikTok."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import screen
from reconciler.cli.options import output_format, workspace_options
from reconciler.cli.planning import Scope, gather_inputs
from reconciler.cli.workspace import drive, scratch, workspace
from reconciler.plan.status import status_document, status_of
from reconciler.report.status_text import render_status

if TYPE_CHECKING:
    from reconciler.cli.workspace import Place


@click.command("status")
@workspace_options
@output_format
def command(place: Place, form: str) -> int:
    """Show each managed audience: people delivered, people TikTok matched, whether it is valid, when it expires.

    TikTok takes hours to populate an audience, and shows none with fewer than 1,000 matched people. Reads only.

    Exit code 0: told of all. 1: an error, or an account cannot be read.
    """
    with workspace(place) as opened, scratch() as folder:
        owned = opened.store.read().state
        gathered = drive(gather_inputs(opened, owned, Scope(skip_members=True), folder))
    rows = status_of(gathered.inputs)
    if form == "json":
        screen.json(status_document(rows))
    else:
        render_status(rows, screen.results())
    return 0 if all(row.is_known for row in rows) else 1
