"""What an apply did, in the terminal: a line an action, the reasons where something was not done, last the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from reconciler.apply.model import OutcomeStatus
from reconciler.report.blocks import write_barred
from reconciler.report.lines import blank, write
from reconciler.report.symbols import COLOURS, ERROR, QUIET, WARNING, symbol
from reconciler.report.tallies import DONE, ENDINGS, outcome_headline, what_stands
from reconciler.report.visible import visible
from reconciler.report.wording import identifiers

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.apply.model import Applied, Outcome


def render_applied(applied: Applied, console: Console) -> None:
    """Print what became of each action, what stands after an apply that stopped, and last the counts."""
    for outcome in applied.outcomes:
        _write_outcome(outcome, console)
    if applied.outcomes:
        blank(console)
    if not applied.succeeded and (stands := what_stands(applied)):
        write(console, Text(visible(stands), WARNING))
        blank(console)
    write(console, _last_line(applied))


def _write_outcome(outcome: Outcome, console: Console) -> None:
    mark = symbol(outcome.kind) if outcome.is_done else Text("  !", _ending_style(outcome))
    write(console, _headline(outcome), first=Text.assemble("  ", mark, " "))
    if not outcome.is_done:
        write_barred(outcome.message, outcome.details, outcome.way_out, console)
    elif outcome.message:
        write(console, Text(visible(outcome.message), QUIET), first=" " * 6)


def _headline(outcome: Outcome) -> Text:
    line = Text(visible(outcome.address), "bold")
    if outcome.is_done:
        line.append(f" {DONE[outcome.kind]}", f"not bold {COLOURS[outcome.kind]}")
    else:
        line.append(f" not {DONE[outcome.kind]}: ", "not bold")
        line.append(ENDINGS[outcome.status].upper(), _ending_style(outcome))
    if outcome.audience_id:
        line.append(f" ({visible(outcome.audience_id)})", "not bold dim")
    if sent := identifiers(outcome.added, outcome.removed):
        line.append(f" {sent}", "not bold")
    return line


def _ending_style(outcome: Outcome) -> str:
    return WARNING if outcome.status is OutcomeStatus.SKIPPED else ERROR


def _last_line(applied: Applied) -> Text:
    title, rest = outcome_headline(applied)
    return Text.assemble((title, "bold green" if applied.succeeded else ERROR), (f" {visible(rest)}", "bold"))
