"""What an apply did, in the terminal: a line an action, the reasons where something was not done, last the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.apply.model import OutcomeStatus
from reconciler.plan.model import ActionKind
from reconciler.report.blocks import write_barred
from reconciler.report.lines import blank, write
from reconciler.report.symbols import COLOURS, ERROR, QUIET, WARNING, symbol
from reconciler.report.visible import visible
from reconciler.report.wording import count, identifiers

if TYPE_CHECKING:
    from rich.console import Console

    from reconciler.apply.model import Applied, Outcome

_DONE: Final = {
    ActionKind.IMPORT: "imported",
    ActionKind.CREATE: "created",
    ActionKind.UPDATE: "updated",
    ActionKind.REPLACE: "replaced",
    ActionKind.DELETE: "deleted",
    ActionKind.FORGET: "forgotten",
    ActionKind.NOOP: "moved",
}
"""Each kind, done; in the order of the last line. What is a no-op on TikTok and yet was applied is a move."""

_MINUTE: Final = 60

_ENDINGS: Final = {
    OutcomeStatus.FAILED: "failed",
    OutcomeStatus.INTERRUPTED: "interrupted",
    OutcomeStatus.BLOCKED: "blocked",
    OutcomeStatus.SKIPPED: "skipped",
}
"""Each way of not being done, the worst first."""


def render_applied(applied: Applied, console: Console) -> None:
    """Print what became of each action, what stands after an apply that stopped, and last the counts."""
    for outcome in applied.outcomes:
        _write_outcome(outcome, console)
    if applied.outcomes:
        blank(console)
    if not applied.succeeded:
        write(console, Text(_what_stands(applied), WARNING))
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
        line.append(f" {_DONE[outcome.kind]}", f"not bold {COLOURS[outcome.kind]}")
    else:
        line.append(f" not {_DONE[outcome.kind]}: ", "not bold")
        line.append(_ENDINGS[outcome.status].upper(), _ending_style(outcome))
    if outcome.audience_id:
        line.append(f" ({visible(outcome.audience_id)})", "not bold dim")
    if sent := identifiers(outcome.added, outcome.removed):
        line.append(f" {sent}", "not bold")
    return line


def _ending_style(outcome: Outcome) -> str:
    return WARNING if outcome.status is OutcomeStatus.SKIPPED else ERROR


def _what_stands(applied: Applied) -> str:
    stands = "What was done stands and is in the state" if applied.done else "Nothing was completed"
    if _was_stopped(applied):
        return f"{stands}; a delivery that was cut short goes on where it was. Apply again for the rest."
    return f"{stands}. What is blocked waits until its reason is gone."


def _was_stopped(applied: Applied) -> bool:
    """Whether something went wrong on the way, rather than being left out knowingly."""
    statuses = applied.statuses
    return applied.interrupted or bool(statuses.keys() & {OutcomeStatus.FAILED, OutcomeStatus.INTERRUPTED})


def _last_line(applied: Applied) -> Text:
    done = ", ".join(f"{applied.done[kind]:,} {verb}" for kind, verb in _DONE.items() if kind in applied.done)
    requests, seconds = count(applied.requests, "request"), _duration(applied.seconds)
    sent = identifiers(applied.added, applied.removed)
    work = f"{sent} in {requests}, {seconds}.{_saved(applied)}" if sent else f"{seconds}."
    if applied.succeeded:
        return Text.assemble(("Apply complete!", "bold green"), (f" {done or 'Nothing to do'}. {work}", "bold"))
    endings = [f"{applied.statuses[each]:,} {word}" for each, word in _ENDINGS.items() if each in applied.statuses]
    title = "Apply stopped:" if _was_stopped(applied) else "Apply incomplete:"
    what = ", ".join(endings) or "interrupted"
    return Text.assemble((title, ERROR), (f" {what}; {done or 'nothing done'}. {work}", "bold"))


def _saved(applied: Applied) -> str:
    """Return what it saved that people who join or leave several audiences travel once; empty for nothing."""
    if not applied.rows_saved:
        return ""
    requests = f" and {count(applied.requests_saved, 'request')}" if applied.requests_saved else ""
    return f" Sharing them between audiences saved {count(applied.rows_saved, 'mapping row')}{requests}."


def _duration(seconds: float) -> str:
    """Return a time as people say it: ``3.1 s``, ``12 min 4 s``."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), _MINUTE)
    return f"{minutes:,} min {rest} s"
