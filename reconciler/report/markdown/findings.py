"""What is wrong with the files, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.report.diagnostics import tally
from reconciler.report.markdown.fitting import LIMIT, Section, always, fit
from reconciler.report.markdown.parts import finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.diagnostics import Diagnostic

_WHOLE: Final = "`reconciler validate` prints them all."
_DETAILS, _FINDINGS = range(2)


def render_findings(diagnostics: Sequence[Diagnostic], *, limit: int = LIMIT) -> str:
    """Return findings as Markdown, errors first; beyond `limit` characters their details are cut, then the last."""
    worst_first = sorted(diagnostics, key=lambda each: not each.is_error)
    found = Section(
        "finding",
        tuple(finding(each, whole=True) for each in worst_first),
        drop=_FINDINGS,
        shorter=tuple(finding(each, whole=False) for each in worst_first),
        shorten=_DETAILS,
    )
    return fit([always(f"### {tally(diagnostics)}"), found, always("")], limit=limit, whole=_WHOLE)
