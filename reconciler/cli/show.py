"""`reconciler show`: a saved plan, to read."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import screen
from reconciler.cli.options import output_format
from reconciler.cli.saved import read_plan
from reconciler.plan.document import dump
from reconciler.report.plan_text import render_plan


@click.command("show")
@click.argument("plan_file", type=click.Path(path_type=Path), metavar="PLAN")
@output_format
@click.option("--all", "everything", is_flag=True, help="Show audiences that stay as they are, too.")
def command(plan_file: Path, form: str, everything: bool) -> None:
    """Show a plan saved by `plan --out`. Reads that file and nothing else."""
    plan = read_plan(plan_file)
    if form == "json":
        screen.json(dump(plan))
    else:
        render_plan(plan, screen.results(), verbose=everything)
