"""`reconciler drift`: what changed on TikTok or at the source without anyone changing the files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli.actions import announce_drift
from reconciler.cli.clock import clock_of
from reconciler.cli.looking import look
from reconciler.cli.options import member_options, output_options, workspace_options
from reconciler.cli.outputs import DRIFT_FORMS, past_of
from reconciler.cli.planning import scope_of
from reconciler.cli.workspace import drive, scratch, workspace
from reconciler.plan.drift.model import DriftKind

if TYPE_CHECKING:
    from reconciler.cli.outputs import Output
    from reconciler.cli.workspace import Place

_NONE: Final = "none"


def _kinds(_context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> frozenset[DriftKind] | None:
    """Return the kinds that an option names, with commas between them or one after the other; None for no option."""
    words = {word.strip().lower().replace("-", "_") for each in given for word in each.split(",")}
    known = {str(kind): kind for kind in DriftKind}
    if option.name == "failing" and words == {_NONE}:
        return frozenset()
    for word in sorted(words - known.keys()):
        alone = ' "none" stands alone.' if word == _NONE and option.name == "failing" else ""
        raise click.BadParameter(f'"{word}" is no kind of drift.{alone} These are: {", ".join(known)}.')
    return frozenset(known[word] for word in words) if given else None


@click.command("drift")
@workspace_options
@output_options(*DRIFT_FORMS)
@member_options
@click.option(
    "--fail-on",
    "failing",
    multiple=True,
    callback=_kinds,
    metavar="KIND,…",
    help="Exit with 2 for these kinds only, or for none; may be given several times. By default for all.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    callback=_kinds,
    metavar="KIND,…",
    help="Leave these kinds out of the report; may be given several times.",
)
def command(
    place: Place,
    output: Output,
    skip_members: bool,
    targets: tuple[str, ...],
    failing: frozenset[DriftKind] | None,
    ignored: frozenset[DriftKind] | None,
) -> int:
    """Tell what TikTok and the sources have become since the last apply. Reads only.

    Accounts, managed audiences and people are compared with what was applied and what applies have seen; each finding
    says since when, by whom where TikTok tells, and what apply would do about it. What is as it should be and only new
    is accepted with `apply --refresh-only`.

    Exit code 0: no drift. 1: an error. 2: drift.

    \b
    Examples:
      reconciler drift
      reconciler drift --fail-on deleted,renamed,emptied --ignore unmanaged
      reconciler drift --format json -o drift.json && reconciler show drift.json --format markdown
    """  # noqa: D301  # click reads the backspace: what follows keeps its lines
    with workspace(place) as opened, scratch() as folder:
        owned = opened.store.read().state
        scope = scope_of(skip_members=skip_members, targets=targets, workspace=opened, owned=owned)
        drift = drive(look(opened, owned, scope, folder, clock_of(place))).drift
        drift = replace(drift, found=drift.of(frozenset(DriftKind) - (ignored or frozenset())))
        output.drift(drift, lambda: past_of(opened, owned))
    announce_drift(drift)
    return 2 if drift.of(DriftKind if failing is None else failing) else 0
