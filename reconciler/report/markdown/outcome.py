"""What an apply did, in Markdown: what was not done first, with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.report.markdown.escape import code, prose
from reconciler.report.markdown.fitting import LIMIT, Section, always, fit
from reconciler.report.markdown.parts import bullets, details, head, row
from reconciler.report.tallies import DONE, ENDINGS, outcome_headline, what_stands
from reconciler.report.wording import count, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.apply.model import Applied, Outcome

_WHOLE: Final = "The outcome as JSON (`apply --format json`) holds all of it, and `reconciler show` prints it."
_MOST_OPEN: Final = 40
_ROWS, _REASON_DETAILS, _REASONS = range(3)


def render_outcome(applied: Applied, *, limit: int = LIMIT) -> str:
    """Return what an apply did as Markdown.

    From top to bottom: how it ended, what was not done and why, the worst first, how to go on, and a table of what
    was done. What is cut beyond `limit` characters is said: first rows of that table, the reasons last.
    """
    worst = list(ENDINGS)
    undone = sorted((each for each in applied.outcomes if not each.is_done), key=lambda each: worst.index(each.status))
    title, rest = outcome_headline(applied)
    sections = [
        always(f"### {title} {prose(rest)}"),
        _undone(undone),
        always("" if applied.succeeded else prose(what_stands(applied))),
        _done([each for each in applied.outcomes if each.is_done]),
        always(f"Plan {code(applied.plan_id)}."),
    ]
    return fit(sections, limit=limit, whole=_WHOLE)


def _undone(outcomes: Sequence[Outcome]) -> Section:
    title = f"{count(len(outcomes), 'action')} {'was' if len(outcomes) == 1 else 'were'} not carried out."
    return Section(
        "action that was not carried out",
        tuple(_reason(each, whole=True) for each in outcomes),
        drop=_REASONS,
        shorter=tuple(_reason(each, whole=False) for each in outcomes),
        shorten=_REASON_DETAILS,
        opening=f"> [!CAUTION]\n> **{title}**\n\n",
    )


def _reason(outcome: Outcome, *, whole: bool) -> str:
    named = f" ({code(outcome.audience_id)})" if outcome.audience_id else ""
    line = f"- **{code(outcome.address)}**{named} not {DONE[outcome.kind]}, **{ENDINGS[outcome.status]}:**"
    sent = " / ".join(each for each in signed(outcome.added, outcome.removed) if each)
    lines = [f"{line} {prose(outcome.message)}".rstrip()]
    if sent:
        lines.append(f"  - Until then {sent} identifiers had arrived.")
    if whole and outcome.details:
        lines.append(bullets(details(outcome.details), depth=1))
    if whole and outcome.way_out:
        lines.append(f"  - **Way out:** {prose(outcome.way_out)}")
    return "\n".join(lines)


def _done(outcomes: Sequence[Outcome]) -> Section:
    return Section(
        "action that was carried out",
        tuple(map(_tabled, outcomes)),
        drop=_ROWS,
        opening=head("Done", "Address", "Audience", "+:", "−:", "Note"),
        fold=f"{count(len(outcomes), 'action')} carried out" if len(outcomes) > _MOST_OPEN else None,
    )


def _tabled(outcome: Outcome) -> str:
    added, removed = signed(outcome.added, outcome.removed)
    named = code(outcome.audience_id or "")
    return row(DONE[outcome.kind], code(outcome.address), named, added, removed, prose(outcome.message))
