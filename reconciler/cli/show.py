"""`reconciler show`: a saved plan, drift report or outcome, in any form it has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import output_options, workspace_options
from reconciler.cli.outputs import DRIFT_FORMS, OUTCOME_FORMS, PLAN_FORMS, no_past, past_of
from reconciler.cli.saved import read_saved
from reconciler.cli.workspace import workspace
from reconciler.plan.drift.model import Drift
from reconciler.plan.model import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.cli.outputs import Form, Output
    from reconciler.cli.workspace import Place
    from reconciler.plan.timeline import Timelines


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@workspace_options
@output_options(*DRIFT_FORMS)
@click.option("--all", "everything", is_flag=True, help="Show audiences that stay as they are, too.")
@click.option("--history", is_flag=True, help="Draw each audience's past in the HTML, from the state of the files.")
def command(file: Path, place: Place, output: Output, everything: bool, history: bool) -> None:
    """Show FILE: a plan saved by `plan --out`, or what `drift` or `apply` printed with --format json.

    Reads that file and nothing else, unless --history is given.

    \b
    Examples:
      reconciler show plan.json
      reconciler show plan.json --format markdown -o plan.md
      reconciler show drift.json --format junit -o drift.xml
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    saved = read_saved(file)

    def past() -> Timelines:
        if not history:
            return no_past()
        with workspace(place) as opened:
            return past_of(opened, opened.store.read().state)

    match saved:
        case Plan():
            _require(output.form, PLAN_FORMS, f"{file} holds a plan")
            output.plan(saved, past, verbose=everything)
        case Drift():
            output.drift(saved, past)
        case _:
            _require(output.form, OUTCOME_FORMS, f"{file} holds what an apply did")
            output.applied(saved)


def _require(form: Form, forms: Sequence[Form], what: str) -> None:
    if form not in forms:
        raise click.UsageError(f"{what}, which has no form {form}; these it has: {', '.join(forms)}.")
