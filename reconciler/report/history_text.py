"""The journal for people: a run in two lines, or one whole."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from reconciler.report.history_document import standing
from reconciler.report.lines import blank, write
from reconciler.report.visible import visible
from reconciler.report.wording import count, identifiers
from reconciler.state.journal_model import RunStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from reconciler.state.journal_model import RunRecord, Step

_STYLES: Final = {str(RunStatus.DONE): "green", str(RunStatus.UNDER_WAY): "cyan"}
_ELSE: Final = "red"


def render_runs(runs: Iterable[RunRecord], holder: str | None, console: Console) -> None:
    """Print each run in two lines: when, which, what and how it ended; then what it did.

    Args:
        runs: The runs, in the order to print them.
        holder: The id of the lock that stands; None where there is none.
        console: Where to.
    """
    for run in runs:
        write(console, _headline(run, holder))
        did = "; ".join(filter(None, (_done(run), _moved(run), visible(run.error))))
        write(console, Text(f"{did or 'nothing to do'}; by {visible(run.who)}"), first=Text("    "), rest="    ")


def render_run(run: RunRecord, holder: str | None, console: Console) -> None:
    """Print one run whole; `holder` as for `render_runs`."""
    write(console, _headline(run, holder))
    facts = {
        "command": shlex.join(["reconciler", *run.command.split(), *run.arguments]),
        "by": f"{run.who} on {run.where}",
        "version": run.tool_version,
        "plan": run.plan_id or "",
        "state": _moved(run),
        "sent": f"{count(run.rows, 'row')} in {count(run.requests, 'request')}" if run.requests else "",
        "exit code": "" if run.exit_code is None else str(run.exit_code),
        "error": run.error,
    }
    for name, fact in facts.items():
        if fact:
            write(console, Text(visible(fact)), first=Text(f"    {name:<11}"), rest=" " * 15)
    if run.steps:
        blank(console)
    for step in run.steps:
        write(console, _line(step), first=Text("    "), rest=" " * 8)


def _headline(run: RunRecord, holder: str | None) -> Text:
    stands = standing(run, holder)
    took = f" in {run.seconds:,.1f} s" if run.ended is not None else ""
    return Text.assemble(
        f"{run.started:%Y-%m-%d %H:%M:%S} UTC  ",
        (visible(run.run), "bold"),
        f"  {visible(run.command)}: ",
        (stands, _STYLES.get(stands, _ELSE)),
        took,
    )


def _done(run: RunRecord) -> str:
    """Return what became of the actions, those that are done by what they did: ``2 create, 1 update failed``."""
    kinds = Counter((each.kind, each.outcome) for each in run.steps)
    told = [f"{number:,} {kind}{'' if how == 'done' else f' {how}'}" for (kind, how), number in kinds.items()]
    sent = identifiers(sum(each.added for each in run.steps), sum(each.removed for each in run.steps))
    return ", ".join([*told, *([sent] if sent else [])])


def _moved(run: RunRecord) -> str:
    """Return what became of the state."""
    if run.serial_after is None or run.serial_after == run.serial_before:
        return ""
    return f"serial {run.serial_before} → {run.serial_after}"


def _line(step: Step) -> Text:
    sent = identifiers(step.added, step.removed)
    told = "; ".join(filter(None, (visible(step.message), sent)))
    how = "" if step.outcome == "done" else f" {step.outcome}"
    return Text.assemble((visible(step.address), "bold"), f": {step.kind}{how}{f' ({told})' if told else ''}")
